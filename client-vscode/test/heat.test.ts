import assert from "node:assert/strict";
import { test } from "node:test";

import { BUCKETS, bucketOf, DocumentHeat, HeatStore } from "../src/heat";
import type { HeatParams } from "../src/protocol";

const line = (number: number, risk: number, unscaledRisk = risk) => ({ line: number, risk, unscaledRisk });

function heat(params: Partial<HeatParams>): DocumentHeat {
  return new DocumentHeat({
    uri: "file:///a.py",
    version: 1,
    scaling: "scaled",
    lines: [],
    tokens: [],
    pending: null,
    ...params,
  });
}

function change(startLine: number, start: number, endLine: number, end: number, text: string) {
  return {
    range: { start: { line: startLine, character: start }, end: { line: endLine, character: end } },
    text,
  };
}

test("a line's bucket is the number of edges that its risk reaches", () => {
  assert.deepEqual([0.05, 0.1, 0.2, 0.35, 0.5, 0.69, 0.7, 1].map(bucketOf), [0, 1, 2, 3, 4, 4, 5, 5]);
});

test("tokens land in the bucket they name, and every bucket is present so that old heat is cleared", () => {
  const ranges = heat({
    tokens: [
      [0, 4, 3, 1],
      [7, 0, 2, 5],
    ],
  }).tokensByBucket();
  const first = { start: { line: 0, character: 4 }, end: { line: 0, character: 7 } };
  const last = { start: { line: 7, character: 0 }, end: { line: 7, character: 2 } };
  assert.deepEqual(ranges, [[first], [], [], [], [last]]);
  assert.equal(heat({}).tokensByBucket().length, BUCKETS);
});

test("of tokens in one place, as an emoji's bytes are, the riskiest is drawn", () => {
  const tokens: HeatParams["tokens"] = [
    [0, 4, 2, 1],
    [0, 4, 2, 3],
    [0, 4, 2, 2],
    [0, 6, 2, 1],
  ];
  const counts = heat({ tokens })
    .tokensByBucket()
    .map((ranges) => ranges.length);
  assert.deepEqual(counts, [1, 0, 1, 0, 0]);
});

test("lines are cut by the risk that is shown", () => {
  const lines = [line(3, 0.05, 0.9)];
  assert.equal(heat({ lines, scaling: "scaled" }).linesByBucket()[4]?.length, 0);
  assert.equal(heat({ lines, scaling: "unscaled" }).linesByBucket()[4]?.length, 1);
});

test("the worst line is told where it is now", () => {
  const shown = heat({ lines: [line(1, 0.2), line(4, 0.6), line(6, 0.3)] });
  assert.deepEqual(shown.worstLine(), { line: 4, risk: 0.6 });
  shown.edited(change(0, 0, 0, 0, "import os\n"));
  assert.deepEqual(shown.worstLine(), { line: 5, risk: 0.6 });
  assert.equal(heat({}).worstLine(), undefined);
});

test("tokens behind an emoji that is typed move by its two units, and those before it stay", () => {
  const shown = heat({
    tokens: [
      [0, 0, 3, 2],
      [0, 8, 4, 2],
    ],
  });
  shown.edited(change(0, 5, 0, 5, "😋"));
  assert.deepEqual(
    shown.tokensByBucket()[1]?.map(({ start, end }) => [start.character, end.character]),
    [
      [0, 3],
      [10, 14],
    ],
  );
});

test("a token that is edited inside loses its heat", () => {
  const shown = heat({ tokens: [[2, 4, 6, 3]] });
  shown.edited(change(2, 6, 2, 7, "x"));
  assert.deepEqual(shown.tokensByBucket()[2], []);
});

test("a line's mark stays while the line is edited, moves with it, and goes with it", () => {
  const at = (edit: ReturnType<typeof change>): number[] => {
    const shown = heat({ lines: [line(5, 0.8)] });
    shown.edited(edit);
    return (shown.linesByBucket()[4] ?? []).map(({ start }) => start.line);
  };
  assert.deepEqual(at(change(5, 0, 5, 4, "")), [5], "outdented");
  assert.deepEqual(at(change(5, 9, 6, 0, "")), [5], "joined with the next line");
  assert.deepEqual(at(change(5, 0, 5, 0, "\n")), [6], "pushed down");
  assert.deepEqual(at(change(5, 3, 5, 3, "\n")), [5], "split");
  assert.deepEqual(at(change(2, 0, 4, 0, "")), [3], "lines above deleted");
  assert.deepEqual(at(change(4, 7, 5, 0, " ")), [4], "joined with the line above");
  assert.deepEqual(at(change(5, 0, 6, 0, "")), [], "deleted");
  assert.deepEqual(at(change(4, 0, 6, 0, "")), [], "deleted with others");
});

test("heat of another version than the document has is not taken", () => {
  const store = new HeatStore();
  const params = (version: number): HeatParams => ({
    uri: "file:///a.py",
    version,
    scaling: "scaled",
    lines: [],
    tokens: [],
    pending: null,
  });
  assert.equal(store.receive("a", params(1), 2), false);
  assert.equal(store.receive("a", params(2), undefined), false);
  assert.equal(store.get("a"), undefined);
  assert.equal(store.receive("a", params(2), 2), true);
  assert.equal(store.get("a")?.version, 2);
});
