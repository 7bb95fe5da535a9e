"""A page of patches drawn at random, for people to look at, that copies nothing it may not.

Of a failing program only the changed lines are shown, and only where its licence permits redistribution.
New text is shown where a program under such a licence contains it too, where it comes from a template or
is at most two tokens; otherwise its length stands for it.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from heatline_probes.corpus.programs import Program
from heatline_probes.patches.units import Hunk, Source, cut, difference

REDISTRIBUTABLE = ("MIT", "Apache-2.0")
FEW_TOKENS = 2


def is_redistributable(licence: str) -> bool:
    """Whether a stated licence permits to show lines of a program."""
    return licence.split(" ")[0] in REDISTRIBUTABLE


def sample_page(
    programs: Sequence[Program], outcomes: Sequence[Mapping[str, Any]], count: int, seed: int
) -> str:
    """Markdown with `count` patches of parsable programs, drawn with `seed`."""
    by_name = {(p.problem_key, p.code_sha): p for p in programs}
    patched = [o for o in outcomes if o["status"] == "patched" and o["parses"]]
    patched.sort(key=lambda o: (o["problem_key"], o["code_sha"]))
    chosen = random.Random(seed).sample(patched, min(count, len(patched)))
    allowed: dict[str, list[str]] = {}
    for program in programs:
        if program.passes and is_redistributable(program.licence):
            allowed.setdefault(program.problem_key, []).append(_joined(cut(program.code).texts))
    parts = []
    for number, outcome in enumerate(chosen, 1):
        program = by_name[outcome["problem_key"], outcome["code_sha"]]
        parts.append(_entry(number, program, outcome, allowed.get(program.problem_key, [])))
    return "\n".join(parts)


def _entry(number: int, program: Program, outcome: Mapping[str, Any], allowed: Sequence[str]) -> str:
    head = (
        f"### {number}. {program.problem_key}, {program.model}\n\n"
        f"`{program.code_sha}` · {program.source} ({program.licence}) · {outcome['edited_tokens']} of "
        f"{outcome['tokens']} tokens edited, {outcome['changed_tokens']} changed, {outcome['hunks']} hunks · "
        f"from: {outcome['origin']}{' · rewrite' if outcome['rewrite'] else ''}\n"
    )
    if not is_redistributable(program.licence):
        spans = ", ".join(f"{start}–{end} {kind}" for start, end, kind in outcome["edits"])
        return f"{head}\nThe licence of the source is not stated; character offsets only: {spans}\n"
    failing = cut(program.code)
    own_text = outcome["origin"] == "template"
    rows = [_row(program.code, failing, hunk, allowed, own_text) for hunk in _hunks(failing, outcome)]
    return head + "\n| line | failing | patched |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _hunks(failing: Source, outcome: Mapping[str, Any]) -> list[Hunk]:
    return difference(failing, cut(outcome["patched"]))


def _row(code: str, failing: Source, hunk: Hunk, allowed: Sequence[str], own_text: bool) -> str:
    units = failing.units
    start = units[hunk.first].start if hunk.first < len(units) else len(code)
    end = units[hunk.last - 1].end if hunk.last > hunk.first else start
    line_start = code.rfind("\n", 0, start) + 1
    line_end = code.find("\n", end)
    line_end = len(code) if line_end < 0 else line_end
    before = f"{code[line_start:start]}⟦{code[start:end]}⟧{code[end:line_end]}"
    line = code.count("\n", 0, start) + 1
    return f"| {line} | {_cell(before)} | {_cell(_new_text(hunk, allowed, own_text))} |"


def _new_text(hunk: Hunk, allowed: Sequence[str], own_text: bool) -> str:
    texts = [unit.text for unit in hunk.new]
    if not texts:
        return "⟦⟧"
    shown = own_text or len(texts) <= FEW_TOKENS or any(_joined(texts) in text for text in allowed)
    if not shown:
        return f"⟦{len(texts)} tokens⟧"
    return "⟦" + "".join(unit.gap + unit.text for unit in hunk.new).strip(" ") + "⟧"


def _joined(texts: Sequence[str]) -> str:
    return "\0" + "\0".join(texts) + "\0"


def _cell(text: str) -> str:
    shown = text if len(text) <= 160 else text[:157] + "…"
    return "`" + shown.replace("|", "\\|").replace("\n", "⏎").replace("`", "'") + "`"
