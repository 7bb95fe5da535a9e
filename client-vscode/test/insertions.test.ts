import assert from "node:assert/strict";
import { test } from "node:test";

import { insertedRanges } from "../src/insertions";

function change(line: number, start: number, end: number, text: string) {
  return { range: { start: { line, character: start }, end: { line, character: end } }, text };
}

test("what a key, a bracket pair, an indentation or a completed name inserts isn't reported", () => {
  for (const typed of ["x", "()", "\n        ", "compute_total", "compute_total()", "if ", ""]) {
    assert.deepEqual(insertedRanges([change(0, 0, 0, typed)]), [], JSON.stringify(typed));
  }
});

test("an accepted completion of several words is reported, where it stands after the edit", () => {
  assert.deepEqual(insertedRanges([change(3, 4, 6, "return compute(a, b)")]), [
    { start: { line: 3, character: 4 }, end: { line: 3, character: 24 } },
  ]);
});

test("a pasted block reaches to the end of its last line", () => {
  assert.deepEqual(insertedRanges([change(1, 0, 0, "def f(a):\n    return a\n")]), [
    { start: { line: 1, character: 0 }, end: { line: 3, character: 0 } },
  ]);
});

test("of several carets' insertions each is moved by those before it", () => {
  const ranges = insertedRanges([change(2, 0, 0, "assert a == b\n"), change(1, 0, 0, "assert a == b\n")]);
  assert.deepEqual(
    ranges.map(({ start, end }) => [start.line, end.line]),
    [
      [1, 2],
      [3, 4],
    ],
  );
});
