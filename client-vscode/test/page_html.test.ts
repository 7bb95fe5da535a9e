import assert from "node:assert/strict";
import { test } from "node:test";

import { kindOfPage, pageForWebview } from "../src/page_html";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-abc'">
<title>&lt;head&gt;</title>
</head>
<body><h1>Reliability</h1></body>
</html>`;

test("the page follows the editor's theme, not the system's", () => {
  assert.match(pageForWebview(PAGE, "dark", false), /<html lang="en" data-theme="dark">/);
  assert.match(pageForWebview(PAGE, "light", false), /<html lang="en" data-theme="light">/);
});

test("no script may run, and the policy that says so stands before everything else", () => {
  const shown = pageForWebview(PAGE, "dark", false);
  const policies = [...shown.matchAll(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/g)];
  const [added, own, ...more] = policies.map(([, content]) => content ?? "");
  assert.deepEqual(more, []);
  assert.ok(shown.includes("<head><meta "));
  assert.match(added ?? "", /^default-src 'none'/);
  assert.doesNotMatch(added ?? "", /script-src/);
  assert.match(own ?? "", /sha256-abc/);
});

test("a page that draws itself may run what its own policy names, and nothing else", () => {
  const shown = pageForWebview(PAGE, "dark", true);
  assert.match(shown, /<head><meta [^>]*default-src 'none'[^>]*script-src 'unsafe-inline'/);
  assert.match(shown, /content="default-src 'none'; style-src 'sha256-abc'"/);
});

test("the report goes to the browser where that can open it, and the reliability page never does", () => {
  assert.equal(kindOfPage("heatline-abc.html", true), undefined);
  assert.equal(kindOfPage("heatline-abc.html", false)?.scripts, true);
  for (const local of [true, false]) assert.equal(kindOfPage("reliability.html", local)?.scripts, false);
  assert.equal(kindOfPage("index.html", false), undefined);
});
