/** The words of the status item. No `vscode` import: testable without an editor. */

import type { Status } from "./protocol";

/** What the client knows without the server. */
export type ServerState = "off" | "missing" | "starting" | "running" | "stopped";

export interface StatusText {
  text: string;
  /** Undefined: the worst line of the file. */
  detail: string | undefined;
  /** On what the figures rest; undefined: on what the probe was shipped with. */
  basis: string | undefined;
  /** What isn't as it was asked for, though scoring works. */
  warning: string | undefined;
  busy: boolean;
  severity: "Information" | "Warning" | "Error";
}

export function describeStatus(server: ServerState, status: Status | undefined): StatusText {
  const plain = { basis: undefined, warning: undefined, busy: false, severity: "Information" } as const;
  switch (server) {
    case "off":
      return { ...plain, text: "not started", detail: undefined };
    case "missing":
      return { ...plain, text: "no server", detail: "open the menu to install one", severity: "Warning" };
    case "starting":
      return { ...plain, text: "starting", detail: undefined, busy: true };
    case "stopped":
      return { ...plain, text: "stopped", detail: "open the menu to restart it", severity: "Error" };
    case "running":
      return status ? ofServer(status) : { ...plain, text: "running", detail: undefined };
  }
}

function ofServer(status: Status): StatusText {
  const basis = status.scaling === "scaled" ? (status.basis ?? undefined) : undefined;
  const device = status.device === null || status.device === "cpu" ? "" : ` on ${status.device}`;
  const shown: StatusText = {
    text: `${status.supervisor}${device}, ${status.scaling}${basis === undefined ? "" : " to this repository"}`,
    detail: undefined,
    basis,
    warning: undefined,
    busy: status.state === "starting" || status.state === "busy",
    severity: "Information",
  };
  if (status.state === "failed") {
    return { ...shown, detail: status.message ?? "nothing can be scored", severity: "Error" };
  }
  if (status.state === "starting") return { ...shown, detail: status.message ?? "loading the model" };
  return status.message === null ? shown : { ...shown, warning: status.message, severity: "Warning" };
}
