import assert from "node:assert/strict";
import { test } from "node:test";

import type { RiskyFile, RiskyLine } from "../src/protocol";
import { byRisk, spokenLine, withFiles } from "../src/risky_lines";

function line(uri: string, number: number, risk: number, unscaledRisk = risk): RiskyLine {
  const range = { start: { line: number, character: 0 }, end: { line: number, character: 5 } };
  return { uri, range, risk, unscaledRisk, text: "    x = 1" };
}

function file(uri: string, ...risks: [number, number?][]): RiskyFile {
  return { uri, version: null, lines: risks.map(([risk, raw], number) => line(uri, number, risk, raw)) };
}

const order = (files: RiskyFile[]) => files.map(({ uri, lines }) => [uri, lines.map((each) => each.risk)]);

test("files are in order of their worst line, lines of their risk, and empty files are left out", () => {
  const files = [file("a", [0.3], [0.5]), file("b"), file("c", [0.4], [0.9])];
  assert.deepEqual(order(byRisk(files, "scaled")), [
    ["c", [0.9, 0.4]],
    ["a", [0.5, 0.3]],
  ]);
});

test("the order is that of the risk that is shown", () => {
  const files = [file("a", [0.5, 0.1]), file("b", [0.4, 0.2])];
  assert.deepEqual(order(byRisk(files, "unscaled")), [
    ["b", [0.4]],
    ["a", [0.5]],
  ]);
});

test("a file that comes again replaces itself", () => {
  const known = withFiles([file("a", [0.3]), file("b", [0.4])], [file("a", [0.6])]);
  assert.deepEqual(order(known), [
    ["b", [0.4]],
    ["a", [0.6]],
  ]);
});

test("a screen reader hears the line, the risk and the text", () => {
  assert.equal(spokenLine(line("a", 11, 0.31, 0.002), "scaled"), "line 12, risk 31 %: x = 1");
  assert.equal(spokenLine(line("a", 11, 0.31, 0.002), "unscaled"), "line 12, unscaled risk under 1 %: x = 1");
});
