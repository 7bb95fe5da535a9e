"""Histories of other forms: branches, merges, clones that lack something, and runs that are continued."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from heatline.errors import InputError
from heatline.history import reading
from heatline.history.kept_walk import walk_path
from heatline.history.reading import History, read_history
from heatline.history.rules import default_rules
from heatline.history.written_lines import Fate
from heatline.scoring.cancellation import Cancelled
from tests.unit.history.history_repository import Written

BODY = "".join(f"first_{n} = {n}\n" for n in range(6))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def read(folder: Path, *, keep: bool = False) -> History:
    return read_history(folder, default_rules(), keep=keep)


def counts(history: History) -> dict[str, int]:
    return dict(Counter(Fate(int(fate)).name.lower() for fate in history.lines.fates_so_far(90)))


def branched(written: Written) -> None:
    """Lines of an assistant; on a branch one is fixed, on the trunk another edited; both are merged."""
    written.by_claude(a_py=BODY)
    written.git("checkout", "-qb", "side")
    written.commit("fix: first", a_py=BODY.replace("first_0 = 0", "first_0 = 100"))
    written.git("checkout", "-q", "trunk")
    written.commit("feat: last", a_py=BODY.replace("first_5 = 5", "first_5 = 500"))
    written.time += 100
    written.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")


def test_a_merge_joins_what_became_of_lines_on_both_sides(written: Written) -> None:
    branched(written)
    assert counts(read(written.folder)) == {"fixed": 1, "edited": 1, "censored": 4}


def test_a_line_written_on_a_branch_is_followed_after_the_merge(written: Written) -> None:
    written.commit("start", a_py=BODY)
    written.git("checkout", "-qb", "side")
    written.by_claude(b_py="by_assistant = 1\n")
    written.git("checkout", "-q", "trunk")
    written.commit("on", c_py="x = 1\n")
    written.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    written.commit("fix: it", b_py="by_assistant = 2\n")
    assert counts(read(written.folder)) == {"fixed": 1}


def test_a_line_written_on_a_branch_into_a_file_that_both_sides_changed_is_followed(written: Written) -> None:
    written.commit("start", a_py=BODY)
    written.git("checkout", "-qb", "side")
    written.by_claude(a_py="by_assistant = 1\n" + BODY)
    written.git("checkout", "-q", "trunk")
    written.commit("feat: last", a_py=BODY.replace("first_5 = 5", "first_5 = 500"))
    written.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    merged = (written.folder / "a.py").read_text()
    written.commit("fix: it", a_py=merged.replace("by_assistant = 1", "by_assistant = 2"))
    assert counts(read(written.folder)) == {"fixed": 1}


def test_a_line_that_one_side_of_a_merge_overrules_lives_on(written: Written) -> None:
    """It was taken out on a branch whose side lost in the merge."""
    written.by_claude(a_py=BODY)
    written.git("checkout", "-qb", "side")
    written.commit("fix: first", a_py=BODY.replace("first_0 = 0", "first_0 = 100"))
    written.git("checkout", "-q", "trunk")
    written.commit("on", b_py="x = 1\n")
    written.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge side", "side")
    assert counts(read(written.folder)) == {"censored": 6}


def test_an_octopus_merge_joins_all_sides(written: Written) -> None:
    written.by_claude(a_py=BODY)
    for n in (0, 2, 5):
        written.git("checkout", "-qb", f"side{n}", "trunk")
        written.by_claude(f"feat: {n}", **{f"new{n}_py": f"assistant_{n} = {n}\n"})
    written.git("checkout", "-q", "trunk")
    written.git("merge", "-q", "-m", "Merge all", "side0", "side2", "side5")
    assert len(written.git("rev-list", "--parents", "-1", "HEAD").split()) == 4
    assert counts(read(written.folder)) == {"censored": 9}


def test_a_bare_repository_has_the_same_history(written: Written, tmp_path: Path) -> None:
    branched(written)
    written.git("clone", "-q", "--bare", str(written.folder), str(tmp_path / "bare"))
    assert counts(read(tmp_path / "bare")) == counts(read(written.folder))


def test_a_linked_work_tree_has_the_same_history(written: Written, tmp_path: Path) -> None:
    branched(written)
    written.git("worktree", "add", "-q", str(tmp_path / "linked"), "--detach")
    assert counts(read(tmp_path / "linked")) == counts(read(written.folder))


def test_a_folder_within_a_repository_stands_for_the_whole(written: Written) -> None:
    written.by_claude(pkg__a_py=BODY, b_py=BODY)
    assert counts(read(written.folder / "pkg")) == {"censored": 12}


def test_submodules_are_left_to_themselves(written: Written, tmp_path: Path) -> None:
    other = Written(tmp_path / "other")
    other.by_claude(a_py=BODY)
    written.by_claude(b_py="mine = 1\n")
    written.git("submodule", "add", "-q", str(other.folder), "sub")
    written.by_claude("feat: submodule")
    assert counts(read(written.folder)) == {"censored": 1}
    assert counts(read(written.folder / "sub")) == {"censored": 6}


def test_what_a_shallow_clone_begins_with_is_of_unknown_origin(written: Written, tmp_path: Path) -> None:
    written.by_claude(a_py=BODY)
    written.by_claude(b_py="later = 1\n")
    written.by_claude(c_py="latest = 1\n")
    written.git("clone", "-q", "--depth=2", f"file://{written.folder}", str(tmp_path / "shallow"))
    history = read(tmp_path / "shallow")
    assert history.cut_off
    assert [history.lines.paths[p] for p in history.lines.path] == ["c.py"]


def test_a_repository_without_commits_is_refused_in_a_sentence(written: Written) -> None:
    with pytest.raises(InputError, match="has no commit yet"):
        read(written.folder)


def test_a_folder_outside_a_repository_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is in no git repository"):
        read(tmp_path)


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        read(tmp_path / "absent")


def test_an_unknown_revision_is_refused_in_a_sentence(written: Written) -> None:
    written.by_claude(a_py=BODY)
    with pytest.raises(InputError, match="no commit “nowhere”"):
        read_history(written.folder, default_rules(), revision="nowhere", keep=False)


def test_binary_files_are_passed_over(written: Written) -> None:
    written.by_claude(a_py=b"\0\1\2binary\n", b_py=BODY)
    written.commit("fix: it", a_py=b"\0\1\3binary\n")
    assert counts(read(written.folder)) == {"censored": 6}


def test_files_that_are_not_utf8_are_followed(written: Written) -> None:
    written.by_claude(a_py="name = 'Müller'\nother = 1\n".encode("latin-1"))
    written.commit("fix: it", a_py="name = 'Möller'\nother = 1\n".encode("latin-1"))
    assert counts(read(written.folder)) == {"fixed": 1, "censored": 1}


@pytest.mark.parametrize("name", ["a b.py", "häuser.py", 'quo"te.py', "tab\there.py", "new\nline.py"])
def test_odd_file_names_are_followed(written: Written, name: str) -> None:
    written.put(name, BODY)
    written.by_claude()
    written.put(name, BODY.replace("first_3 = 3", "first_3 = 30"))
    written.commit("fix: it")
    assert counts(read(written.folder)) == {"fixed": 1, "censored": 5}


def test_programs_that_the_repository_configures_are_not_run(written: Written, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\ntouch {trace}\ncat "$1"\n')
    script.chmod(0o755)
    written.put(".gitattributes", "*.py diff=mine\n")
    written.by_claude(a_py=BODY)
    written.commit("fix: it", a_py=BODY.replace("first_3 = 3", "first_3 = 30"))
    for key in (
        "diff.external",
        "diff.mine.command",
        "diff.mine.textconv",
        "core.fsmonitor",
        "log.showSignature",
    ):
        written.git("config", key, "true" if key == "log.showSignature" else str(script))
    written.git("config", "gpg.program", str(script))
    assert counts(read(written.folder)) == {"fixed": 1, "censored": 5}
    assert not trace.exists()


def kept_file(written: Written) -> Path:
    return walk_path(written.folder / ".git", default_rules().key)


def test_a_second_run_walks_only_what_is_new(written: Written) -> None:
    branched(written)
    read(written.folder, keep=True)
    before = kept_file(written).stat().st_mtime_ns
    written.commit("fix: it", a_py=BODY.replace("first_3 = 3", "first_3 = 30"))
    seen: list[int] = []
    history = read_history(written.folder, default_rules(), progress=lambda done, total: seen.append(done))
    assert seen == [5]
    assert kept_file(written).stat().st_mtime_ns > before
    assert counts(history) == counts(read(written.folder))


def test_an_interrupted_run_is_continued(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    branched(written)
    monkeypatch.setattr(reading, "CHECKPOINT_SECONDS", -1.0)
    done = 0

    def stop_at_three() -> bool:
        return done >= 3

    def note(now: int, total: int) -> None:
        nonlocal done
        done = now

    with pytest.raises(Cancelled):
        read_history(written.folder, default_rules(), progress=note, cancelled=stop_at_three)
    seen: list[int] = []
    history = read_history(written.folder, default_rules(), progress=lambda now, total: seen.append(now))
    assert seen == [4]
    assert counts(history) == counts(read(written.folder))


def test_a_rewritten_history_is_read_anew(written: Written) -> None:
    written.by_claude(a_py=BODY)
    written.commit("more", b_py="x = 1\n")
    read(written.folder, keep=True)
    written.git("commit", "-q", "--amend", "-m", "reworded")
    history = read(written.folder, keep=True)
    assert history.started_anew
    assert counts(history) == {"censored": 6}


def test_a_kept_walk_that_was_damaged_is_read_anew(written: Written) -> None:
    written.by_claude(a_py=BODY)
    read(written.folder, keep=True)
    kept_file(written).write_bytes(b"PK\x03\x04 no archive")
    assert counts(read(written.folder, keep=True)) == {"censored": 6}


def test_commits_that_arrive_meanwhile_do_not_matter(written: Written) -> None:
    branched(written)
    expected = counts(read(written.folder))

    def commit_more(done: int, total: int) -> None:
        if done == 1:
            written.commit("fix: all", a_py="")

    assert counts(read_history(written.folder, default_rules(), keep=False, progress=commit_more)) == expected


def test_no_code_is_kept_on_disk(written: Written) -> None:
    written.by_claude(a_py="very_private_name = 1\n")
    read(written.folder, keep=True)
    assert b"very_private_name" not in kept_file(written).read_bytes()
