/** The commands that make the extension's own Python environment. No `vscode` import. */

import * as path from "node:path";

export type Command = readonly [string, ...string[]];

export interface EnvironmentPlan {
  /** The Python that the environment is made with: 3.11 or later. */
  python: Command;
  /** Where it is to be made. */
  folder: string;
  /** The wheel that came with the extension. */
  wheel: string;
  /** The proxy that the editor is set to use; without one pip uses the environment's variables. */
  proxy: string | undefined;
  platform: NodeJS.Platform;
}

/** The interpreter of an environment. */
export function interpreterOf(folder: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? path.win32.join(folder, "Scripts", "python.exe")
    : path.posix.join(folder, "bin", "python");
}

/** What is run, in order; the very commands that the person is shown beforehand. */
export function environmentSteps(plan: EnvironmentPlan): Command[] {
  const interpreter = interpreterOf(plan.folder, plan.platform);
  const proxy = plan.proxy === undefined ? [] : ["--proxy", plan.proxy];
  return [
    [...plan.python, "-m", "venv", "--clear", plan.folder],
    [interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...proxy, plan.wheel],
  ];
}

/** Programs that may be a Python 3.11 or later, the most likely first. */
export function pythonCandidates(platform: NodeJS.Platform): Command[] {
  if (platform === "win32") return [["py", "-3"], ["python"], ["python3"]];
  return [["python3"], ["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"], ["python"]];
}

/** Prints "yes" where an environment can be made: Debian's python3 has no venv module until python3-venv is there. */
export const CAN_MAKE_ENVIRONMENTS =
  "import sys, venv, ensurepip; print('yes' if sys.version_info >= (3, 11) else 'no')";

/** One line that a person could paste into a terminal. */
export function shown(command: Command): string {
  return command.map((word) => (/^[\w./:\\=@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}
