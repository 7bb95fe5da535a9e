/** Shows pages that the server wrote to files beside the editor: no resources, nothing is kept while one is hidden. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { ShowDocumentRequest } from "vscode-languageclient/node";

import { kindOfPage, type PageKind, pageForWebview, type PageTheme } from "./page_html";

const VIEW_TYPE = "heatline.page";

interface Page {
  panel: vscode.WebviewPanel;
  kind: PageKind;
  html: string;
}

export class PageView implements vscode.Disposable {
  /** By title: a page that is shown again replaces itself. */
  private readonly pages = new Map<string, Page>();
  private readonly theming = vscode.window.onDidChangeActiveColorTheme(() => {
    for (const page of this.pages.values()) render(page);
  });

  /** The client's middleware for `window/showDocument`. */
  readonly showDocument: ShowDocumentRequest.MiddlewareSignature = async (params, token, next) => {
    const uri = vscode.Uri.parse(params.uri);
    const kind =
      params.external === true && uri.scheme === "file"
        ? kindOfPage(path.posix.basename(uri.path), browserOpensFiles())
        : undefined;
    if (!kind) return next(params, token);
    await this.show(uri, kind);
    return { success: true };
  };

  dispose(): void {
    this.theming.dispose();
    for (const { panel } of this.pages.values()) panel.dispose();
  }

  private async show(uri: vscode.Uri, kind: PageKind): Promise<void> {
    const html = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const known = this.pages.get(kind.title);
    known?.panel.reveal();
    const page = { panel: known?.panel ?? this.opened(kind), kind, html };
    this.pages.set(kind.title, page);
    render(page);
  }

  private opened(kind: PageKind): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(VIEW_TYPE, kind.title, vscode.ViewColumn.Active, {
      enableScripts: kind.scripts,
      enableFindWidget: true,
      localResourceRoots: [],
      retainContextWhenHidden: false,
    });
    panel.onDidDispose(() => this.pages.delete(kind.title));
    return panel;
  }
}

function render({ panel, kind, html }: Page): void {
  panel.webview.html = pageForWebview(html, activeTheme(), kind.scripts);
}

/** Not where the server is on another machine than the browser: the browser would look for the file on its own. */
function browserOpensFiles(): boolean {
  return vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
}

function activeTheme(): PageTheme {
  const { kind } = vscode.window.activeColorTheme;
  const light = kind === vscode.ColorThemeKind.Light || kind === vscode.ColorThemeKind.HighContrastLight;
  return light ? "light" : "dark";
}
