/** Pages that the server wrote, made ready for a webview. No `vscode` import: testable without an editor. */

/** What a page may do here, whatever its own policy says: be drawn, with the style that it brings. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/** Which of its scripts runs is said by the page's own policy, by its hash. */
const WITH_SCRIPTS = `${POLICY}; script-src 'unsafe-inline'`;

export type PageTheme = "light" | "dark";

export interface PageKind {
  title: string;
  /** Whether the page draws itself by a script. */
  scripts: boolean;
}

const RELIABILITY: PageKind = { title: "Heatline: Reliability", scripts: false };
const REPORT: PageKind = { title: "Heatline: Report", scripts: true };

/**
 * The page of which this is the file's name, when it is to be shown here. The report, which people search, print and pass on,
 * only is where the browser can't open it; undefined for everything that isn't a page of the server's.
 */
export function kindOfPage(name: string, browserOpensFiles: boolean): PageKind | undefined {
  if (name === "reliability.html") return RELIABILITY;
  return !browserOpensFiles && /^heatline-.*\.html$/.test(name) ? REPORT : undefined;
}

/** Names the editor's theme, which a page would else take from the system, and adds a policy to the page's own. */
export function pageForWebview(html: string, theme: PageTheme, scripts: boolean): string {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${scripts ? WITH_SCRIPTS : POLICY}">`;
  return html
    .replace(/<html\b[^>]*>/i, (tag) => `${tag.slice(0, -1)} data-theme="${theme}">`)
    .replace(/<head>/i, (tag) => `${tag}${policy}`);
}
