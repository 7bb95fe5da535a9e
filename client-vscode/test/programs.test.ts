import assert from "node:assert/strict";
import { test } from "node:test";

import { printedBy, run } from "../src/programs";

const NODE = process.execPath;

test("what a program prints is returned; one that fails or isn't there gives nothing", async () => {
  assert.equal(await printedBy(NODE, ["-e", "console.log('heatline 0.1.0')"]), "heatline 0.1.0\n");
  assert.equal(await printedBy(NODE, ["-e", "process.exit(3)"]), undefined);
  assert.equal(await printedBy("/nowhere/heatline", []), undefined);
});

test("a program's lines are handed on, and its last words are the reason when it fails", async () => {
  const lines: string[] = [];
  const script = "console.log('one'); console.error('no such package'); process.exitCode = 1";
  const ended = await run([NODE, "-e", script], (line) => lines.push(line), new AbortController().signal);
  assert.deepEqual(ended.kind, "failed");
  assert.deepEqual([...lines].sort(), ["no such package", "one"]);
});

test("a program can be stopped", async () => {
  const stop = new AbortController();
  const ended = await run(
    [NODE, "-e", "console.log('ready'); setInterval(() => undefined, 1000)"],
    () => {
      stop.abort();
    },
    stop.signal,
  );
  assert.deepEqual(ended, { kind: "cancelled" });
});

test("a program that isn't there is a failure with a reason", async () => {
  const ended = await run(["/nowhere/python"], () => undefined, new AbortController().signal);
  assert.equal(ended.kind, "failed");
});
