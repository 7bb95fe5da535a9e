/** What Heatline's server says beyond the Language Server Protocol (docs/protocol.md). No `vscode` import. */

export type Scaling = "scaled" | "unscaled";

export interface Position {
  line: number;
  character: number;
}

export interface ProtocolRange {
  start: Position;
  end: Position;
}

export interface LineHeat {
  line: number;
  risk: number;
  unscaledRisk: number;
}

/** `[line, startChar, length, bucket]`, in UTF-16 units and buckets from 1 (mild) to 5 (hot). */
export type TokenHeat = [line: number, startChar: number, length: number, bucket: number];

/** Notification `heatline/heat`. */
export interface HeatParams {
  uri: string;
  version: number;
  scaling: Scaling;
  lines: LineHeat[];
  tokens: TokenHeat[];
  pending: ProtocolRange | null;
}

export interface RiskyLine {
  uri: string;
  range: ProtocolRange;
  risk: number;
  unscaledRisk: number;
  text: string;
}

export interface RiskyFile {
  uri: string;
  version: number | null;
  lines: RiskyLine[];
}

/** Result of the request `heatline/riskyLines`. */
export interface RiskyLines {
  files: RiskyFile[];
}

/** Notification `heatline/status`. */
export interface Status {
  state: "stopped" | "starting" | "idle" | "busy" | "failed";
  supervisor: string;
  probe: string | null;
  scaling: Scaling;
  /** What the scaled figures rest on where that is the workspace's own history, in a sentence. */
  basis: string | null;
  /** What the model runs on; null until it had to run. */
  device: string | null;
  pending: number;
  worst: RiskyLine | null;
  /** Why nothing can be scored, or why the model runs on another device than was asked for. */
  message: string | null;
}

/** Result of the command `heatline.scoreSelection`. */
export interface SpanConfidence {
  level: string;
  risk: number;
  unscaledRisk: number;
}

/** Result of the command `heatline.explain`. */
export interface Explanation {
  markdown: string;
  range: ProtocolRange;
  risk: number;
  unscaledRisk: number;
}

/** Result of the command `heatline.secondOpinion`. */
export interface SecondOpinion {
  uri: string;
  model: string;
  lines: { line: number; risk: number | null; modelRisk: number }[];
}

/** `31 %`; never 0 % or 100 %, which no estimate is. The same words as the server's. */
export function percent(risk: number): string {
  if (risk < 0.01) return "under 1 %";
  if (risk > 0.99) return "over 99 %";
  return `${(risk * 100).toFixed(0)} %`;
}
