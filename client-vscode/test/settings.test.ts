import assert from "node:assert/strict";
import { test } from "node:test";

import { initializationOptions } from "../src/settings";

test("settings that hold a value are handed to the server", () => {
  const set: Record<string, unknown> = { supervisor: "smollm2-135m", threshold: 0, debounceMs: 50 };
  assert.deepEqual(
    initializationOptions((name) => set[name]),
    set,
  );
});

test("empty and null settings are left to the server's default", () => {
  const set: Record<string, unknown> = { supervisor: "", threads: null, scope: undefined };
  assert.deepEqual(
    initializationOptions((name) => set[name]),
    {},
  );
});
