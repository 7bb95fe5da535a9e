"""A realistic file of every language, whole and broken: each line in one scope, ignore comments where they stand."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from heatline.noise.directives import ignore_comment, ignored_lines
from heatline.scoring.languages import LANGUAGES, PLAIN, language_of
from heatline.scoring.lines import line_spans
from heatline.scoring.scopes import find_scopes

SAMPLES = sorted((Path(__file__).parent / "samples").iterdir())
MERGE = ["<<<<<<< HEAD", "=======", ">>>>>>> their-branch"]
OPENERS = ["'''", '"', "'", "`", "/*", "(", "{", "[", "<<EOF", "<", "\\"]


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def broken(text: str) -> Iterator[tuple[str, str]]:
    """What a file looks like while somebody works on it, each with a name."""
    lines = text.split("\n")
    chance = random.Random(len(text))
    for share in (0.2, 0.5, 0.8):
        cut = int(len(text) * share)
        yield f"cut at {cut}", text[:cut]
        yield f"without {cut}..{cut + 40}", text[:cut] + text[cut + 40 :]
    for opener in OPENERS:
        at = chance.randrange(len(lines))
        yield f"{opener} in line {at}", "\n".join([*lines[:at], lines[at] + f" {opener}", *lines[at + 1 :]])
    first, second = sorted(chance.sample(range(1, len(lines)), 2))
    pieces = [
        lines[:first],
        [MERGE[0]],
        lines[first:second],
        [MERGE[1]],
        lines[first:second],
        [MERGE[2]],
        lines[second:],
    ]
    yield "merge conflict", "\n".join(line for piece in pieces for line in piece)
    yield "no closing braces", re.sub(r"[})\]]", "", text)
    yield "no indentation", "\n".join(line.lstrip() for line in lines)
    yield "all on lines of CR", text.replace("\n", "\r")
    yield "CRLF and a BOM", "\ufeff" + text.replace("\n", "\r\n")
    yield "twice, the first half typed", text[: len(text) // 3] + text


def assert_covered(text: str, language: str) -> None:
    """Every line that isn't blank lies in exactly one scope, and the scopes are in order."""
    scopes = find_scopes(text, language)
    position = 0
    for scope in scopes:
        assert position <= scope.start < scope.end <= len(text)
        assert not text[position : scope.start].strip()
        position = scope.end
    assert not text[position:].strip()
    for start, end in line_spans(text).tolist():
        if text[start:end].strip():
            inside = [scope for scope in scopes if scope.start < end and scope.end > start]
            assert len(inside) == 1, (text[start:end], inside)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_each_line_is_in_one_scope(path: Path) -> None:
    assert_covered(read(path), language_of(path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_each_line_of_a_broken_file_is_in_one_scope(path: Path) -> None:
    for name, text in broken(read(path)):
        try:
            assert_covered(text, language_of(path))
        except AssertionError as error:
            raise AssertionError(f"{path.name}, {name}: {error}") from error


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_broken_file_has_its_ignore_comments_read_without_a_crash(path: Path) -> None:
    comment = ignore_comment("lua" if path.suffix == ".lua" else language_of(path))
    for _, text in broken(read(path)):
        for changed in (f"{text}\n{comment}", f"{comment}\n{text}", text.replace("{", f"{{ {comment}\n", 1)):
            count = len(line_spans(changed))
            assert all(0 <= line < count for line in ignored_lines(changed, language_of(path)).lines)


@pytest.mark.parametrize("language", [*LANGUAGES, PLAIN])
@pytest.mark.parametrize("kind", ["nothing", "blank", "comments", "conflict markers"])
def test_files_without_code(language: str, kind: str) -> None:
    comment = ignore_comment(language).replace("heatline: ignore", "only words")
    text = {
        "nothing": "",
        "blank": " \n\t\n\n",
        "comments": f"{comment}\n{comment}\n\n{comment}\n",
        "conflict markers": "\n".join(MERGE) + "\n",
    }[kind]
    assert_covered(text, language)
    if kind in ("nothing", "blank"):
        assert find_scopes(text, language) == []
    if kind == "comments":
        assert {scope.kind for scope in find_scopes(text, language)} == {"statements"}


EXPECTED = {
    "ledger.py": ["", "Fee", "read_fees", "owed", "Reminder", "post", ""],
    "playlist.js": ["", "numbers", "byArtist", "load", "Playlist", "describe", ""],
    "shelf.ts": ["", "Book", "Outcome", "", "days", "", "overdue", "Store", "Shelf", "Labels", "sealed"],
    "Stopwatch.tsx": ["", "Props", "pad", "format", "useTicks", "Laps", "Stopwatch"],
    "Parking.java": [
        "", "Parking", "", "", "Parking", "enter", "leave", "price", "close", "", "Ticket", "Kind",
    ],
    "ring.c": ["", "used", "ring_clear", "ring_write", "ring_read", "ring_offsets", "", "main", ""],
    "queue.go": ["", "New", "Add", "run", "Stop", "Map"],
    "backup.sh": ["", "usage", "die", "run", "parse_options", "copy", "prune", ""],
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_scopes_are_the_functions_and_classes_a_reader_sees(name: str) -> None:
    path = Path(__file__).parent / "samples" / name
    assert [scope.name for scope in find_scopes(read(path), language_of(path))] == EXPECTED[name]


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("grid.cpp", {"Place", "Grid", "for_each_neighbour", "parse", "maze_version", "main"}),
        ("units.rs", {"ParseError", "factors", "parse", "length", "Length<'a>", "tests"}),
        ("Thermostat.cs", {"Thermostat", "Tick", "Judge", "Dispose", "State", "ISensor"}),
        ("menu.rb", {"Canteen", "announce"}),
        ("guestbook.php", {"Entry", "Storage", "Counts", "Mood", "clean"}),
    ],
)
def test_what_is_nested_in_a_namespace_is_found(name: str, functions: set[str]) -> None:
    path = Path(__file__).parent / "samples" / name
    assert functions - {scope.name for scope in find_scopes(read(path), language_of(path))} == set()


@pytest.mark.parametrize("path", [p for p in SAMPLES if language_of(p) != PLAIN], ids=lambda path: path.name)
def test_a_comment_above_any_function_ignores_just_that_function(path: Path) -> None:
    text, language = read(path), language_of(path)
    comment = ignore_comment(language)
    spans = line_spans(text).tolist()
    starts = [start for start, _ in spans]
    tried = 0
    for scope in find_scopes(text, language):
        if scope.kind not in ("function", "method"):
            continue
        tried += 1
        changed = f"{text[: scope.start]}{comment}\n{text[scope.start :]}"
        first = starts.index(scope.start) + 1
        last = first + text[scope.start : scope.end].count("\n")
        ignored = ignored_lines(changed, language).lines
        body = changed.split("\n")[first : last + 1]
        lead = next(
            i
            for i, line in enumerate(body)
            if not line.strip().startswith(("//", "/*", "*", "#", "--"))
            or line.strip().startswith(("#[", "#if"))
        )
        assert ignored == set(range(first + lead, last + 1)), scope.name
    assert tried
