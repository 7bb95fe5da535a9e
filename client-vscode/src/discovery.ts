/** In which order a server is looked for. No `vscode` import: testable without an editor. */

import { mismatch, parseVersion, type Version } from "./versions";

export interface Program {
  command: string;
  /** What comes before `serve`. */
  args: readonly string[];
  /** Where it was found, as a person reads it. */
  origin:
    "the setting heatline.path" | "the selected Python environment" | "PATH" | "the extension's environment";
}

/** What the search needs to know; each is asked only when its turn comes. */
export interface Surroundings {
  clientVersion: Version;
  /** Whether the folder may say which programs run. */
  trusted: boolean;
  /** `heatline.path`, when it is set. */
  path: string | undefined;
  /** The interpreter of the selected Python environment. */
  selectedPython(): Promise<string | undefined>;
  /** The interpreter of the environment in this extension's own storage. */
  privatePython(): Promise<string | undefined>;
  /** What the program prints for `--version`; undefined when it can't be run. */
  printedVersion(program: Program): Promise<string | undefined>;
}

export type Found =
  | { program: Program; version: Version }
  | { program: undefined; problems: readonly string[]; pathIsSet: boolean };

/**
 * The first server that runs and fits this client. In an untrusted folder only the extension's own counts: a Python
 * environment and PATH can be the folder's. A `heatline.path` that doesn't work is a mistake to be told, not a
 * reason to run another program than the one that was asked for.
 */
export async function findServer(surroundings: Surroundings): Promise<Found> {
  const problems: string[] = [];
  const pathIsSet = surroundings.trusted && surroundings.path !== undefined;
  for await (const program of candidates(surroundings)) {
    const printed = await surroundings.printedVersion(program);
    const version = printed === undefined ? undefined : parseVersion(printed);
    const problem = version ? mismatch(version, surroundings.clientVersion) : "does not run";
    if (version && problem === undefined) return { program, version };
    // Having no Heatline is the normal state of a Python environment and of PATH.
    if (version || pathIsSet) problems.push(`${program.command} (${program.origin}) ${problem ?? ""}`);
  }
  return { program: undefined, problems, pathIsSet };
}

async function* candidates(surroundings: Surroundings): AsyncGenerator<Program> {
  if (surroundings.trusted) {
    if (surroundings.path !== undefined) {
      yield { command: surroundings.path, args: [], origin: "the setting heatline.path" };
      return;
    }
    const selected = await surroundings.selectedPython();
    if (selected !== undefined) yield inPython(selected, "the selected Python environment");
    yield { command: "heatline", args: [], origin: "PATH" };
  }
  const own = await surroundings.privatePython();
  if (own !== undefined) yield inPython(own, "the extension's environment");
}

function inPython(interpreter: string, origin: Program["origin"]): Program {
  // -P: a folder that is open must not be able to put its own modules before Heatline's.
  return { command: interpreter, args: ["-P", "-m", "heatline"], origin };
}
