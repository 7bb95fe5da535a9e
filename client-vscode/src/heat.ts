/** The `heatline/heat` notification (docs/protocol.md). No `vscode` import: testable without an editor. */

export interface LineHeat {
  line: number;
  risk: number;
  unscaledRisk: number;
}

/** `[line, startChar, length, bucket]`, in UTF-16 units and buckets from 1 (mild) to `BUCKETS` (hot). */
export type TokenHeat = [line: number, startChar: number, length: number, bucket: number];

export interface HeatParams {
  uri: string;
  version: number;
  scaling: "scaled" | "unscaled";
  lines: LineHeat[];
  tokens: TokenHeat[];
}

export const BUCKETS = 5;

export interface CharacterRange {
  line: number;
  start: number;
  end: number;
}

/** Splits tokens by bucket: index 0 holds bucket 1. Every bucket is present, so that old heat is cleared. */
export function rangesByBucket(tokens: readonly TokenHeat[]): CharacterRange[][] {
  return Array.from({ length: BUCKETS }, (_, index) =>
    tokens
      .filter(([, , , bucket]) => bucket === index + 1)
      .map(([line, start, length]) => ({ line, start, end: start + length })),
  );
}
