/** The order of the view "Risky lines". No `vscode` import: testable without an editor. */

import { shownRisk } from "./heat";
import { percent, type RiskyFile, type RiskyLine, type Scaling } from "./protocol";

/** Files by their worst line, lines by risk; equal ones as they stand. Files without lines are left out. */
export function byRisk(files: readonly RiskyFile[], scaling: Scaling): RiskyFile[] {
  const risk = (line: RiskyLine): number => shownRisk(line, scaling);
  return files
    .filter((file) => file.lines.length > 0)
    .map((file) => ({ ...file, lines: [...file.lines].sort((a, b) => risk(b) - risk(a)) }))
    .sort((a, b) => worst(b, risk) - worst(a, risk));
}

function worst(file: RiskyFile, risk: (line: RiskyLine) => number): number {
  const [first] = file.lines;
  return first ? risk(first) : 0;
}

/** Takes the files of a partial result into what is there: a file that comes again replaces itself. */
export function withFiles(known: readonly RiskyFile[], more: readonly RiskyFile[]): RiskyFile[] {
  const fresh = new Set(more.map((file) => file.uri));
  return [...known.filter((file) => !fresh.has(file.uri)), ...more];
}

/** What a screen reader says of a line. */
export function spokenLine(line: RiskyLine, scaling: Scaling): string {
  const name = scaling === "scaled" ? "risk" : "unscaled risk";
  return `line ${String(line.range.start.line + 1)}, ${name} ${percent(shownRisk(line, scaling))}: ${line.text.trim()}`;
}
