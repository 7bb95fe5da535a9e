import assert from "node:assert/strict";
import { test } from "node:test";

import { findServer, type Program, type Surroundings } from "../src/discovery";

/** Surroundings in which the programs of `versions` print what it says, and all others don't run. */
function surroundings(versions: Record<string, string>, given: Partial<Surroundings> = {}) {
  const asked: string[] = [];
  const all: Surroundings = {
    clientVersion: { major: 0, minor: 1, patch: 0 },
    trusted: true,
    path: undefined,
    selectedPython: () => Promise.resolve("/env/python"),
    privatePython: () => Promise.resolve("/own/python"),
    printedVersion: ({ command }: Program) => {
      asked.push(command);
      return Promise.resolve(versions[command]);
    },
    ...given,
  };
  return { asked, all };
}

const FITTING = "heatline 0.1.3";

test("the order is the selected Python environment, PATH, the extension's own", async () => {
  const nothing = surroundings({});
  assert.equal((await findServer(nothing.all)).program, undefined);
  assert.deepEqual(nothing.asked, ["/env/python", "heatline", "/own/python"]);
});

test("the first that runs and fits is taken, and nothing after it is asked", async () => {
  const { all, asked } = surroundings({ heatline: FITTING, "/own/python": FITTING });
  const found = await findServer(all);
  assert.equal(found.program?.origin, "PATH");
  assert.deepEqual(asked, ["/env/python", "heatline"]);
});

test("modules of the open folder can't come before Heatline's own", async () => {
  const { all } = surroundings({ "/env/python": FITTING });
  assert.deepEqual((await findServer(all)).program?.args, ["-P", "-m", "heatline"]);
});

test("heatline.path is the only one when it is set, and what is wrong with it is told", async () => {
  const { all, asked } = surroundings({ heatline: FITTING }, { path: "/wrong/heatline" });
  const found = await findServer(all);
  assert.deepEqual(asked, ["/wrong/heatline"]);
  assert.ok(!found.program);
  assert.deepEqual(found.problems, ["/wrong/heatline (the setting heatline.path) does not run"]);
});

test("in an untrusted folder only the extension's own server is even asked", async () => {
  const { all, asked } = surroundings(
    { "/env/python": FITTING, heatline: FITTING, "/set/heatline": FITTING, "/own/python": FITTING },
    { trusted: false, path: "/set/heatline" },
  );
  assert.equal((await findServer(all)).program?.origin, "the extension's environment");
  assert.deepEqual(asked, ["/own/python"]);
});

test("a server of another version is passed over, and told of", async () => {
  const { all } = surroundings({ "/env/python": "heatline 0.2.0" });
  const found = await findServer(all);
  assert.ok(!found.program);
  assert.deepEqual(found.problems, [
    "/env/python (the selected Python environment) is version 0.2.0, and this extension needs 0.1.x",
  ]);
});
