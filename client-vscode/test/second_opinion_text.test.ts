import assert from "node:assert/strict";
import { test } from "node:test";

import { secondOpinionMarkdown } from "../src/second_opinion_text";

const OPINION = {
  uri: "file:///a.py",
  model: "llama_3",
  lines: [
    { line: 0, risk: 0.31, modelRisk: 0.2 },
    { line: 4, risk: null, modelRisk: 0.995 },
  ],
};

test("both risks stand beside each other, the line that the model doubts most first", () => {
  const text = secondOpinionMarkdown(OPINION, (line) => `    x${String(line)} = 1`);
  const rows = text.split("\n").filter((row) => /^\| \d/.test(row));
  assert.deepEqual(rows, ["| 5 | – | over 99 % | `x4 = 1` |", "| 1 | 31 % | 20 % | `x0 = 1` |"]);
});

test("neither code nor a model's name is read as Markdown", () => {
  const text = secondOpinionMarkdown(OPINION, () => "a | `b` ``c`` <img>");
  assert.ok(text.includes("| ``` a \\| `b` ``c`` <img> ``` |"), text);
  assert.ok(text.includes("llama\\_3"));
});
