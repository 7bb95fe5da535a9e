import assert from "node:assert/strict";
import { test } from "node:test";

import { Crashes } from "../src/crashes";

test("a server that ends more than three times within three minutes isn't started again", () => {
  let now = 0;
  const crashes = new Crashes(() => now);
  assert.deepEqual(
    [crashes.ended(), crashes.ended(), crashes.ended(), crashes.ended()],
    [true, true, true, false],
  );
  now += 3 * 60 * 1000;
  assert.ok(crashes.ended());
});

test("the reason is the last thing it said", () => {
  const crashes = new Crashes(() => 0);
  assert.match(crashes.reason(), /without a word/);
  crashes.heard("loading");
  crashes.heard("The supervisor tiny isn't here; run heatline supervisor pull.");
  crashes.heard("");
  assert.match(crashes.reason(), /last words: The supervisor tiny isn't here/);
});
