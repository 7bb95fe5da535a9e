/** A page that the server wrote, made ready for a webview. No `vscode` import: testable without an editor. */

/** What a page may do here, whatever its own policy says: be drawn, with the style that it brings. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export type PageTheme = "light" | "dark";

/** Names the editor's theme, which a page would else take from the system, and adds the policy to the page's own. */
export function pageForWebview(html: string, theme: PageTheme): string {
  return html
    .replace(/<html\b[^>]*>/i, (tag) => `${tag.slice(0, -1)} data-theme="${theme}">`)
    .replace(/<head>/i, (tag) => `${tag}<meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
}
