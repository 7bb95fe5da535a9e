/** Heatline in VS Code: starts the server and shows what it says. What a feature does stands in its own module. */

import * as vscode from "vscode";

import { HeatView } from "./heat_view";
import { reportInsertions } from "./insertion_reporter";
import { chooseFor, installedSupervisors, showMenu } from "./menu";
import { PageView } from "./page_view";
import { PrivateEnvironment } from "./private_environment";
import type { HeatParams, Status } from "./protocol";
import { onSelectedPythonChange } from "./python_environment";
import { askForRiskyLines } from "./risky_lines_request";
import { RiskyLinesView } from "./risky_lines_view";
import { Server } from "./server";
import { PREVIEW_SCHEME, SECOND_OPINION, ServerCommands } from "./server_commands";
import { StatusItem } from "./status_item";
import type { ServerState } from "./status_text";
import { parseVersion } from "./versions";

/** The part of package.json that is read here. */
interface Manifest {
  version: string;
  contributes: { configuration: { properties: Record<string, unknown> } };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

const SELECTOR = ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ scheme }));

/** Settings that the server reads only when it starts: they decide which commands and features it offers. */
const READ_AT_START = [
  "path",
  "secondOpinion.enabled",
  "features.semanticTokens",
  "features.workspaceDiagnostics",
];

let stopServer: (() => Promise<void>) | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const manifest = context.extension.packageJSON as Manifest;
  const log = vscode.window.createOutputChannel("Heatline", { log: true });
  const heat = new HeatView();
  const status = new StatusItem(SELECTOR, (uri) => heat.worstLine(uri));
  const pages = new PageView();
  const commands: ServerCommands = new ServerCommands(() => server.client);
  const riskyLines = new RiskyLinesView(
    (onPart, token) => askForRiskyLines(server.client, onPart, token),
    () => status.scaling,
  );

  const onState = (state: ServerState): void => {
    void vscode.commands.executeCommand("setContext", "heatline.state", state);
    const offered = server.client?.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
    const asks = state === "running" && offered.includes(SECOND_OPINION);
    void vscode.commands.executeCommand("setContext", "heatline.offersSecondOpinion", asks);
    status.serverIs(state);
    if (state !== "running") {
      // Nobody would keep it up to date.
      heat.clear();
      riskyLines.clear();
    }
  };

  const server: Server = new Server({
    version: parseVersion(manifest.version) ?? { major: 0, minor: 0, patch: 0 },
    selector: SELECTOR,
    settings: settingNames(manifest),
    environment: new PrivateEnvironment(context, manifest.version, log),
    log,
    middleware: { executeCommand: commands.execute, window: { showDocument: pages.showDocument } },
    wire(client) {
      client.onNotification("heatline/heat", (params: HeatParams) => {
        heat.receive(params);
      });
      client.onNotification("heatline/status", (params: Status) => {
        status.receive(params);
      });
    },
    onState,
  });
  stopServer = () => server.stop();

  const onCommand = (name: string, run: () => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`heatline.${name}`, run);
  context.subscriptions.push(
    log,
    heat,
    status,
    riskyLines,
    pages,
    server,
    heat.onDidChange(() => {
      status.refresh();
      riskyLines.refresh();
    }),
    vscode.workspace.registerTextDocumentContentProvider(PREVIEW_SCHEME, commands),
    reportInsertions(
      (document) => vscode.languages.match(SELECTOR, document) > 0,
      (inserted) => {
        // After this turn, in which the client itself reports the edit.
        setTimeout(() => void server.client?.sendNotification("heatline/inserted", inserted), 0);
      },
    ),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      server.requestRestart();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (READ_AT_START.some((name) => event.affectsConfiguration(`heatline.${name}`)))
        server.requestRestart();
    }),
    // Those that the server offers (docs/protocol.md) are registered by the client when it starts.
    onCommand("toggleHeat", () => {
      const shown = heat.toggle();
      vscode.window.setStatusBarMessage(`Heatline: heat is ${shown ? "shown" : "hidden"}`, 4000);
    }),
    onCommand("refreshRiskyLines", () => {
      riskyLines.refresh();
    }),
    onCommand("showMenu", () => showMenu(status.basis)),
    onCommand("showLog", () => {
      log.show();
    }),
    onCommand("restartServer", () => {
      server.requestRestart();
    }),
    onCommand("installServer", () => server.install()),
    onCommand("openSettings", () =>
      vscode.commands.executeCommand("workbench.action.openSettings", "heatline"),
    ),
    onCommand("chooseSupervisor", async () =>
      chooseFor("supervisor", await installedSupervisors(server.program)),
    ),
    onCommand("chooseProbe", () => chooseFor("probe", [])),
  );
  context.subscriptions.push(
    await onSelectedPythonChange(() => {
      server.requestRestart();
    }),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await stopServer?.();
}

/** The names of all settings, without `heatline.`. */
function settingNames(manifest: Manifest): { names: string[]; restricted: Set<string> } {
  const short = (name: string): string => name.slice("heatline.".length);
  return {
    names: Object.keys(manifest.contributes.configuration.properties).map(short),
    restricted: new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.map(short)),
  };
}
