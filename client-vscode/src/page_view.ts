/** Shows a page that the server wrote to a file beside the editor: no scripts, no resources, nothing is kept when it is hidden. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { ShowDocumentRequest } from "vscode-languageclient/node";

import { pageForWebview, type PageTheme } from "./page_html";

const VIEW_TYPE = "heatline.page";
/** Pages that have no scripts, by file name; others go to the browser, as the server asks. */
const TITLES: ReadonlyMap<string, string> = new Map([["reliability.html", "Heatline: Reliability"]]);

export class PageView implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private html = "";
  private readonly theming = vscode.window.onDidChangeActiveColorTheme(() => {
    this.render();
  });

  /** The client's middleware for `window/showDocument`. */
  readonly showDocument: ShowDocumentRequest.MiddlewareSignature = async (params, token, next) => {
    const uri = vscode.Uri.parse(params.uri);
    const title = TITLES.get(path.posix.basename(uri.path));
    if (params.external !== true || uri.scheme !== "file" || title === undefined) {
      return next(params, token);
    }
    await this.show(uri, title);
    return { success: true };
  };

  dispose(): void {
    this.theming.dispose();
    this.panel?.dispose();
  }

  private async show(uri: vscode.Uri, title: string): Promise<void> {
    this.html = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    if (this.panel) this.panel.reveal();
    else this.panel = this.opened();
    this.panel.title = title;
    this.render();
  }

  private opened(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(VIEW_TYPE, "Heatline", vscode.ViewColumn.Active, {
      enableScripts: false,
      enableFindWidget: true,
      localResourceRoots: [],
      retainContextWhenHidden: false,
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.html = "";
    });
    return panel;
  }

  private render(): void {
    if (this.panel) this.panel.webview.html = pageForWebview(this.html, activeTheme());
  }
}

function activeTheme(): PageTheme {
  const { kind } = vscode.window.activeColorTheme;
  const light = kind === vscode.ColorThemeKind.Light || kind === vscode.ColorThemeKind.HighContrastLight;
  return light ? "light" : "dark";
}
