import * as vscode from "vscode";
import {
  type ClientCapabilities,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  type StaticFeature,
  TransportKind,
} from "vscode-languageclient/node";

import { BUCKETS, type HeatParams, rangesByBucket } from "./heat";
import { initializationOptions } from "./settings";

let client: LanguageClient | undefined;

/** Tells the server that this client draws `heatline/heat`. */
const declareHeat: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), heatlineHeat: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const settings = vscode.workspace.getConfiguration("heatline");
  const server: ServerOptions = {
    command: settings.get<string>("path", "heatline"),
    args: ["serve"],
    transport: TransportKind.stdio,
  };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
    initializationOptions: initializationOptions((name) => settings.get(name)),
  };
  client = new LanguageClient("heatline", "Heatline", server, options);
  client.registerFeature(declareHeat);
  const heat = new HeatDecorations();
  context.subscriptions.push(
    client,
    heat,
    client.onNotification("heatline/heat", (params: HeatParams) => {
      heat.show(params);
    }),
    vscode.window.onDidChangeVisibleTextEditors(() => {
      heat.redraw();
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      heat.forget(document.uri);
    }),
  );
  // The client registers the server's commands (heatline.toggleScaling) itself.
  try {
    await client.start();
  } catch {
    void vscode.window.showErrorMessage(
      "Heatline's server did not start. Install it (pip install heatline) or set heatline.path to the program; " +
        "the Heatline output channel has the details.",
    );
  }
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

/** Underlines risky tokens: one decoration type per bucket. */
class HeatDecorations implements vscode.Disposable {
  private readonly types = Array.from({ length: BUCKETS }, (_, index) =>
    vscode.window.createTextEditorDecorationType({
      // Thickness carries the risk, not hue, so that it reads the same to colour-blind eyes and in any theme.
      textDecoration: `underline ${String(index + 1)}px`,
    }),
  );
  private readonly latest = new Map<string, HeatParams>();

  show(params: HeatParams): void {
    this.latest.set(vscode.Uri.parse(params.uri).toString(), params);
    this.redraw();
  }

  redraw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const heat = this.latest.get(editor.document.uri.toString());
      // Heat of an older version would sit on the wrong characters.
      if (heat?.version !== editor.document.version) continue;
      rangesByBucket(heat.tokens).forEach((ranges, index) => {
        const type = this.types[index];
        if (type)
          editor.setDecorations(
            type,
            ranges.map((r) => new vscode.Range(r.line, r.start, r.line, r.end)),
          );
      });
    }
  }

  forget(uri: vscode.Uri): void {
    this.latest.delete(uri.toString());
  }

  dispose(): void {
    for (const type of this.types) type.dispose();
  }
}
