/** Running other programs. No `vscode` import: testable without an editor. */

import { execFile, spawn } from "node:child_process";

const ANSWER_MS = 20_000;

/** What a program printed on stdout; undefined when it can't be run, fails, or takes longer than `timeoutMs`. */
export function printedBy(
  command: string,
  args: readonly string[],
  timeoutMs: number = ANSWER_MS,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: timeoutMs, windowsHide: true }, (error, stdout) => {
      resolve(error ? undefined : stdout);
    });
  });
}

export type Ended = { kind: "done" } | { kind: "cancelled" } | { kind: "failed"; why: string };

/** Runs a program to its end, handing every line it prints to `onLine`; `signal` stops it. */
export function run(
  command: readonly [string, ...string[]],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { windowsHide: true, signal });
    let last = "";
    const read = (chunk: Buffer): void => {
      for (const line of chunk.toString("utf8").split(/[\r\n]+/)) {
        if (line.trim() === "") continue;
        last = line.trim();
        onLine(last);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", (error) => {
      resolve(signal.aborted ? { kind: "cancelled" } : { kind: "failed", why: error.message });
    });
    child.on("close", (code) => {
      if (signal.aborted) resolve({ kind: "cancelled" });
      else if (code === 0) resolve({ kind: "done" });
      else resolve({ kind: "failed", why: last || `${program} ended with exit code ${String(code)}` });
    });
  });
}
