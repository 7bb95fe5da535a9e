/** The Python environment that is selected in the editor. */

import * as vscode from "vscode";

/** The part of the Python extension's API (ms-python.python, `environments`) that is used here. */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: {
      path: string;
    }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    return await extension.activate();
  } catch {
    return undefined; // its own failure is its own to tell
  }
}

/** The interpreter that the Python extension has selected, else that of the setting `python.defaultInterpreterPath`. */
export async function selectedPython(): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environments = (await pythonApi())?.environments;
  if (environments) {
    const active = environments.getActiveEnvironmentPath(folder);
    return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
  }
  const set = vscode.workspace.getConfiguration("python", folder).get<string>("defaultInterpreterPath", "");
  // "python" is that extension's default, and means whatever is on PATH.
  return set === "" || set === "python" ? undefined : set;
}

/** Calls back when another environment is selected. */
export async function onSelectedPythonChange(callback: () => void): Promise<vscode.Disposable> {
  const environments = (await pythonApi())?.environments;
  return environments?.onDidChangeActiveEnvironmentPath(callback) ?? new vscode.Disposable(() => undefined);
}
