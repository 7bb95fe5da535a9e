/** The view "Risky lines": flagged lines of the workspace, grouped by file, the riskiest first. */

import * as vscode from "vscode";

import { Coalesced } from "./coalescing";
import { shownRisk } from "./heat";
import { percent, type RiskyFile, type RiskyLine, type RiskyLines, type Scaling } from "./protocol";
import { byRisk, spokenLine, withFiles } from "./risky_lines";

export const VIEW = "heatline.riskyLines";
const SETTLED_MS = 400;

/** Asks the server; `onPart` is called for what comes before the result. */
export type AskForRiskyLines = (
  onPart: (part: RiskyLines) => void,
  token: vscode.CancellationToken,
) => Promise<RiskyLines | undefined>;

type Node = { kind: "file"; file: RiskyFile } | { kind: "line"; line: RiskyLine };

export class RiskyLinesView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private files: readonly RiskyFile[] = [];
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly view: vscode.TreeView<Node>;
  private readonly refreshing: Coalesced;
  private asking: vscode.CancellationTokenSource | undefined;
  private readonly subscriptions: readonly { dispose(): unknown }[];

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly ask: AskForRiskyLines,
    private readonly scaling: () => Scaling,
  ) {
    this.refreshing = new Coalesced(() => this.load(), SETTLED_MS);
    this.view = vscode.window.createTreeView(VIEW, { treeDataProvider: this, showCollapseAll: true });
    this.subscriptions = [
      this.view,
      this.changed,
      this.refreshing,
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible) this.refresh();
      }),
    ];
  }

  /** Asks again, soon, when somebody looks. */
  refresh(): void {
    if (this.view.visible) this.refreshing.request();
  }

  clear(): void {
    this.asking?.cancel();
    this.show([]);
  }

  getChildren(node?: Node): Node[] {
    if (!node) return byRisk(this.files, this.scaling()).map((file) => ({ kind: "file", file }));
    return node.kind === "file" ? node.file.lines.map((line) => ({ kind: "line", line })) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === "file" ? this.fileItem(node.file) : this.lineItem(node.line);
  }

  dispose(): void {
    this.asking?.cancel();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private fileItem(file: RiskyFile): vscode.TreeItem {
    const uri = vscode.Uri.parse(file.uri);
    const item = new vscode.TreeItem(uri, vscode.TreeItemCollapsibleState.Expanded);
    item.iconPath = vscode.ThemeIcon.File;
    const lines = file.lines.length === 1 ? "1 line" : `${String(file.lines.length)} lines`;
    item.description = [lines, folderOf(uri)].filter(Boolean).join(" · ");
    item.accessibilityInformation = { label: `${vscode.workspace.asRelativePath(uri)}, ${lines} at risk` };
    item.id = file.uri;
    return item;
  }

  private lineItem(line: RiskyLine): vscode.TreeItem {
    const scaling = this.scaling();
    // The risk comes first: in a narrow view the end is cut off.
    const item = new vscode.TreeItem(`${percent(shownRisk(line, scaling))}  ${line.text.trim()}`);
    item.description = `line ${String(line.range.start.line + 1)}`;
    item.tooltip = `risk ${percent(line.risk)}, unscaled ${percent(line.unscaledRisk)}`;
    item.accessibilityInformation = { label: spokenLine(line, scaling) };
    const { start, end } = line.range;
    const options: vscode.TextDocumentShowOptions = {
      selection: new vscode.Range(start.line, start.character, end.line, end.character),
      preserveFocus: false,
    };
    item.command = {
      command: "vscode.open",
      title: "Open",
      arguments: [vscode.Uri.parse(line.uri), options],
    };
    return item;
  }

  private async load(): Promise<void> {
    this.asking?.cancel();
    const asking = new vscode.CancellationTokenSource();
    this.asking = asking;
    let collected: readonly RiskyFile[] = [];
    await vscode.window.withProgress({ location: { viewId: VIEW } }, async () => {
      try {
        const result = await this.ask((part) => {
          collected = withFiles(collected, part.files);
          if (!asking.token.isCancellationRequested) this.show(collected);
        }, asking.token);
        if (result && !asking.token.isCancellationRequested) this.show(withFiles(collected, result.files));
      } catch {
        // The server says itself what went wrong; what is shown stays.
      }
    });
    asking.dispose();
  }

  private show(files: readonly RiskyFile[]): void {
    this.files = files;
    const count = files.reduce((sum, file) => sum + file.lines.length, 0);
    this.view.badge = count > 0 ? { value: count, tooltip: `${String(count)} risky lines` } : undefined;
    this.changed.fire(undefined);
  }
}

/** Where a file is, relative to the workspace; empty for one right in a folder of it. */
function folderOf(uri: vscode.Uri): string {
  const folder = vscode.Uri.joinPath(uri, "..");
  const isRoot = vscode.workspace.workspaceFolders?.some(({ uri: root }) => root.path === folder.path);
  return isRoot ? "" : vscode.workspace.asRelativePath(folder);
}
