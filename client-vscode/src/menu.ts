/** The status item's menu, and the choice of supervisor and probe. */

import * as vscode from "vscode";

import type { Program } from "./discovery";
import { printedBy } from "./programs";

interface Entry extends vscode.QuickPickItem {
  command: string;
}

const WITH_SERVER: readonly Entry[] = [
  { label: "$(arrow-swap) Toggle scaled and unscaled risk", command: "heatline.toggleScaling" },
  { label: "$(paintcan) Show or hide heat", command: "heatline.toggleHeat" },
  { label: "$(file) Open the report", command: "heatline.showReport" },
  { label: "$(graph-line) See how well risks hold here", command: "heatline.showReliability" },
  { label: "$(comment-discussion) Ask for a second opinion…", command: "heatline.secondOpinion" },
  { label: "$(refresh) Score open files again", command: "heatline.rescore" },
  { label: "$(chip) Choose the supervisor…", command: "heatline.chooseSupervisor" },
  { label: "$(beaker) Choose the probe…", command: "heatline.chooseProbe" },
];
const ALWAYS: readonly Entry[] = [
  { label: "$(debug-restart) Restart the server", command: "heatline.restartServer" },
  { label: "$(output) Open the log", command: "heatline.showLog" },
  { label: "$(cloud-download) Install the server…", command: "heatline.installServer" },
  { label: "$(settings-gear) Settings", command: "heatline.openSettings" },
];

/** What can be done now; `basis` says on what the figures rest. */
export async function showMenu(basis: string | undefined): Promise<void> {
  const available = new Set(await vscode.commands.getCommands(true));
  const entries = [...WITH_SERVER, ...ALWAYS].filter(({ command }) => available.has(command));
  const picked = await vscode.window.showQuickPick(entries, {
    title: "Heatline",
    ...(basis === undefined ? {} : { placeHolder: basis }),
  });
  if (picked) await vscode.commands.executeCommand(picked.command);
}

/** The supervisors that the server's program knows, with what it says of each. */
export async function installedSupervisors(program: Program | undefined): Promise<vscode.QuickPickItem[]> {
  if (!program) return [];
  const printed = await printedBy(program.command, [...program.args, "supervisor", "list", "--json"]);
  if (printed === undefined) return [];
  const { supervisors } = JSON.parse(printed) as {
    supervisors: { name: string; title: string; state: string }[];
  };
  return supervisors.map(({ name, title, state }) => ({ label: name, description: `${title} · ${state}` }));
}

/** Lets a person choose among names, and keeps the choice in the user's settings. */
export async function chooseFor(
  setting: "supervisor" | "probe",
  choices: readonly vscode.QuickPickItem[],
): Promise<void> {
  const settings = vscode.workspace.getConfiguration("heatline");
  const byDefault: vscode.QuickPickItem = { label: "Default", description: `the server's own ${setting}` };
  const other: vscode.QuickPickItem = { label: "Other…", description: "a name or, for a probe, a file" };
  const picked = await vscode.window.showQuickPick([byDefault, ...choices, other], {
    title: `Which ${setting} reads the code`,
  });
  if (!picked) return;
  let value: string | undefined = picked === byDefault ? undefined : picked.label;
  if (picked === other) {
    value = await vscode.window.showInputBox({ prompt: `The ${setting}'s name`, ignoreFocusOut: true });
    if (!value?.trim()) return;
  }
  await settings.update(setting, value?.trim(), vscode.ConfigurationTarget.Global);
}
