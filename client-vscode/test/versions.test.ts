import assert from "node:assert/strict";
import { test } from "node:test";

import { mismatch, parseVersion, type Version } from "../src/versions";

function read(printed: string): Version {
  const version = parseVersion(printed);
  assert.ok(version);
  return version;
}

test("the version is found in what the program prints", () => {
  assert.deepEqual(read("heatline 0.12.3.dev1\n"), { major: 0, minor: 12, patch: 3 });
  assert.equal(parseVersion("command not found"), undefined);
});

test("before 1.0 the minor version must fit, afterwards the major one", () => {
  const fits = (server: string, client: string): boolean =>
    mismatch(read(server), read(client)) === undefined;
  assert.ok(fits("0.1.9", "0.1.0"));
  assert.ok(!fits("0.2.0", "0.1.0"));
  assert.ok(fits("1.4.0", "1.0.2"));
  assert.ok(!fits("2.0.0", "1.9.0"));
  assert.ok(!fits("1.0.0", "0.1.0"));
});
