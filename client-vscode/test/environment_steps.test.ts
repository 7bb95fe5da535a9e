import assert from "node:assert/strict";
import { test } from "node:test";

import { environmentSteps, shown } from "../src/environment_steps";

const PLAN = {
  python: ["python3"],
  folder: "/store/server",
  wheel: "/ext/heatline.whl",
  proxy: undefined,
  platform: "linux",
} as const;

test("an environment is made, and the bundled wheel put into it by its own interpreter", () => {
  assert.deepEqual(environmentSteps(PLAN).map(shown), [
    "python3 -m venv --clear /store/server",
    "/store/server/bin/python -m pip install --disable-pip-version-check --no-input /ext/heatline.whl",
  ]);
});

test("the editor's proxy is handed to pip", () => {
  const install = environmentSteps({ ...PLAN, proxy: "http://proxy:3128" })[1];
  assert.deepEqual(install?.slice(-3), ["--proxy", "http://proxy:3128", "/ext/heatline.whl"]);
});

test("Windows keeps interpreters elsewhere", () => {
  const install = environmentSteps({ ...PLAN, folder: "C:\\store\\server", platform: "win32" })[1];
  assert.equal(install?.[0], "C:\\store\\server\\Scripts\\python.exe");
});

test("a word with a space is quoted where a person reads the command", () => {
  assert.equal(shown(["python3", "-m", "venv", "/a folder"]), 'python3 -m venv "/a folder"');
});
