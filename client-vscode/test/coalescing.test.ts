import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Coalesced } from "../src/coalescing";

test("requests that come together make one run", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const task = mock.fn(() => Promise.resolve());
  const coalesced = new Coalesced(task, 100);
  coalesced.request();
  t.mock.timers.tick(99);
  coalesced.request();
  t.mock.timers.tick(99);
  assert.equal(task.mock.callCount(), 0);
  t.mock.timers.tick(1);
  assert.equal(task.mock.callCount(), 1);
  await Promise.resolve();
});

test("what is requested while it runs makes it run once more, never at the same time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let finish: () => void = () => undefined;
  const task = mock.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  const coalesced = new Coalesced(task, 10);
  coalesced.request();
  t.mock.timers.tick(10);
  coalesced.request();
  coalesced.request();
  t.mock.timers.tick(1000);
  assert.equal(task.mock.callCount(), 1);
  finish();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  t.mock.timers.tick(10);
  assert.equal(task.mock.callCount(), 2);
  finish();
});

test("nothing runs after it is disposed of", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const task = mock.fn(() => Promise.resolve());
  const coalesced = new Coalesced(task, 10);
  coalesced.request();
  coalesced.dispose();
  t.mock.timers.tick(1000);
  assert.equal(task.mock.callCount(), 0);
});
