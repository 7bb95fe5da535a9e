/** The picture in the gutter: a bar that is the higher, the riskier the line. No `vscode` import. */

import { BUCKETS } from "./heat";

const SIZE = 16;
// An icon can't ask the theme for a colour; the bar's height says the same as its colour does.
const COLORS = {
  light: ["#d9a441", "#c97a1a", "#b3560c", "#8f3a06", "#6b2503"],
  dark: ["#7d5a1f", "#b07a1e", "#dd9a1f", "#ffb732", "#ffd980"],
} as const;

export function gutterMark(bucket: number, theme: "light" | "dark"): string {
  const height = (SIZE * bucket) / BUCKETS;
  const bar = `<rect x="10" y="${String(SIZE - height)}" width="4" height="${String(height)}" rx="1"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(SIZE)} ${String(SIZE)}">` +
    `${bar} fill="${COLORS[theme][bucket - 1] ?? COLORS[theme][0]}"/></svg>`
  );
}
