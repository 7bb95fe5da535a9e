import assert from "node:assert/strict";
import { test } from "node:test";

import type { Status } from "../src/protocol";
import { describeStatus } from "../src/status_text";

const IDLE: Status = {
  state: "idle",
  supervisor: "smollm2-135m",
  probe: "default",
  scaling: "scaled",
  pending: 0,
  worst: null,
  message: null,
};

test("a running server is told by its supervisor and the risk that is shown", () => {
  assert.deepEqual(describeStatus("running", IDLE), {
    text: "smollm2-135m, scaled",
    detail: undefined,
    busy: false,
    severity: "Information",
  });
});

test("it is busy while the model is loaded and while documents are scored", () => {
  assert.ok(describeStatus("running", { ...IDLE, state: "busy", pending: 2 }).busy);
  assert.ok(describeStatus("running", { ...IDLE, state: "starting" }).busy);
});

test("why nothing can be scored is said, as an error", () => {
  const failed = describeStatus("running", { ...IDLE, state: "failed", message: "the probe is missing" });
  assert.deepEqual([failed.detail, failed.severity], ["the probe is missing", "Error"]);
});

test("without a server it says what to do, and isn't busy for ever", () => {
  assert.match(describeStatus("missing", undefined).detail ?? "", /install/);
  assert.match(describeStatus("stopped", IDLE).detail ?? "", /restart/);
  assert.ok(!describeStatus("stopped", IDLE).busy);
});
