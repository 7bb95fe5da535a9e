/** What of a document's heat is drawn where. No `vscode` import: testable without an editor. */

import { movedPosition, movedRange, isBefore, type TextChange } from "./moved_ranges";
import type { HeatParams, LineHeat, ProtocolRange, Scaling, TokenHeat } from "./protocol";

/** A line's bucket is the number of these that its risk reaches; the server cuts tokens in the same way. */
export const BUCKET_EDGES = [0.1, 0.2, 0.35, 0.5, 0.7] as const;
export const BUCKETS = BUCKET_EDGES.length;

export function bucketOf(risk: number): number {
  return BUCKET_EDGES.filter((edge) => risk >= edge).length;
}

export function shownRisk(line: { risk: number; unscaledRisk: number }, scaling: Scaling): number {
  return scaling === "scaled" ? line.risk : line.unscaledRisk;
}

/** The ranges of one layer by bucket: index 0 holds bucket 1. Every bucket is present, so that old heat is cleared. */
export type RangesByBucket = readonly (readonly ProtocolRange[])[];

interface Marked {
  range: ProtocolRange;
  bucket: number;
}

/** One document's newest heat, kept in place while the text changes until the next message comes. */
export class DocumentHeat {
  private tokens: Marked[];
  private lines: (Marked & { risk: LineHeat })[];
  private pendingRange: ProtocolRange | undefined;
  readonly version: number;
  readonly scaling: Scaling;

  constructor(params: HeatParams) {
    this.version = params.version;
    this.scaling = params.scaling;
    this.tokens = onePerPlace(params.tokens).map(([line, start, length, bucket]) => ({
      range: { start: { line, character: start }, end: { line, character: start + length } },
      bucket,
    }));
    this.lines = params.lines.map((risk) => ({
      range: { start: { line: risk.line, character: 0 }, end: { line: risk.line, character: 0 } },
      bucket: bucketOf(shownRisk(risk, params.scaling)),
      risk,
    }));
    this.pendingRange = params.pending ?? undefined;
  }

  /** Moves everything along with the text, as the editor moves what it has drawn. */
  edited(change: TextChange): void {
    this.tokens = moved(this.tokens, change, movedRange);
    this.lines = moved(this.lines, change, movedLine);
    if (this.pendingRange) this.pendingRange = movedRange(this.pendingRange, change);
  }

  tokensByBucket(): RangesByBucket {
    return byBucket(this.tokens);
  }

  linesByBucket(): RangesByBucket {
    return byBucket(this.lines);
  }

  get pending(): ProtocolRange | undefined {
    return this.pendingRange;
  }

  /** The riskiest line, where it is now; undefined when nothing is scored. */
  worstLine(): { line: number; risk: number } | undefined {
    let worst: { line: number; risk: number } | undefined;
    for (const { range, risk } of this.lines) {
      const shown = shownRisk(risk, this.scaling);
      if (!worst || shown > worst.risk) worst = { line: range.start.line, risk: shown };
    }
    return worst;
  }
}

/** The tokens of one character's bytes stand in one place, as with an emoji: the riskiest is drawn. */
function onePerPlace(tokens: readonly TokenHeat[]): TokenHeat[] {
  const riskiest = new Map<string, TokenHeat>();
  for (const token of tokens) {
    const place = token.slice(0, 3).join(" ");
    const known = riskiest.get(place);
    if (!known || token[3] > known[3]) riskiest.set(place, token);
  }
  return [...riskiest.values()];
}

function moved<Mark extends Marked>(
  marks: readonly Mark[],
  change: TextChange,
  move: (range: ProtocolRange, change: TextChange) => ProtocolRange | undefined,
): Mark[] {
  return marks.flatMap((mark) => {
    const range = move(mark.range, change);
    if (!range) return [];
    return [range === mark.range ? mark : { ...mark, range }];
  });
}

/** A whole line's mark, an empty range at its start: it stays on its line unless the line itself goes. */
function movedLine(range: ProtocolRange, change: TextChange): ProtocolRange | undefined {
  const { start, end } = change.range;
  const at = range.start;
  const startsOnOrBelow = !isBefore(start, at);
  const isPushedDown = start.line === at.line && end.character === 0 && change.text.endsWith("\n");
  if (startsOnOrBelow && start.line === end.line && !(start.character === 0 && isPushedDown)) return range;
  if (startsOnOrBelow && (start.line > at.line || start.character > 0)) return range;
  if (isBefore(at, end)) return undefined;
  const { line } = movedPosition(at, change);
  return { start: { line, character: 0 }, end: { line, character: 0 } };
}

function byBucket(marked: readonly Marked[]): RangesByBucket {
  return Array.from({ length: BUCKETS }, (_, index) =>
    marked.filter(({ bucket }) => bucket === index + 1).map(({ range }) => range),
  );
}

/** The newest heat of every document; what belongs to an older text than the document's is not taken. */
export class HeatStore {
  private readonly latest = new Map<string, DocumentHeat>();

  /**
   * Takes a message, unless it is stale: of another version than the document has now.
   * @param documentVersion the version of the open document, undefined when it isn't open.
   */
  receive(key: string, params: HeatParams, documentVersion: number | undefined): boolean {
    if (documentVersion === undefined || params.version !== documentVersion) return false;
    this.latest.set(key, new DocumentHeat(params));
    return true;
  }

  /** Changes in the order in which the editor reports them: last in the document first. */
  edited(key: string, changes: readonly TextChange[]): void {
    const heat = this.latest.get(key);
    if (heat) for (const change of changes) heat.edited(change);
  }

  get(key: string): DocumentHeat | undefined {
    return this.latest.get(key);
  }

  forget(key: string): void {
    this.latest.delete(key);
  }

  clear(): void {
    this.latest.clear();
  }
}
