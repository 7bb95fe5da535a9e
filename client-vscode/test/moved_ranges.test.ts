import assert from "node:assert/strict";
import { test } from "node:test";

import { movedRange, type TextChange } from "../src/moved_ranges";
import type { Position } from "../src/protocol";

/** Offsets and text, to say the same thing in another way than the code under test. */
function offsetOf(text: string, { line, character }: Position): number {
  const lines = text.split("\n");
  return lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before[before.length - 1]?.length ?? 0 };
}

test("a range holds the same text after every edit outside it, wherever the edit is", () => {
  const text = "ab\ncd ef\n\ngh";
  const inserted = ["", "x", "x\n", "\n\ny"];
  for (let from = 0; from < text.length; from++) {
    for (let to = from + 1; to <= text.length; to++) {
      for (let start = 0; start <= text.length; start++) {
        for (let end = start; end <= text.length; end++) {
          for (const put of inserted) {
            const change: TextChange = {
              range: { start: positionOf(text, start), end: positionOf(text, end) },
              text: put,
            };
            const moved = movedRange({ start: positionOf(text, from), end: positionOf(text, to) }, change);
            const touches = start < to && end > from;
            const within = start === end && start > from && start < to;
            assert.equal(moved === undefined, touches || within);
            if (!moved) continue;
            const after = text.slice(0, start) + put + text.slice(end);
            const found = after.slice(offsetOf(after, moved.start), offsetOf(after, moved.end));
            assert.equal(found, text.slice(from, to));
          }
        }
      }
    }
  }
});
