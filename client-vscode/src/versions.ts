/** Whether a server and this client understand each other. No `vscode` import. */

export interface Version {
  major: number;
  minor: number;
  patch: number;
}

/** Reads the version out of `heatline 0.1.0`; undefined when there is none. */
export function parseVersion(printed: string): Version | undefined {
  const found = /\b(\d+)\.(\d+)\.(\d+)/.exec(printed);
  if (!found) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
}

/**
 * What is wrong with a server for this client, in half a sentence; undefined when they fit. Before 1.0 the minor
 * version may change the protocol, afterwards only the major one (semver.org, items 4 and 8).
 */
export function mismatch(server: Version, client: Version): string | undefined {
  const [a, b] = [release(server), release(client)];
  if (a === b) return undefined;
  return `is version ${text(server)}, and this extension needs ${b}`;
}

function release(version: Version): string {
  return version.major === 0 ? `0.${String(version.minor)}.x` : `${String(version.major)}.x`;
}

function text({ major, minor, patch }: Version): string {
  return [major, minor, patch].join(".");
}
