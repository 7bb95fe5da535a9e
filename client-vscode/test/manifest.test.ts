import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

interface Color {
  id: string;
  defaults: Record<"dark" | "light" | "highContrast" | "highContrastLight", string>;
}

interface Manifest {
  contributes: {
    colors: Color[];
    commands: { command: string; enablement?: string }[];
    keybindings: { command: string; key: string }[];
    menus: Record<string, { command: string }[]>;
  };
}

const ROOT = process.cwd();
const MANIFEST = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;

/** sRGB and alpha of #rrggbb or #rrggbbaa. */
function parse(color: string): [number, number, number, number] {
  const [r, g, b, a] = (color.length === 7 ? `${color}ff` : color).slice(1).match(/../g) ?? [];
  return [r, g, b, a].map((part) => parseInt(part ?? "00", 16) / 255) as [number, number, number, number];
}

/** Relative luminance (WCAG 2.2) of a colour laid over an opaque background. */
function luminance(color: string, over: string): number {
  const [r, g, b, alpha] = parse(color);
  const below = parse(over);
  const linear = [r, g, b].map((part, index) => {
    const mixed = part * alpha + (below[index] ?? 0) * (1 - alpha);
    return mixed <= 0.04045 ? mixed / 12.92 : ((mixed + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Background and text of VS Code's own default themes. */
const THEMES = {
  dark: { background: "#1f1f1f", text: "#cccccc" },
  light: { background: "#ffffff", text: "#3b3b3b" },
} as const;

function defaults(name: string, theme: keyof typeof THEMES): string[] {
  return MANIFEST.contributes.colors
    .filter(({ id }) => id.startsWith(`heatline.${name}`))
    .map((color) => color.defaults[theme]);
}

for (const theme of ["dark", "light"] as const) {
  const { background, text } = THEMES[theme];
  const away = (color: string): number =>
    contrast(luminance(color, background), luminance(background, background));

  for (const name of ["heat", "tokenBackground", "lineBackground"]) {
    test(`${theme}: each bucket of ${name} is further from the background than the one before, without hue`, () => {
      const steps = defaults(name, theme).map(away);
      assert.equal(steps.length, 5);
      for (let i = 1; i < steps.length; i++)
        assert.ok((steps[i] ?? 0) > (steps[i - 1] ?? 0) * 1.03, String(steps));
    });
  }

  test(`${theme}: text on the hottest token is as readable as WCAG 2.2 AA asks`, () => {
    const hottest = defaults("tokenBackground", theme)[4] ?? "";
    assert.ok(contrast(luminance(hottest, background), luminance(text, background)) >= 4.5);
  });
}

test("every key and menu entry names a command that there is", () => {
  const { commands, keybindings, menus } = MANIFEST.contributes;
  const names = new Set(commands.map(({ command }) => command));
  for (const { command } of [...keybindings, ...Object.values(menus).flat()])
    assert.ok(names.has(command), command);
});

test("no two commands share a key", () => {
  const keys = MANIFEST.contributes.keybindings.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
});
