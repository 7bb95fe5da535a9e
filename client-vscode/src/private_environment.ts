/** The extension's own Python environment, in its global storage: made when a person agrees to it. */

import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";

import {
  CAN_MAKE_ENVIRONMENTS,
  type Command,
  environmentSteps,
  interpreterOf,
  pythonCandidates,
  shown,
} from "./environment_steps";
import { printedBy, run } from "./programs";

export class PrivateEnvironment {
  /** One for each version: an update never changes the environment that another window runs. */
  private readonly name: string;
  private readonly storage: string;
  private readonly bundled: string;
  private creating: Promise<boolean> | undefined;

  constructor(
    context: vscode.ExtensionContext,
    version: string,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.name = `server-${version}`;
    this.storage = context.globalStorageUri.fsPath;
    this.bundled = context.asAbsolutePath("bundled");
  }

  /** Its interpreter, when it has been made. */
  interpreter(): string | undefined {
    const found = interpreterOf(path.join(this.storage, this.name), process.platform);
    return existsSync(found) ? found : undefined;
  }

  /** Offers to make the environment, showing what would be run; true when it is there afterwards. */
  async offer(why: string): Promise<boolean> {
    const answer = await vscode.window.showWarningMessage(
      `${why} Heatline can install its server into an environment of its own.`,
      "Install…",
      "Open Settings",
      "Show Log",
    );
    if (answer === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "heatline.path");
    } else if (answer === "Show Log") {
      this.log.show();
    }
    return answer === "Install…" && (await this.create());
  }

  /** Makes the environment after showing the commands; a second call while one is under way joins it. */
  create(): Promise<boolean> {
    this.creating ??= this.confirmAndMake().finally(() => {
      this.creating = undefined;
    });
    return this.creating;
  }

  private async confirmAndMake(): Promise<boolean> {
    const wheel = await this.wheel();
    if (wheel === undefined) {
      void vscode.window.showErrorMessage(
        "This build of the extension holds no server: install one with `pip install heatline` and set heatline.path.",
      );
      return false;
    }
    const python = await findPython();
    if (!python) {
      void vscode.window.showErrorMessage(
        "No Python 3.11 or later with its venv module was found: install one (on Debian and Ubuntu also " +
          "python3-venv), then run “Heatline: Install the Server”.",
      );
      return false;
    }
    const target = path.join(this.storage, this.name);
    const folder = `${target}.part`;
    const proxy = vscode.workspace.getConfiguration("http").get<string>("proxy", "") || undefined;
    const steps = environmentSteps({ python, folder, wheel, proxy, platform: process.platform });
    const answer = await vscode.window.showInformationMessage(
      "Install Heatline's server?",
      {
        modal: true,
        detail: `These commands are run; packages come from the index that pip is set to use:\n\n${steps
          .map(withoutPassword)
          .join("\n\n")}`,
      },
      "Install",
    );
    return answer === "Install" && (await this.make(steps, folder, target));
  }

  private async make(steps: readonly Command[], folder: string, target: string): Promise<boolean> {
    const ended = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: "Installing Heatline's server",
        cancellable: true,
      },
      async (progress, token) => {
        const stop = new AbortController();
        token.onCancellationRequested(() => {
          stop.abort();
        });
        await mkdir(this.storage, { recursive: true });
        for (const step of steps) {
          this.log.info(`> ${withoutPassword(step)}`);
          const result = await run(
            step,
            (line) => {
              this.log.info(line);
              progress.report({ message: line.length > 60 ? `${line.slice(0, 59)}…` : line });
            },
            stop.signal,
          );
          if (result.kind !== "done") return result;
        }
        return { kind: "done" } as const;
      },
    );
    if (ended.kind === "done") {
      await rm(target, { recursive: true, force: true });
      await rename(folder, target); // nobody ever sees half an environment
      await this.removeOthers();
      return true;
    }
    await rm(folder, { recursive: true, force: true });
    if (ended.kind === "failed") {
      const answer = await vscode.window.showErrorMessage(
        `Heatline's server could not be installed: ${ended.why}`,
        "Show Log",
      );
      if (answer) this.log.show();
    }
    return false;
  }

  private async wheel(): Promise<string | undefined> {
    if (!existsSync(this.bundled)) return undefined;
    const wheels = (await readdir(this.bundled)).filter((name) => name.endsWith(".whl"));
    return wheels[0] === undefined ? undefined : path.join(this.bundled, wheels[0]);
  }

  private async removeOthers(): Promise<void> {
    for (const name of await readdir(this.storage)) {
      if (!name.startsWith("server-") || name === this.name) continue;
      // Another window may still run it; then it stays until the next time.
      await rm(path.join(this.storage, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function findPython(): Promise<Command | undefined> {
  for (const candidate of pythonCandidates(process.platform)) {
    const [program, ...args] = candidate;
    const answer = await printedBy(program, [...args, "-c", CAN_MAKE_ENVIRONMENTS]);
    if (answer?.trim() === "yes") return candidate;
  }
  return undefined;
}

/** A proxy's address may hold a password, which belongs neither on the screen nor in a log. */
function withoutPassword(command: Command): string {
  return shown(command).replace(/(\/\/[^/:@\s"]*):[^/@\s"]*@/g, "$1:…@");
}
