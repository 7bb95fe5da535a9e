/** The server's commands as a person gives them: what they leave out is filled in, and results are shown. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { percent, type Explanation, type SecondOpinion, type SpanConfidence } from "./protocol";
import { secondOpinionMarkdown } from "./second_opinion_text";

export const SECOND_OPINION = "heatline.secondOpinion";

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

/** ... the selection, or the whole document without one. */
const TAKE_SELECTION = new Set([SECOND_OPINION]);

export const PREVIEW_SCHEME = "heatline-preview";

export class ServerCommands implements vscode.TextDocumentContentProvider {
  private readonly previews = new Map<string, string>();
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

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.previews.get(uri.path) ?? "";
  }

  private argumentsOf(command: string): unknown[] | undefined {
    const takesRange = TAKE_RANGE.has(command);
    const takesDocument = TAKE_DOCUMENT.has(command);
    const takesSelection = TAKE_SELECTION.has(command);
    if (!takesRange && !takesDocument && !takesSelection && !TAKE_POSITION.has(command)) return [];
    const editor = vscode.window.activeTextEditor;
    const convert = this.client()?.code2ProtocolConverter;
    if (!editor || !convert) return undefined;
    const uri = convert.asUri(editor.document.uri);
    if (takesDocument || (takesSelection && editor.selection.isEmpty)) return [uri];
    if (takesSelection) return [uri, convert.asRange(editor.selection)];
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
      case SECOND_OPINION:
        await this.showSecondOpinion(result as SecondOpinion | null);
        break;
      default:
    }
  }

  private async showExplanation(explanation: Explanation | null): Promise<void> {
    if (explanation) await this.preview("/Risk explained.md", explanation.markdown);
    else void vscode.window.showInformationMessage("Nothing is scored here yet.");
  }

  /** Null when the person didn't want the lines sent, or there was no answer, which the server has said. */
  private async showSecondOpinion(opinion: SecondOpinion | null): Promise<void> {
    if (!opinion) return;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(opinion.uri));
    const textOf = (line: number): string => (line < document.lineCount ? document.lineAt(line).text : "");
    await this.preview("/Second opinion.md", secondOpinionMarkdown(opinion, textOf));
  }

  private async preview(path: string, markdown: string): Promise<void> {
    this.previews.set(path, markdown);
    const uri = vscode.Uri.from({ scheme: PREVIEW_SCHEME, path });
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
