/**
 * What the extension does by VS Code's own interface: run inside the extension host, by tests/editors/test_vscode_host.py.
 * VS Code calls `run`; HEATLINE_CHECKS names a file with what to expect and where the results go.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";

interface Line {
  line: number;
  risk: number;
  unscaledRisk: number;
}

interface Plan {
  /** Where the results are written: a list of `[name, what went wrong or null]`. */
  results: string;
  file: string;
  functions: number;
  /** Lines with a risk of at least the probe's threshold. */
  flagged: Line[];
  /** All lines that aren't blank. */
  lines: Line[];
}

const PATIENCE_MS = 120_000;
const SECOND_OPINION = "heatline.secondOpinion";

const plan = JSON.parse(readFileSync(process.env["HEATLINE_CHECKS"] ?? "", "utf8")) as Plan;
const checks: [string, () => Promise<void>][] = [];
const uri = vscode.Uri.file(plan.file);

function check(name: string, body: () => Promise<void>): void {
  checks.push([name, body]);
}

check("the extension is active and what it contributes is there", async () => {
  const extension = vscode.extensions.getExtension("heatline.heatline");
  assert.ok(extension);
  await extension.activate();
  await flaggedAre(plan.flagged);
  const { contributes } = extension.packageJSON as { contributes: { commands: { command: string }[] } };
  const known = new Set(await vscode.commands.getCommands(true));
  const missing = contributes.commands.map(({ command }) => command).filter((command) => !known.has(command));
  assert.deepEqual(missing, [SECOND_OPINION], "it is off until somebody turns it on");
});

check("a diagnostic names the risk and covers its line without the blanks", async () => {
  await flaggedAre(plan.flagged);
  const { document } = await shown();
  for (const { line, risk } of plan.flagged) {
    const diagnostic = ours().find(({ range }) => range.start.line === line);
    assert.ok(diagnostic);
    const text = document.lineAt(line).text;
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Information);
    assert.match(diagnostic.message, new RegExp(`^risk ${percent(risk)}`));
    assert.equal(document.getText(diagnostic.range), text.trim());
  }
});

check("the hover has a bar, both risks, and the tokens that raise the line's", async () => {
  const worst = worstLine();
  const hover = await hoverText(new vscode.Position(worst.line, await firstColumn(worst.line)));
  assert.match(hover, /▰+▱*/);
  assert.ok(hover.includes(`line ${String(worst.line + 1)}: risk ${percent(worst.risk)}`), hover);
  assert.ok(hover.includes(`unscaled ${percent(worst.unscaledRisk)}`), hover);
  assert.ok(hover.includes("Raises this line's risk most"), hover);
});

check("a code lens above each function opens its riskiest line", async () => {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    "vscode.executeCodeLensProvider",
    uri,
    100,
  );
  const titles = lenses.map(({ command }) => command?.title ?? "");
  assert.equal(
    titles.filter((title) => /^risk (\d+|under \d+|over \d+) %/.test(title)).length,
    plan.functions,
  );
  const [first] = lenses;
  assert.ok(first?.command);
  const editor = await shown();
  editor.selection = new vscode.Selection(0, 0, 0, 0);
  await vscode.commands.executeCommand(
    first.command.command,
    ...((first.command.arguments ?? []) as unknown[]),
  );
  const last = lenses[1]?.range.start.line ?? editor.document.lineCount;
  await until(
    () => first.range.start.line <= caret(editor) && caret(editor) < last,
    vscode.window.onDidChangeTextEditorSelection,
    () => `the caret is in line ${String(caret(editor) + 1)}`,
  );
});

check("a quick fix ignores a line by a comment, and undo flags it again", async () => {
  const { line } = worstLine();
  const fix = (await actionsIn(line)).find(({ title }) => title === "Ignore this line");
  assert.ok(fix?.edit);
  await vscode.workspace.applyEdit(fix.edit);
  const editor = await shown();
  assert.match(editor.document.lineAt(line).text, /heatline: ignore/);
  await until(() => !flaggedLines().includes(line), vscode.languages.onDidChangeDiagnostics, flaggedLines);
  await vscode.commands.executeCommand("undo");
  await flaggedAre(plan.flagged);
});

