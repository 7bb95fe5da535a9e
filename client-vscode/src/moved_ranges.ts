/** Where a range went when text around it changed. No `vscode` import: testable without an editor. */

import type { Position, ProtocolRange } from "./protocol";

export interface TextChange {
  /** What was replaced, in the text before the change. */
  range: ProtocolRange;
  text: string;
}

export function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

/**
 * The range after the change, or undefined when the change touched its inside: what was scored isn't there any
 * more. Text inserted at an edge stays outside.
 */
export function movedRange(range: ProtocolRange, change: TextChange): ProtocolRange | undefined {
  const { start, end } = change.range;
  if (!isBefore(start, range.end)) return range;
  if (isBefore(range.start, end) || isBefore(range.start, start)) return undefined;
  return { start: movedPosition(range.start, change), end: movedPosition(range.end, change) };
}

/** A position at or after the end of the change, in the text after it. */
export function movedPosition(position: Position, change: TextChange): Position {
  const { start, end } = change.range;
  const inserted = change.text.split(/\r\n|\r|\n/);
  const last = inserted[inserted.length - 1] ?? "";
  const line = position.line + inserted.length - 1 - (end.line - start.line);
  if (position.line !== end.line) return { line, character: position.character };
  const before = inserted.length === 1 ? start.character : 0;
  return { line, character: before + last.length + position.character - end.character };
}
