/**
 * Profiles the extension host while somebody types: run inside it, by benchmarks/vscode.py. HEATLINE_PROFILE names a folder:
 * `started` appears there once the profile runs, and `typing.cpuprofile` after `stop` was put there.
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
  await session.post("Profiler.start");
  const stopped = appears(path.join(folder, "stop"));
  writeFileSync(path.join(folder, "started"), "");
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
