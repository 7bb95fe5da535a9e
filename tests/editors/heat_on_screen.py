"""What heat a person sees in a VS Code window: for each character its background and the line under it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatline.report.heat import BUCKETS
from heatline.scoring.scored_text import ScoredText

if TYPE_CHECKING:
    from playwright.sync_api import Page

MANIFEST = Path(__file__).parents[2] / "client-vscode/package.json"

UNDERLINES = {("dotted", 1): 1, ("solid", 1): 2, ("solid", 2): 3, ("solid", 3): 4, ("double", 2): 5}
"""The bucket that each kind and thickness (pixels) of line means."""

READ = """() => {
  const editor = document.querySelector('.editor-instance .monaco-editor');
  if (!editor) return [];
  const boxes = [...editor.querySelectorAll('.view-overlays .cdr')].map((box) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    return { left, right, top, bottom, color: getComputedStyle(box).backgroundColor };
  }).filter(({ color }) => color !== 'rgba(0, 0, 0, 0)');
  const lines = [...editor.querySelectorAll('.view-lines .view-line')].map((line) => {
    const characters = [];
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const style = getComputedStyle(node.parentElement);
      for (let i = 0; i < node.length; i++) {
        const unit = node.data.charCodeAt(i);
        const half = unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + half);
        const at = range.getBoundingClientRect();
        const x = (at.left + at.right) / 2, y = (at.top + at.bottom) / 2;
        const behind = boxes.filter((b) => b.left <= x && x < b.right && b.top <= y && y < b.bottom);
        for (let unitOfIt = 0; unitOfIt < half; unitOfIt++) {
          characters.push([
            node.data[i + unitOfIt], behind.map(({ color }) => color),
            style.textDecorationLine === 'underline' ? style.textDecorationStyle : '',
            parseFloat(style.textDecorationThickness) || 0,
          ]);
        }
        i += half - 1;
      }
    }
    return { top: line.getBoundingClientRect().top, characters };
  });
  return lines.sort((a, b) => a.top - b.top).map(({ characters }) => characters);
}"""


@dataclass(frozen=True)
class SeenLine:
    """One line on the screen; a bucket of 0 is no heat.  All three have one entry for each UTF-16 unit."""

    text: str
    by_background: tuple[int, ...]
    by_underline: tuple[int, ...]


def seen_heat(page: Page, theme: str = "dark") -> list[SeenLine]:
    """The lines that are on the screen, from the top."""
    alphas = _background_alphas(theme)
    return [_seen_line(characters, alphas) for characters in page.evaluate(READ)]


def expected_heat(text: str, scored: ScoredText, unscaled: bool = False) -> list[list[int]]:
    """The bucket of every UTF-16 unit of every line, from the Python API's risks."""
    buckets = [0] * len(text)
    for token in scored.tokens:
        risk = token.unscaled_risk if unscaled else token.risk
        bucket = sum(risk >= edge for edge in BUCKETS)
        piece = text[token.start : token.end]
        start = token.start + len(piece) - len(piece.lstrip())
        for at in range(start, token.start + len(piece.rstrip())):
            buckets[at] = max(buckets[at], bucket)  # an emoji may be several tokens
    lines, at = [], 0
    for line in text.split("\n"):
        units = [
            buckets[at + i] for i, char in enumerate(line) for _ in range(2 if ord(char) > 0xFFFF else 1)
        ]
        lines.append(units)
        at += len(line) + 1
    return lines


def _background_alphas(theme: str) -> dict[int, float]:
    """The opacity of each bucket's background, from the colours that the extension contributes."""
    colors: list[dict[str, Any]] = json.loads(MANIFEST.read_text("utf-8"))["contributes"]["colors"]
    return {
        int(color["id"][-1]): int(color["defaults"][theme][7:9], 16) / 255
        for color in colors
        if color["id"].startswith("heatline.tokenBackground")
    }


def _seen_line(characters: list[list[Any]], alphas: dict[int, float]) -> SeenLine:
    return SeenLine(
        "".join(unit.replace("\u00a0", " ") for unit, *_ in characters),
        tuple(_bucket_of_background(colors, alphas) for _, colors, _, _ in characters),
        tuple(UNDERLINES.get((style, round(width)), 0) for _, _, style, width in characters),
    )


def _bucket_of_background(colors: list[str], alphas: dict[int, float]) -> int:
    for color in colors:
        parts = [float(part) for part in re.findall(r"[\d.]+", color)]
        if parts[:3] == [230, 159, 0]:
            alpha = parts[3] if len(parts) == 4 else 1.0
            return min(alphas, key=lambda bucket: abs(alphas[bucket] - alpha))
    return 0