check("a line that is marked as reviewed is no problem, until the mark is taken back", async () => {
  const { line } = worstLine();
  const fix = (await actionsIn(line)).find(({ title }) => title === "Mark as reviewed");
  assert.ok(fix?.command);
  const { command, arguments: given } = fix.command;
  await vscode.commands.executeCommand(command, ...((given ?? []) as unknown[]));
  await flaggedAre(plan.flagged.filter((each) => each.line !== line));
  await goTo(line);
  await vscode.commands.executeCommand("heatline.unmarkReviewed");
  await flaggedAre(plan.flagged);
});

check("the toggle changes what is said, and changes it back", async () => {
  assert.equal(await vscode.commands.executeCommand("heatline.toggleScaling"), "unscaled");
  await until(
    () => ours().length > 0 && ours().every(({ message }) => message.startsWith("unscaled risk")),
    vscode.languages.onDidChangeDiagnostics,
    () => ours().map(({ message }) => message),
  );
  assert.equal(await vscode.commands.executeCommand("heatline.toggleScaling"), "scaled");
  await flaggedAre(plan.flagged);
});

check("the next and the previous risky line are gone to, round the end of the file", async () => {
  const lines = plan.flagged.map(({ line }) => line);
  const editor = await goTo(lines[0] ?? 0);
  for (const step of [...lines.slice(1), lines[0]]) {
    await vscode.commands.executeCommand("heatline.nextRiskyLine");
    await until(
      () => caret(editor) === step,
      vscode.window.onDidChangeTextEditorSelection,
      () => [caret(editor), step],
    );
  }
  await vscode.commands.executeCommand("heatline.previousRiskyLine");
  const last = lines[lines.length - 1];
  await until(
    () => caret(editor) === last,
    vscode.window.onDidChangeTextEditorSelection,
    () => [caret(editor), last],
  );
});

check("the report of open files is written and named", async () => {
  const report = await vscode.commands.executeCommand<{ uri: string } | null>("heatline.showReport");
  assert.ok(report);
  const page = readFileSync(vscode.Uri.parse(report.uri).fsPath, "utf8");
  assert.match(page, /<html/);
});

check("where nothing is known of how well risks hold, no page is shown", async () => {
  assert.equal(await vscode.commands.executeCommand("heatline.showReliability"), null);
  const pages = vscode.window.tabGroups.all // the report's may still be there
    .flatMap(({ tabs }) => tabs)
    .filter(({ input, label }) => input instanceof vscode.TabInputWebview && label.includes("Reliability"))
    .map(({ label }) => label);
  assert.deepEqual(pages, []);
});

check("a changed threshold holds at once", async () => {
  await set("threshold", 0);
  await flaggedAre(plan.lines);
  await set("threshold", undefined);
  await flaggedAre(plan.flagged);
});

check("with the scope inserted exactly what came in one go is shown, and undo takes it away", async () => {
  await set("threshold", 0);
  await set("scope", "inserted");
  await flaggedAre([]);
  const editor = await shown();
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  const before = editor.document.lineCount - 1;
  await editor.edit((edit) => {
    edit.insert(end, "\n\ndef total(routes):\n    return sum(route.base for route in routes)\n");
  });
  const inserted = [before + 2, before + 3];
  await until(
    () => same(flaggedLines(), inserted),
    vscode.languages.onDidChangeDiagnostics,
    () => [flaggedLines(), inserted],
  );
  await vscode.commands.executeCommand("undo");
  await flaggedAre([]);
  await set("scope", "file");
  await set("threshold", undefined);
  await flaggedAre(plan.flagged);
});

check("a document without a file is scored too, and closed ones leave no problems", async () => {
  const document = await vscode.workspace.openTextDocument({
    language: "python",
    content: readFileSync(plan.file, "utf8"),
  });
  await vscode.window.showTextDocument(document);
  await flaggedAre(plan.flagged, document.uri);
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await until(
    () => flaggedLines(document.uri).length === 0,
    vscode.languages.onDidChangeDiagnostics,
    () => flaggedLines(document.uri),
  );
});

