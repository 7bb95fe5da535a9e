/** The server's commands as a person gives them: what they leave out is filled in, and results are shown. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { percent, type Explanation, type SpanConfidence } from "./protocol";

type Next = (command: string, args: unknown[]) => vscode.ProviderResult<unknown>;

/** Commands of which the arguments are the active editor's document, with nothing more or with ... */
const TAKE_DOCUMENT = new Set(["heatline.openRiskiest"]);
const TAKE_POSITION = new Set(["heatline.nextRiskyLine", "heatline.previousRiskyLine"]);
const TAKE_RANGE = new Set([
  "heatline.scoreSelection",
  "heatline.explain",
  "heatline.markReviewed",
  "heatline.unmarkReviewed",
]);

export const EXPLANATION_SCHEME = "heatline-explanation";

export class ServerCommands implements vscode.TextDocumentContentProvider {
  private explanation = "";
  private readonly rewritten = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.rewritten.event;

  constructor(private readonly client: () => LanguageClient | undefined) {}

  /** The client's middleware for commands that the server offers. */
  readonly execute = async (command: string, args: unknown[], next: Next): Promise<unknown> => {
    const filled = args.length > 0 ? args : this.argumentsOf(command);
    if (!filled) {
      void vscode.window.showInformationMessage(
        "Open a file first: this command is about the code in the editor.",
      );
      return undefined;
    }
    const result = await next(command, filled);
    await this.show(command, result);
    return result;
  };

  provideTextDocumentContent(): string {
    return this.explanation;
  }

  private argumentsOf(command: string): unknown[] | undefined {
    const takesRange = TAKE_RANGE.has(command);
    const takesDocument = TAKE_DOCUMENT.has(command);
    if (!takesRange && !takesDocument && !TAKE_POSITION.has(command)) return [];
    const editor = vscode.window.activeTextEditor;
    const convert = this.client()?.code2ProtocolConverter;
    if (!editor || !convert) return undefined;
    const uri = convert.asUri(editor.document.uri);
    if (takesDocument) return [uri];
    return [
      uri,
      takesRange ? convert.asRange(selectionOrLine(editor)) : convert.asPosition(editor.selection.active),
    ];
  }

  private async show(command: string, result: unknown): Promise<void> {
    switch (command) {
      case "heatline.nextRiskyLine":
      case "heatline.previousRiskyLine":
      case "heatline.openRiskiest":
        if (result === null) vscode.window.setStatusBarMessage("Heatline: no risky line here", 4000);
        break;
      case "heatline.scoreSelection":
        showSelection(result as SpanConfidence | null);
        break;
      case "heatline.markReviewed":
        vscode.window.setStatusBarMessage("Heatline: marked as reviewed, until the line changes", 4000);
        break;
      case "heatline.explain":
        await this.showExplanation(result as Explanation | null);
        break;
      default:
    }
  }

  private async showExplanation(explanation: Explanation | null): Promise<void> {
    if (!explanation) {
      void vscode.window.showInformationMessage("Nothing is scored here yet.");
      return;
    }
    this.explanation = explanation.markdown;
    const uri = vscode.Uri.from({ scheme: EXPLANATION_SCHEME, path: "/Risk explained.md" });
    this.rewritten.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  }
}

function selectionOrLine(editor: vscode.TextEditor): vscode.Range {
  return editor.selection.isEmpty
    ? editor.document.lineAt(editor.selection.active.line).range
    : editor.selection;
}

function showSelection(span: SpanConfidence | null): void {
  void vscode.window.showInformationMessage(
    span
      ? `Risk of the selection: ${percent(span.risk)} (unscaled ${percent(span.unscaledRisk)}).`
      : "The selection holds nothing that is scored yet.",
  );
}
