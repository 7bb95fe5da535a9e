/** Which edits put code there in one go, as a paste or an accepted completion does. No `vscode` import. */

import { isBefore, movedPosition, movedRange, type TextChange } from "./moved_ranges";
import type { ProtocolRange } from "./protocol";

/**
 * The ranges of a change event that were inserted in one go, in the text after it. In an editor each key is an event of
 * its own; so text that no single key, bracket pair, indentation or completed name makes was pasted or accepted.
 *
 * @param changes as `TextDocumentChangeEvent.contentChanges`: ranges in the text before the event, none overlapping
 */
export function insertedRanges(changes: readonly TextChange[]): ProtocolRange[] {
  const inOrder = [...changes].sort((a, b) => (isBefore(a.range.start, b.range.start) ? -1 : 1));
  return inOrder.flatMap((change, index) => {
    if (!inOneGo(change)) return [];
    const start = change.range.start;
    const range = { start, end: movedPosition(change.range.end, change) };
    // Only the changes before it in the text move it.
    const moved = inOrder
      .slice(0, index)
      .reduceRight<ProtocolRange | undefined>((at, earlier) => at && movedRange(at, earlier), range);
    return moved ? [moved] : [];
  });
}

function inOneGo({ text }: TextChange): boolean {
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
  // `name`, `name()` and `name(arg` come from a completion list, one word at a time.
  return words.length >= 2 && text.trim().length >= 8;
}
