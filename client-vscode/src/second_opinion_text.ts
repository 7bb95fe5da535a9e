/** Two opinions on the same lines, as Markdown. No `vscode` import: testable without an editor. */

import { percent, type SecondOpinion } from "./protocol";

const BACKSLASHED = /[\\`*_{}[\]()<>#+\-.!|~&$:]/g;

/** A table of both risks, the line that the model doubts most first; `textOf` gives a line's text, from 0. */
export function secondOpinionMarkdown(opinion: SecondOpinion, textOf: (line: number) => string): string {
  const rows = [...opinion.lines]
    .sort((a, b) => b.modelRisk - a.modelRisk)
    .map(
      ({ line, risk, modelRisk }) =>
        `| ${String(line + 1)} | ${risk === null ? "–" : percent(risk)} | ${percent(modelRisk)} | ${codeCell(textOf(line))} |`,
    );
  return [
    `# Second opinion of ${literal(opinion.model)}`,
    "The probe's risk is calibrated; the model's is what it answered.",
    ["| line | probe | model | |", "| ---: | ---: | ---: | --- |", ...rows].join("\n"),
  ].join("\n\n");
}

/** The text as it is, whatever it means in Markdown. */
function literal(text: string): string {
  return text.trim().replace(BACKSLASHED, "\\$&");
}

/** The text in a table's cell, as code: fenced by more backticks than it holds in a row, and not cut at a bar. */
function codeCell(text: string): string {
  const code = text.trim().replaceAll("|", "\\|");
  const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return code === "" ? "" : `${fence}${pad}${code}${pad}${fence}`;
}