// From here on the selected line counts as generated: it was asked about.
check("the risk of a selection is told, and is the line's where it is a line", async () => {
  const worst = worstLine();
  const editor = await goTo(worst.line);
  editor.selection = new vscode.Selection(
    new vscode.Position(worst.line, await firstColumn(worst.line)),
    editor.document.lineAt(worst.line).range.end,
  );
  const span = await vscode.commands.executeCommand<{ risk: number; unscaledRisk: number } | null>(
    "heatline.scoreSelection",
  );
  assert.ok(span);
  assert.ok(Math.abs(span.unscaledRisk - worst.unscaledRisk) < 0.01, JSON.stringify([span, worst]));
});

check("the server restarts when it is asked to, and says the same", async () => {
  await vscode.commands.executeCommand("heatline.restartServer");
  await restarted();
});

check("a second opinion can be asked for once it is turned on, and no longer than that", async () => {
  await set("secondOpinion.enabled", true);
  await restarted();
  assert.ok((await vscode.commands.getCommands(true)).includes(SECOND_OPINION));
  await set("secondOpinion.enabled", undefined);
  await restarted();
  assert.ok(!(await vscode.commands.getCommands(true)).includes(SECOND_OPINION));
});

/** Called by VS Code; rejects when a check failed. */
export async function run(): Promise<void> {
  await shown();
  const results: [string, string | null][] = [];
  for (const [name, body] of checks) {
    try {
      await body();
      results.push([name, null]);
    } catch (error) {
      results.push([name, error instanceof Error ? (error.stack ?? error.message) : String(error)]);
      await set("threshold", undefined); // what it has left must not fail the next ones
      await set("scope", "file");
      await set("secondOpinion.enabled", undefined);
    }
    writeFileSync(plan.results, JSON.stringify(results));
  }
  const failed = results.filter(([, why]) => why !== null).length;
  if (failed > 0) throw new Error(`${String(failed)} checks failed`);
}

/** Waits until the condition holds, looking again at each event; an error that says what was there instead. */
async function until(
  condition: () => boolean,
  event: vscode.Event<unknown>,
  what: () => unknown,
): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      listening.dispose();
      reject(new Error(`never came about; instead ${JSON.stringify(what())}`));
    }, PATIENCE_MS);
    const listening = event(() => {
      if (!condition()) return;
      clearTimeout(late);
      listening.dispose();
      resolve();
    });
  });
}

/** Waits until the server's diagnostics have gone, and have come again. */
async function restarted(): Promise<void> {
  await until(
    () => flaggedLines().length === 0,
    vscode.languages.onDidChangeDiagnostics,
    () => flaggedLines(),
  );
  await flaggedAre(plan.flagged);
}

async function flaggedAre(lines: readonly Line[], of: vscode.Uri = uri): Promise<void> {
  const wanted = lines.map(({ line }) => line);
  await until(
    () => same(flaggedLines(of), wanted) && ours(of).every(({ message }) => !message.startsWith("unscaled")),
    vscode.languages.onDidChangeDiagnostics,
    () => ({ flagged: flaggedLines(of), wanted }),
  );
}

function ours(of: vscode.Uri = uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(of).filter(({ source }) => source === "heatline");
}

function flaggedLines(of: vscode.Uri = uri): number[] {
  return ours(of)
    .map(({ range }) => range.start.line)
    .sort((a, b) => a - b);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function worstLine(): Line {
  const [worst] = [...plan.flagged].sort((a, b) => b.risk - a.risk);
  assert.ok(worst);
  return worst;
}

function percent(risk: number): string {
  if (risk < 0.01) return "under 1 %";
  return risk > 0.99 ? "over 99 %" : `${(risk * 100).toFixed(0)} %`;
}

async function shown(): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

async function goTo(line: number): Promise<vscode.TextEditor> {
  const editor = await shown();
  editor.selection = new vscode.Selection(line, 0, line, 0);
  return editor;
}

function caret(editor: vscode.TextEditor): number {
  return editor.selection.active.line;
}

async function firstColumn(line: number): Promise<number> {
  return (await shown()).document.lineAt(line).firstNonWhitespaceCharacterIndex;
}

async function hoverText(at: vscode.Position): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", uri, at);
  return hovers
    .flatMap(({ contents }) => contents as vscode.MarkdownString[])
    .map(({ value }) => value)
    .join("\n");
}

async function actionsIn(line: number): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    new vscode.Range(line, 0, line, 0),
  );
}

async function set(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration("heatline").update(name, value, vscode.ConfigurationTarget.Global);
}
