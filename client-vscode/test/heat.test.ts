import assert from "node:assert/strict";
import { test } from "node:test";

import { BUCKETS, rangesByBucket } from "../src/heat";

test("tokens land in the bucket they name", () => {
  const ranges = rangesByBucket([
    [0, 4, 3, 1],
    [7, 0, 2, 5],
  ]);
  assert.deepEqual(ranges, [[{ line: 0, start: 4, end: 7 }], [], [], [], [{ line: 7, start: 0, end: 2 }]]);
});

test("every bucket is present when nothing is hot, so that old heat is cleared", () => {
  assert.deepEqual(
    rangesByBucket([]),
    Array.from({ length: BUCKETS }, () => []),
  );
});
