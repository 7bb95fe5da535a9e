/** Keeps what is drawn in step with messages, edits, editors and settings. */

import * as vscode from "vscode";

import { HeatDecorations, type HeatStyle } from "./heat_decorations";
import { HeatStore } from "./heat";
import type { HeatParams } from "./protocol";

const HIDDEN: HeatStyle = { granularity: "off", gutter: false, overviewRuler: false };

export class HeatView implements vscode.Disposable {
  private readonly store = new HeatStore();
  private decorations = new HeatDecorations(styleOfSettings());
  private shown = true;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: readonly { dispose(): unknown }[];
  private scheduled: NodeJS.Timeout | undefined;
  private readonly dirty = new Set<string>();

  /** After new heat came, or heat went. */
  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      vscode.workspace.onDidChangeTextDocument((event) => {
        // The editor moves what it has drawn by itself; this is for editors that show the document later.
        this.store.edited(event.document.uri.toString(), event.contentChanges);
      }),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) this.draw(editor);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.store.forget(document.uri.toString());
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("heatline.heat")) this.restyle();
      }),
      this.changed,
    ];
  }

  /** Takes a message of the server. Several that come at once are drawn once. */
  receive(params: HeatParams): void {
    const key = vscode.Uri.parse(params.uri).toString();
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === key);
    if (!this.store.receive(key, params, document?.version)) return;
    this.dirty.add(key);
    this.scheduled ??= setTimeout(() => {
      this.scheduled = undefined;
      this.drawDirty();
    }, 0);
  }

  /** The riskiest line of a document, where it is now. */
  worstLine(uri: vscode.Uri): { line: number; risk: number } | undefined {
    return this.store.get(uri.toString())?.worstLine();
  }

  /** Hides or shows all heat; returns whether it is shown now. */
  toggle(): boolean {
    this.shown = !this.shown;
    this.restyle();
    return this.shown;
  }

  /** Takes all heat away: nobody keeps it up to date any more. */
  clear(): void {
    this.store.clear();
    this.drawAll();
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.scheduled);
    this.decorations.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private restyle(): void {
    this.decorations.dispose();
    this.decorations = new HeatDecorations(this.shown ? styleOfSettings() : HIDDEN);
    this.drawAll();
  }

  private drawDirty(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (this.dirty.has(editor.document.uri.toString())) this.draw(editor);
    }
    this.dirty.clear();
    this.changed.fire();
  }

  private drawAll(): void {
    for (const editor of vscode.window.visibleTextEditors) this.draw(editor);
  }

  private draw(editor: vscode.TextEditor): void {
    this.decorations.draw(editor, this.store.get(editor.document.uri.toString()));
  }
}

function styleOfSettings(): HeatStyle {
  const settings = vscode.workspace.getConfiguration("heatline.heat");
  return {
    granularity: settings.get<HeatStyle["granularity"]>("granularity", "token"),
    gutter: settings.get("gutter", true),
    overviewRuler: settings.get("overviewRuler", true),
  };
}
