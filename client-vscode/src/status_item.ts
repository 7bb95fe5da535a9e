/** The language status item: what reads the code, which risk is shown, and the worst line of the file. */

import * as vscode from "vscode";

import { percent, type Status } from "./protocol";
import { describeStatus, type ServerState } from "./status_text";

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;
  private status: Status | undefined;
  private server: ServerState = "off";
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor(
    selector: vscode.DocumentSelector,
    private readonly worstLine: (uri: vscode.Uri) => { line: number; risk: number } | undefined,
  ) {
    this.item = vscode.languages.createLanguageStatusItem("heatline.status", selector);
    this.item.name = "Heatline";
    this.item.command = { title: "Menu", command: "heatline.showMenu", tooltip: "What Heatline can do here" };
    this.subscriptions = [
      this.item,
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.refresh();
      }),
    ];
    this.refresh();
  }

  receive(status: Status): void {
    this.status = status;
    this.refresh();
  }

  /** What is known without the server's own word. */
  serverIs(state: ServerState): void {
    this.server = state;
    if (state !== "running") this.status = undefined;
    this.refresh();
  }

  get scaling(): Status["scaling"] {
    return this.status?.scaling ?? "scaled";
  }

  /** On what the figures rest, where that isn't the probe alone. */
  get basis(): string | undefined {
    return describeStatus(this.server, this.status).basis;
  }

  refresh(): void {
    const document = vscode.window.activeTextEditor?.document;
    const worst = document && this.worstLine(document.uri);
    const shown = describeStatus(this.server, this.status);
    this.item.text = shown.text;
    const detail =
      shown.detail ??
      (worst ? `worst line ${String(worst.line + 1)}: risk ${percent(worst.risk)}` : undefined);
    this.item.detail = [detail, shown.warning, shown.basis].filter(Boolean).join(" · ") || undefined;
    this.item.busy = shown.busy;
    this.item.severity = vscode.LanguageStatusSeverity[shown.severity];
    this.item.accessibilityInformation = {
      label: `Heatline: ${[shown.text, this.item.detail].filter(Boolean).join(", ")}`,
    };
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
