/** The request `heatline/riskyLines`, whose files come one by one. */

import type * as vscode from "vscode";
import { type LanguageClient, ProgressType } from "vscode-languageclient/node";

import type { RiskyLines } from "./protocol";

const PART = new ProgressType<RiskyLines>();
let asked = 0;

/** Asks a server; undefined without one. `onPart` is called for each part before the result. */
export async function askForRiskyLines(
  client: LanguageClient | undefined,
  onPart: (part: RiskyLines) => void,
  token: vscode.CancellationToken,
): Promise<RiskyLines | undefined> {
  if (!client?.isRunning()) return undefined;
  const partialResultToken = `heatline-risky-lines-${String(++asked)}`;
  const parts = client.onProgress(PART, partialResultToken, onPart);
  try {
    return await client.sendRequest<RiskyLines>("heatline/riskyLines", { partialResultToken }, token);
  } finally {
    parts.dispose();
  }
}
