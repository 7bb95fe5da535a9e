/** What a person set, as the server takes it. No `vscode` import: testable without an editor. */

/** The values of one setting by place, as `WorkspaceConfiguration.inspect` gives them. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
  globalLanguageValue?: unknown;
  workspaceLanguageValue?: unknown;
  workspaceFolderLanguageValue?: unknown;
}

/** Settings that this client itself uses, and the server wouldn't know. */
const OF_THE_CLIENT = ["path", "heat.", "trace."];

export function isForServer(name: string): boolean {
  return !OF_THE_CLIENT.some((own) => name === own || (own.endsWith(".") && name.startsWith(own)));
}

/**
 * Collects the settings that a person set anywhere, the innermost place winning; a null one is left out. An
 * editor's default is never sent: it would hide the project's `heatline.toml`. Values are not checked here: the
 * server does, and says what is wrong with one.
 *
 * @param names dotted names without `heatline.`
 * @param restricted names that an untrusted folder may not set
 * @param trusted whether the folder is
 */
export function personSettings(
  names: readonly string[],
  inspect: (name: string) => Inspected | undefined,
  restricted: ReadonlySet<string>,
  trusted: boolean,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const name of names.filter(isForServer)) {
    const set = inspect(name);
    if (!set) continue;
    const ofFolder =
      trusted || !restricted.has(name)
        ? [
            set.workspaceFolderLanguageValue,
            set.workspaceLanguageValue,
            set.workspaceFolderValue,
            set.workspaceValue,
          ]
        : [];
    const value = [...ofFolder, set.globalLanguageValue, set.globalValue].find(
      (each) => each !== undefined && each !== null,
    );
    if (value !== undefined) given[name] = value;
  }
  return given;
}
