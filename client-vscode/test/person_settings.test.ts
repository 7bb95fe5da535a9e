import assert from "node:assert/strict";
import { test } from "node:test";

import { type Inspected, personSettings } from "../src/person_settings";

const RESTRICTED = new Set(["probe"]);

function given(values: Record<string, Inspected>, trusted = true): Record<string, unknown> {
  return personSettings(Object.keys(values), (name) => values[name], RESTRICTED, trusted);
}

test("only what a person set is sent, so that the project's own file isn't hidden by defaults", () => {
  assert.deepEqual(given({ scope: {}, threshold: { globalValue: 0 }, threads: { globalValue: null } }), {
    threshold: 0,
  });
});

test("the innermost place wins", () => {
  const everywhere = { globalValue: "a", workspaceValue: "b", workspaceFolderValue: "c" };
  assert.deepEqual(given({ scope: everywhere }), { scope: "c" });
  assert.deepEqual(given({ scope: { ...everywhere, workspaceFolderLanguageValue: "d" } }), { scope: "d" });
});

test("the client's own settings stay here", () => {
  const set = { globalValue: "x" };
  assert.deepEqual(given({ path: set, "heat.granularity": set, "trace.server": set, "severity.high": set }), {
    "severity.high": "x",
  });
});

test("an untrusted folder can't set what is restricted; the person still can", () => {
  const both = { globalValue: "mine", workspaceValue: "theirs" };
  assert.deepEqual(given({ probe: both, scope: both }, false), { probe: "mine", scope: "theirs" });
  assert.deepEqual(given({ probe: { workspaceValue: "theirs" } }, false), {});
});
