import assert from "node:assert/strict";
import { test } from "node:test";

import type { Status } from "../src/protocol";
import { describeStatus } from "../src/status_text";

const IDLE: Status = {
  state: "idle",
  supervisor: "smollm2-135m",
  probe: "default",
  scaling: "scaled",
  basis: null,
  device: "cpu",
  pending: 0,
  worst: null,
  message: null,
};

test("a running server is told by its supervisor and the risk that is shown", () => {
  assert.deepEqual(describeStatus("running", IDLE), {
    text: "smollm2-135m, scaled",
    detail: undefined,
    basis: undefined,
    warning: undefined,
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

test("figures that rest on the repository's history say so, and on what", () => {
  const shown = describeStatus("running", { ...IDLE, basis: "Risks are scaled to this repository." });
  assert.equal(shown.text, "smollm2-135m, scaled to this repository");
  assert.equal(shown.basis, "Risks are scaled to this repository.");
});

test("unscaled figures rest on no history", () => {
  const shown = describeStatus("running", { ...IDLE, scaling: "unscaled", basis: "Risks are scaled." });
  assert.deepEqual([shown.text, shown.basis], ["smollm2-135m, unscaled", undefined]);
});

test("another device than the processor is named", () => {
  assert.equal(describeStatus("running", { ...IDLE, device: "cuda" }).text, "smollm2-135m on cuda, scaled");
  assert.equal(describeStatus("running", { ...IDLE, device: null }).text, "smollm2-135m, scaled");
});

test("what isn't as it was asked for is a warning, and the worst line is told all the same", () => {
  const shown = describeStatus("running", { ...IDLE, message: "it runs on the processor" });
  assert.deepEqual(
    [shown.detail, shown.warning, shown.severity],
    [undefined, "it runs on the processor", "Warning"],
  );
});
