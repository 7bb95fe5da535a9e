/** Tells the server what was inserted in one go: pastes and accepted completions. */

import * as vscode from "vscode";

import { insertedRanges } from "./insertions";
import type { ProtocolRange } from "./protocol";

export interface Inserted {
  textDocument: { uri: string; version: number };
  ranges: ProtocolRange[];
}

/** Calls `report` after each such edit of a document that `matches`. */
export function reportInsertions(
  matches: (document: vscode.TextDocument) => boolean,
  report: (inserted: Inserted) => void,
): vscode.Disposable {
  return vscode.workspace.onDidChangeTextDocument(({ document, contentChanges, reason }) => {
    // Undo and redo bring back what was there: the server remembers what that was.
    if (reason !== undefined || contentChanges.length === 0 || !matches(document)) return;
    const ranges = insertedRanges(contentChanges);
    if (ranges.length === 0) return;
    report({ textDocument: { uri: document.uri.toString(), version: document.version }, ranges });
  });
}
