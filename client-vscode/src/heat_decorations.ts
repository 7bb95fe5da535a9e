/** Draws heat: token backgrounds, line tints, marks in the gutter and the overview ruler. */

import * as vscode from "vscode";

import { gutterMark } from "./gutter_mark";
import { BUCKETS, type DocumentHeat, type RangesByBucket } from "./heat";
import type { ProtocolRange } from "./protocol";

export interface HeatStyle {
  granularity: "token" | "line" | "both" | "off";
  gutter: boolean;
  overviewRuler: boolean;
}

/** How thick and of which kind the line under a token is: what tells the buckets apart without colour. */
const UNDERLINES = ["dotted 1px", "solid 1px", "solid 2px", "solid 3px", "double 2px"] as const;

const CLOSED = vscode.DecorationRangeBehavior.ClosedClosed;

/** One set of decoration types, at most six for each layer; another style needs another set. */
export class HeatDecorations implements vscode.Disposable {
  private readonly tokens: vscode.TextEditorDecorationType[];
  private readonly lines: vscode.TextEditorDecorationType[];
  private readonly pending: vscode.TextEditorDecorationType;

  constructor(style: HeatStyle) {
    const drawsTokens = style.granularity === "token" || style.granularity === "both";
    const drawsLines = style.granularity === "line" || style.granularity === "both";
    const on = style.granularity !== "off";
    this.tokens = drawsTokens
      ? buckets((bucket) => ({
          backgroundColor: color("tokenBackground", bucket),
          border: "1px solid",
          borderColor: color("tokenBorder", bucket),
          borderRadius: "2px",
          textDecoration: `underline ${UNDERLINES[bucket - 1] ?? "solid"} var(--vscode-heatline-heat${String(bucket)})`,
          rangeBehavior: CLOSED,
        }))
      : [];
    this.lines =
      drawsLines || (on && (style.gutter || style.overviewRuler))
        ? buckets((bucket) => ({
            isWholeLine: true,
            ...(drawsLines ? { backgroundColor: color("lineBackground", bucket) } : {}),
            ...(style.gutter
              ? {
                  light: { gutterIconPath: icon(bucket, "light") },
                  dark: { gutterIconPath: icon(bucket, "dark") },
                  gutterIconSize: "contain",
                }
              : {}),
            // The mildest lines would cover the ruler without telling anything.
            ...(style.overviewRuler && bucket >= 2
              ? {
                  overviewRulerColor: color("heat", bucket),
                  overviewRulerLane: vscode.OverviewRulerLane.Center,
                }
              : {}),
            rangeBehavior: CLOSED,
          }))
        : [];
    this.pending = vscode.window.createTextEditorDecorationType(on ? { opacity: "0.7" } : {});
  }

  draw(editor: vscode.TextEditor, heat: DocumentHeat | undefined): void {
    setAll(editor, this.tokens, heat?.tokensByBucket());
    setAll(editor, this.lines, heat?.linesByBucket());
    editor.setDecorations(this.pending, heat?.pending ? [toRange(heat.pending)] : []);
  }

  dispose(): void {
    for (const type of [...this.tokens, ...this.lines, this.pending]) type.dispose();
  }
}

function buckets(
  options: (bucket: number) => vscode.DecorationRenderOptions,
): vscode.TextEditorDecorationType[] {
  return Array.from({ length: BUCKETS }, (_, index) =>
    vscode.window.createTextEditorDecorationType(options(index + 1)),
  );
}

function setAll(
  editor: vscode.TextEditor,
  types: readonly vscode.TextEditorDecorationType[],
  ranges: RangesByBucket | undefined,
): void {
  types.forEach((type, index) => {
    editor.setDecorations(type, (ranges?.[index] ?? []).map(toRange));
  });
}

function toRange({ start, end }: ProtocolRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function color(name: string, bucket: number): vscode.ThemeColor {
  return new vscode.ThemeColor(`heatline.${name}${String(bucket)}`);
}

function icon(bucket: number, theme: "light" | "dark"): vscode.Uri {
  return vscode.Uri.parse(
    `data:image/svg+xml;base64,${Buffer.from(gutterMark(bucket, theme)).toString("base64")}`,
  );
}
