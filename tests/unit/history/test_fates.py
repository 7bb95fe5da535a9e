"""What becomes of the lines that an assistant wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heatline.history.reading import History, read_history
from heatline.history.rules import Rules, default_rules
from heatline.history.written_lines import Fate
from tests.unit.history.history_repository import Written

OLD = "import os\n\n\ndef area(width, height):\n    total = width * height\n    return total\n"


def read(folder: Path, rules: Rules | None = None) -> History:
    return read_history(folder, rules or default_rules(), keep=False)


def fates(written: Written, rules: Rules | None = None, horizon: float = 90) -> dict[tuple[str, int], str]:
    """The fate of each followed line by the file and the line at which it was written."""
    lines = read(written.folder, rules).lines
    found = lines.fates_so_far(horizon)
    return {
        (lines.paths[lines.path[i]], int(lines.line[i])): Fate(int(found[i])).name.lower()
        for i in range(len(lines))
    }


def test_a_line_that_outlives_the_horizon_is_kept(written: Written) -> None:
    """Only lines with a letter or a digit are followed."""
    written.by_claude(a_py=OLD)
    written.commit("later", days=91, b_py="x = 1\n")
    assert fates(written) == {("a.py", n): "kept" for n in (1, 4, 5, 6)}


def test_a_young_line_is_censored(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("later", days=89, b_py="x = 1\n")
    assert set(fates(written).values()) == {"censored"}


def test_young_lines_are_censored_whatever_they_met(written: Written) -> None:
    """Else the last months would seem to be all fixes: what is kept takes the whole horizon to be known."""
    written.by_claude(a_py=OLD)
    written.commit("fix: it", a_py=OLD.replace("width * height", "height"))
    young = read(written.folder).lines
    assert {Fate(fate) for fate in young.fates(90).tolist()} == {Fate.CENSORED}
    written.commit("later", days=90)
    old = read(written.folder).lines
    assert sorted(Fate(fate).name for fate in old.fates(90).tolist()) == ["FIXED", "KEPT", "KEPT", "KEPT"]


def test_a_line_that_a_fix_replaces_is_fixed(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("fix: area of nothing", a_py=OLD.replace("width * height", "max(width, 0) * height"))
    written.commit("later", days=100)
    assert fates(written)["a.py", 5] == "fixed"
    assert fates(written)["a.py", 6] == "kept"


def test_a_line_that_another_commit_replaces_is_edited(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("feat: volumes", a_py=OLD.replace("width * height", "width * height * depth"))
    assert fates(written)["a.py", 5] == "edited"


def test_a_line_that_goes_without_replacement_is_deleted(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("feat: without os", a_py=OLD.replace("import os\n", ""))
    assert fates(written)["a.py", 1] == "deleted"


def test_the_lines_of_a_deleted_file_are_deleted_even_by_a_fix(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("fix: area was wrong", a_py=None)
    assert set(fates(written).values()) == {"deleted"}


def test_a_change_after_the_horizon_leaves_a_line_kept(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("fix: area", days=120, a_py=OLD.replace("width * height", "height"))
    assert fates(written)["a.py", 5] == "kept"


def test_the_lines_of_people_are_not_followed(written: Written) -> None:
    written.commit("feat: by hand", a_py=OLD)
    written.by_claude(a_py=OLD + "print(area(1, 2))\n")
    assert list(fates(written)) == [("a.py", 7)]


def test_with_everyone_the_lines_of_people_are_followed_too(written: Written) -> None:
    written.commit("feat: by hand", a_py=OLD)
    rules = Rules(default_rules().assistants, everyone=True)
    assert len(fates(written, rules)) == 4


def test_an_author_is_found_by_a_part_of_the_name(written: Written) -> None:
    written.commit("feat: by hand", a_py=OLD)
    assert len(fates(written, Rules(default_rules().assistants, author="ann@"))) == 4
    assert fates(written, Rules(default_rules().assistants, author="bob")) == {}


def test_what_was_written_before_since_is_not_followed(written: Written) -> None:
    written.by_claude(a_py=OLD)
    assert fates(written, Rules(default_rules().assistants, since="2099-01-01")) == {}


def test_white_space_is_no_change(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("feat: indent", a_py=OLD.replace("    ", "\t"))
    assert set(fates(written).values()) == {"censored"}


def test_a_statement_broken_over_lines_is_no_change(written: Written) -> None:
    written.by_claude(a_py="value = compute(first, second)\n")
    written.commit("feat: wrap", a_py="value = compute(\n    first,\n    second,\n)\n")
    written.commit("later", days=100)
    assert fates(written) == {("a.py", 1): "kept"}


def test_a_formatter_may_change_all_but_letters_and_digits(written: Written) -> None:
    written.by_claude(a_js="const f = x => { go(x) };\n")
    written.commit("style: run prettier", a_js="const f = (x) => {\n  go(x);\n};\n")
    written.commit("later", days=100)
    assert fates(written) == {("a.js", 1): "kept"}


def test_a_commit_that_blame_ignores_changes_nothing(written: Written) -> None:
    written.by_claude(a_py=OLD)
    oid = written.commit("modernise", a_py=OLD.replace("width * height", "height * width"))
    written.put(".git-blame-ignore-revs", f"# formatter\n{oid}\n")
    written.commit("later", days=100)
    assert fates(written)["a.py", 5] == "kept"


def test_a_rename_in_bulk_is_no_change(written: Written) -> None:
    body = "".join(f"alpha{n} = measure(width, {n})\n" for n in range(12))
    written.by_claude(a_py=body)
    written.commit("refactor: names", a_py=body.replace("width", "breadth"))
    written.commit("later", days=100)
    assert set(fates(written).values()) == {"kept"}


def test_a_few_lines_with_other_names_are_a_change(written: Written) -> None:
    body = "".join(f"alpha{n} = measure(width, {n})\n" for n in range(3))
    written.by_claude(a_py=body)
    written.commit("refactor: names", a_py=body.replace("width", "breadth"))
    assert set(fates(written).values()) == {"edited"}


def test_a_renamed_file_keeps_its_lines(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.git("mv", "a.py", "b.py")
    written.commit("refactor: move")
    written.commit("fix: area", b_py=OLD.replace("width * height", "height"))
    assert fates(written)["a.py", 5] == "fixed"
    assert fates(written)["a.py", 6] == "censored"


def test_a_function_moved_to_another_file_is_no_change(written: Written) -> None:
    function = OLD[11:]
    written.by_claude(a_py=OLD)
    written.commit("refactor: split", a_py="import os\n", b_py=function)
    written.commit("later", days=100)
    assert set(fates(written).values()) == {"kept"}


def test_an_assistant_that_moves_a_persons_lines_did_not_write_them(written: Written) -> None:
    written.commit("by hand", a_py=OLD)
    written.by_claude("refactor: split", a_py="import os\n", b_py=OLD[11:])
    assert fates(written) == {}


def test_a_revert_is_a_fix(written: Written) -> None:
    written.commit("by hand", a_py="import os\n")
    written.by_claude(a_py=OLD)
    written.git("revert", "--no-edit", "HEAD")
    assert set(fates(written).values()) == {"fixed"}


def test_a_commit_that_takes_out_too_much_is_no_fix(written: Written) -> None:
    body = "".join(f"value_{n} = {n}\n" for n in range(600))
    written.by_claude(a_py=body)
    written.commit("fix: start again", a_py="import os\n")
    assert set(fates(written).values()) == {"edited"}


@pytest.mark.parametrize(
    "name",
    [
        "tests/test_a.py",
        "src/a.test.ts",
        "vendor/a.py",
        "a_pb2.py",
        "Cargo.lock",
        "notes.md",
        "Core.Tests/A.cs",
    ],
)
def test_tests_vendored_generated_and_other_files_do_not_count(written: Written, name: str) -> None:
    written.put(name, "value = compute(1)\n")
    written.by_claude()
    assert fates(written) == {}


def test_a_file_that_says_it_is_generated_does_not_count(written: Written) -> None:
    written.by_claude(a_go="// Code generated by tool. DO NOT EDIT.\npackage a\n")
    assert fates(written) == {}


def test_ages_are_in_days_and_in_later_commits_to_the_file(written: Written) -> None:
    written.by_claude(a_py=OLD)
    written.commit("feat: more", days=2, a_py=OLD + "x = 1\n")
    written.commit("elsewhere", days=2, b_py="x = 1\n")
    written.commit("fix: it", days=2, a_py=OLD.replace("width * height", "height") + "x = 1\n")
    lines = read(written.folder).lines
    fixed = lines.of(lines.line == 5)
    np.testing.assert_allclose(fixed.age, [6.0])
    assert fixed.later_commits.tolist() == [2]


def test_a_git_ai_note_says_which_lines_an_assistant_wrote(written: Written) -> None:
    oid = written.commit("feat: together", a_py=OLD)
    about = '{"schema_version": "authorship/3.0.0", "prompts": {"s1": {"agent_id": {"tool": "cursor"}}}}'
    note = f"a.py\n  s1 5\n  h_me 4\n---\n{about}"
    written.git("notes", "--ref=ai", "add", "-m", note, oid)
    history = read(written.folder)
    assert history.lines.line.tolist() == [5]
    assert history.lines.writers == ("Cursor",)
