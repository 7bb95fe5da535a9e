"""Hierarchical delta debugging of the difference between a failing and a passing program.

After Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), over hunks, then
lines of hunks, then tokens: whatever part of the difference the tests do not need is undone.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from heatline_probes.patches.units import Hunk, Source, Unit

MOST_TOKENS_TO_SPLIT = 80


class Trials(Protocol):
    """Says whether the tests pass after some hunks."""

    def passes(self, hunks: Sequence[Hunk]) -> bool:
        """Whether they do; may answer False when a budget is spent: the result is then just less small."""

    def screen(self, changes: Sequence[Sequence[Hunk]]) -> None:
        """Told what will be asked next, so that it can be found out together."""


def total_size(hunks: Sequence[Hunk]) -> int:
    """Tokens that hunks delete or insert, replaced ones counted once."""
    return sum(hunk.size for hunk in hunks)


def reduce_hunks(hunks: Sequence[Hunk], trials: Trials) -> list[Hunk]:
    """A subset of `hunks`, all of which together pass, from which no single one can be left out."""
    kept = list(hunks)
    chunk = len(kept) // 2
    while chunk > 1:
        index = 0
        _screen([kept[:i] + kept[i + chunk :] for i in range(0, len(kept), chunk)], trials)
        while index < len(kept):
            trial = kept[:index] + kept[index + chunk :]
            if trial and trials.passes(trial):
                kept = trial
                _screen([kept[:i] + kept[i + chunk :] for i in range(index, len(kept), chunk)], trials)
            else:
                index += chunk
        chunk //= 2
    fewer = _without_single_ones(kept, trials)
    while len(fewer) < len(kept):
        kept, fewer = fewer, _without_single_ones(fewer, trials)
    return kept


def _without_single_ones(hunks: list[Hunk], trials: Trials) -> list[Hunk]:
    """One attempt to undo each hunk, those first that edit most tokens of the failing program."""
    kept = hunks
    waiting = sorted(hunks, key=lambda hunk: (hunk.first - hunk.last, -len(hunk.new)))
    stale = True  # whether something was undone since the screening
    while waiting:
        if stale:
            _screen([_without(kept, hunk) for hunk in waiting], trials)
        trial = _without(kept, waiting.pop(0))
        stale = bool(trial) and trials.passes(trial)
        if stale:
            kept = trial
    return kept


def _without(hunks: Sequence[Hunk], one: Hunk) -> list[Hunk]:
    return [hunk for hunk in hunks if hunk is not one]


def _screen(changes: Sequence[list[Hunk]], trials: Trials) -> None:
    trials.screen([hunks for hunks in changes if hunks])


def minimise(hunks: Sequence[Hunk], failing: Source, trials: Trials) -> list[Hunk]:
    """Reduce hunks, then their lines, then their tokens; joined again where they touch."""
    kept = undo_alike(reduce_hunks(hunks, trials), failing, trials)
    for split in (split_by_line, split_by_token):
        if split is split_by_token and total_size(kept) > MOST_TOKENS_TO_SPLIT:
            break
        finer = [part for hunk in kept for part in split(hunk, failing)]
        # Together the parts are the hunk again, so they pass without a run.
        if len(finer) > len(kept):
            kept = undo_alike(reduce_hunks(finer, trials), failing, trials)
    return join(undo_brackets(kept, trials))


def undo_alike(hunks: Sequence[Hunk], failing: Source, trials: Trials) -> list[Hunk]:
    """Undo all hunks that replace the same by the same, where none of them can be undone alone: a renaming."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Hunk]] = defaultdict(list)
    for hunk in hunks:
        old = tuple(unit.text for unit in failing.units[hunk.first : hunk.last])
        alike[old, tuple(unit.text for unit in hunk.new)].append(hunk)
    kept = list(hunks)
    for (old, new), group in alike.items():
        if len(group) > 1 and old and new:
            trial = [hunk for hunk in kept if hunk not in group]
            if trial and trials.passes(trial):
                kept = trial
    return kept


def undo_brackets(hunks: Sequence[Hunk], trials: Trials) -> list[Hunk]:
    """Undo pairs of parentheses that are only inserted: neither can be undone alone."""
    kept = list(hunks)
    for opening in [hunk for hunk in hunks if _inserts_only(hunk, "(")]:
        for closing in [hunk for hunk in kept if _inserts_only(hunk, ")") and hunk.first >= opening.first]:
            trial = [hunk for hunk in kept if hunk is not opening and hunk is not closing]
            if trial and trials.passes(trial):
                kept = trial
                break
    return kept


def _inserts_only(hunk: Hunk, text: str) -> bool:
    return hunk.first == hunk.last and len(hunk.new) == 1 and hunk.new[0].text == text


def split_by_line(hunk: Hunk, failing: Source) -> list[Hunk]:
    """One hunk for each line that is deleted or inserted; lines of both sides are paired in order."""
    old = _line_starts([failing.units[i] for i in range(hunk.first, hunk.last)])
    new = _line_starts(hunk.new)
    parts = []
    for number in range(max(len(old), len(new)) - 1):
        a = [old[min(n, len(old) - 1)] for n in (number, number + 1)]
        b = [new[min(n, len(new) - 1)] for n in (number, number + 1)]
        parts.append(Hunk(hunk.first + a[0], hunk.first + a[1], hunk.new[b[0] : b[1]]))
    return parts or [hunk]


def split_by_token(hunk: Hunk, failing: Source) -> list[Hunk]:
    """One hunk for each token: pairs that replace each other, then what is deleted or inserted only."""
    old, new = hunk.last - hunk.first, len(hunk.new)
    parts = []
    for number in range(max(old, new)):
        first = hunk.first + min(number, old)
        parts.append(Hunk(first, first + (number < old), hunk.new[number : number + 1]))
    return parts or [hunk]


def join(hunks: Sequence[Hunk]) -> list[Hunk]:
    """Hunks that touch become one."""
    joined: list[Hunk] = []
    for hunk in hunks:
        if joined and joined[-1].last == hunk.first:
            before = joined.pop()
            hunk = Hunk(before.first, hunk.last, before.new + hunk.new)
        joined.append(hunk)
    return joined


def settle(hunks: Sequence[Hunk], failing: Source) -> list[Hunk]:
    """Move lines that are inserted before a docstring or comment behind it; the patched program is the same.

    The alignment can't tell, because comments and docstrings are no units of their own.
    """
    settled = []
    for position, hunk in enumerate(hunks):
        at = hunk.first
        free = at + 1 < (hunks[position + 1].first if position + 1 < len(hunks) else len(failing.units))
        if hunk.first == hunk.last and free and hunk.new:
            unit = failing.units[at]
            if unit.text == hunk.new[0].text and unit.text.startswith("\n") and unit.raw.strip():
                hunk = Hunk(at + 1, at + 1, (*hunk.new[1:], hunk.new[0]))
        settled.append(hunk)
    return settled


def _line_starts(units: Sequence[Unit]) -> list[int]:
    inner = [i for i, unit in enumerate(units) if i and unit.text.startswith("\n")]
    return [0, *inner, len(units)]
