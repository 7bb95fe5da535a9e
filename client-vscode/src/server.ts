/** The server's life: found, started, restarted, and what a person hears when it ends. */

import * as readline from "node:readline";
import * as vscode from "vscode";
import {
  type ClientCapabilities,
  CloseAction,
  type DocumentSelector,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  State,
  type StaticFeature,
  TransportKind,
} from "vscode-languageclient/node";

import { Coalesced } from "./coalescing";
import { Crashes } from "./crashes";
import { findServer, type Found, type Program } from "./discovery";
import { personSettings } from "./person_settings";
import type { PrivateEnvironment } from "./private_environment";
import { printedBy } from "./programs";
import { selectedPython } from "./python_environment";
import type { ServerState } from "./status_text";
import type { Version } from "./versions";

const RESTART_DELAY_MS = 300;

/** Tells the server what this client draws. */
const declareNotifications: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = {
      ...(capabilities.experimental as object | undefined),
      heatlineHeat: true,
      heatlineStatus: true,
    };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

export interface ServerParts {
  version: Version;
  selector: DocumentSelector;
  /** Names of all settings, and of those that an untrusted folder may not set; without `heatline.`. */
  settings: { names: readonly string[]; restricted: ReadonlySet<string> };
  environment: PrivateEnvironment;
  log: vscode.LogOutputChannel;
  middleware: Middleware;
  /** Adds the listeners of a client that is about to start. */
  wire: (client: LanguageClient) => void;
  onState: (state: ServerState) => void;
}

export class Server implements vscode.Disposable {
  private running: LanguageClient | undefined;
  private runs: Program | undefined;
  private readonly crashes = new Crashes(Date.now);
  private readonly restarting: Coalesced;
  private offered = false;

  constructor(private readonly parts: ServerParts) {
    this.restarting = new Coalesced(() => this.restartNow(), RESTART_DELAY_MS);
  }

  get client(): LanguageClient | undefined {
    return this.running;
  }

  /** The program that was started last. */
  get program(): Program | undefined {
    return this.runs;
  }

  async start(): Promise<void> {
    const found = await this.find();
    if (found.program) await this.startProgram(found.program);
    else await this.missing(found);
  }

  /** Restarts soon, once for all requests that come together. */
  requestRestart(): void {
    this.restarting.request();
  }

  async stop(): Promise<void> {
    const client = this.running;
    this.running = undefined;
    if (!client) return;
    try {
      await client.dispose();
    } catch {
      // It had died already, or didn't answer in time: either way it is gone.
    }
  }

  /** Installs a server of the extension's own after asking, and starts it. */
  async install(): Promise<void> {
    if (await this.parts.environment.create()) this.requestRestart();
  }

  dispose(): void {
    this.restarting.dispose();
    void this.stop();
  }

  private async restartNow(): Promise<void> {
    this.crashes.forget();
    await this.stop();
    await this.start();
  }

  private async find(): Promise<Found> {
    return findServer({
      clientVersion: this.parts.version,
      trusted: vscode.workspace.isTrusted,
      path: vscode.workspace.getConfiguration("heatline").get<string | null>("path")?.trim() || undefined,
      selectedPython,
      privatePython: () => Promise.resolve(this.parts.environment.interpreter()),
      printedVersion: ({ command, args }) => printedBy(command, [...args, "--version"]),
    });
  }

  private async missing(found: Found & { program: undefined }): Promise<void> {
    this.parts.onState("missing");
    for (const problem of found.problems) this.parts.log.warn(problem);
    if (this.offered) return; // whoever said no finds the offer in the status item's menu
    this.offered = true;
    const why =
      found.problems.length > 0
        ? `Heatline's server can't be used: ${found.problems.join("; ")}.`
        : vscode.workspace.isTrusted
          ? "Heatline's server was not found."
          : "This folder isn't trusted, so only the extension's own server may be started, and it isn't installed.";
    if (await this.parts.environment.offer(why)) this.requestRestart();
  }

  private async startProgram(program: Program): Promise<void> {
    const { log, onState } = this.parts;
    log.info(`Starting ${[program.command, ...program.args, "serve"].join(" ")} (${program.origin})`);
    onState("starting");
    const client = new LanguageClient(
      "heatline",
      "Heatline",
      { command: program.command, args: [...program.args, "serve"], transport: TransportKind.stdio },
      this.clientOptions(),
    );
    client.registerFeature(declareNotifications);
    // Also when the client starts a server again that has died.
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && this.running === client) onState("running");
    });
    this.parts.wire(client);
    this.running = client;
    this.runs = program;
    try {
      await client.start();
    } catch {
      onState("stopped");
      await this.sayStopped();
    }
  }

  private clientOptions(): LanguageClientOptions {
    const { log, selector, middleware } = this.parts;
    return {
      documentSelector: selector,
      outputChannel: log,
      initializationOptions: { ...this.settingsFor(undefined), trusted: vscode.workspace.isTrusted },
      synchronize: { configurationSection: "heatline" },
      middleware: {
        ...middleware,
        workspace: {
          ...middleware.workspace,
          configuration: (params) =>
            params.items.map((item) =>
              item.section === "heatline"
                ? this.settingsFor(item.scopeUri === undefined ? undefined : vscode.Uri.parse(item.scopeUri))
                : null,
            ),
          didChangeConfiguration: async () => {
            await this.running?.sendNotification("workspace/didChangeConfiguration", {
              settings: { heatline: this.settingsFor(undefined) },
            });
          },
        },
      },
      stdioOptions: {
        // The protocol's own; nothing else ever reads it.
        stdout: () => undefined,
        stderr: (stream) => {
          readline.createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
            this.crashes.heard(line);
            log.info(line);
          });
        },
      },
      // A server that doesn't start is told of in our own words.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(),
      },
    };
  }

  private settingsFor(scope: vscode.Uri | undefined): Record<string, unknown> {
    const { names, restricted } = this.parts.settings;
    const settings = vscode.workspace.getConfiguration("heatline", scope);
    return personSettings(names, (name) => settings.inspect(name), restricted, vscode.workspace.isTrusted);
  }

  private closed(): { action: CloseAction; handled: boolean } {
    if (this.crashes.ended()) {
      this.parts.log.warn(`${this.crashes.reason()} It is started again.`);
      this.parts.onState("starting");
      return { action: CloseAction.Restart, handled: true };
    }
    this.parts.onState("stopped");
    void this.sayStopped();
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private async sayStopped(): Promise<void> {
    const answer = await vscode.window.showErrorMessage(this.crashes.reason(), "Restart", "Show Log");
    if (answer === "Restart") this.requestRestart();
    else if (answer === "Show Log") this.parts.log.show();
  }
}
