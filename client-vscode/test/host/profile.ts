/**
 * Profiles the extension host while somebody types: run inside it, by benchmarks/vscode.py. HEATLINE_PROFILE names a folder:
 * `ready` appears there; from when `begin` is put there until `stop` is, it profiles; then `typing.cpuprofile` appears.
 */

import { existsSync, watch, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import * as path from "node:path";

const folder = process.env["HEATLINE_PROFILE"] ?? "";

/** Called by VS Code. */
export async function run(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  const [begun, stopped] = ["begin", "stop"].map((name) => appears(path.join(folder, name)));
  writeFileSync(path.join(folder, "ready"), "");
  await begun;
  await session.post("Profiler.start");
  await stopped;
  const { profile } = await session.post("Profiler.stop");
  writeFileSync(path.join(folder, "typing.cpuprofile"), JSON.stringify(profile));
  session.disconnect();
}

function appears(file: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => {
      if (!existsSync(file)) return;
      watcher.close();
      resolve();
    });
  });
}
