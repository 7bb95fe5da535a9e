/** What a person set, as the server's `initializationOptions`. No `vscode` import: testable without an editor. */

export interface InitializationOptions {
  supervisor?: string;
  probe?: string;
  threads?: number;
  threshold?: number;
  scope?: string;
  scaling?: string;
  debounceMs?: number;
}

const NAMES = ["supervisor", "probe", "threads", "threshold", "scope", "scaling", "debounceMs"] as const;

/**
 * Collects the settings that hold a value; an empty or null one is left out, so that the server's own
 * default holds. Values are not checked here: the server does, and says what is wrong with one.
 */
export function initializationOptions(setting: (name: string) => unknown): InitializationOptions {
  const given = NAMES.map((name) => [name, setting(name)] as const).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return Object.fromEntries(given);
}
