/** What to do when the server's process ends unasked. No `vscode` import. */

const ALLOWED = 3;
const WITHIN_MS = 3 * 60 * 1000;
const REMEMBERED_LINES = 20;

/** Counts the ends of the server's process, and remembers its last words. */
export class Crashes {
  private times: number[] = [];
  private words: string[] = [];

  constructor(private readonly now: () => number) {}

  /** A line that the server wrote to stderr. */
  heard(line: string): void {
    if (line.trim() !== "") this.words = [...this.words.slice(1 - REMEMBERED_LINES), line.trim()];
  }

  /** Notes an end; whether to start again: not after more than three within three minutes. */
  ended(): boolean {
    const now = this.now();
    this.times = [...this.times.filter((time) => now - time < WITHIN_MS), now];
    return this.times.length <= ALLOWED;
  }

  /** One sentence on why the server isn't there any more. */
  reason(): string {
    const last = this.words[this.words.length - 1];
    return last === undefined
      ? "Heatline's server stopped without a word."
      : `Heatline's server stopped; its last words: ${last.length > 200 ? `${last.slice(0, 199)}…` : last}`;
  }

  forget(): void {
    this.times = [];
    this.words = [];
  }
}
