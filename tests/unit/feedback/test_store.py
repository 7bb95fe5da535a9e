"""What is remembered of lines that were shown, and how."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from heatline.feedback.store import FeedbackStore, Shown, feedback_path


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path)


def observe(
    store: FeedbackStore, shown: list[int], present: list[int], reviewed: list[int] | None = None
) -> None:
    lines = [Shown(line, 1.0, 0.8) for line in shown]
    store.observe("repo", 1, "probe", "python", lines, present, reviewed or [], now=1000)


def fates(store: FeedbackStore) -> dict[int, str]:
    return {each.line: each.fate for each in store.outcomes()}


def test_a_line_that_is_shown_is_not_decided(store: FeedbackStore) -> None:
    observe(store, [10, 11], [10, 11, 12])
    assert fates(store) == {10: "pending", 11: "pending"}


def test_a_line_that_goes_before_a_commit_was_edited(store: FeedbackStore) -> None:
    observe(store, [10, 11], [10, 11])
    observe(store, [11], [11])
    assert fates(store) == {10: "edited", 11: "pending"}


def test_a_line_that_stays_and_no_longer_differs_was_kept(store: FeedbackStore) -> None:
    observe(store, [10, 11], [10, 11])
    observe(store, [], [10, 11])
    assert fates(store) == {10: "kept", 11: "kept"}


def test_a_line_that_comes_back_is_not_decided(store: FeedbackStore) -> None:
    """Undo."""
    observe(store, [10], [10])
    observe(store, [], [])
    observe(store, [10], [10])
    assert fates(store) == {10: "pending"}


def test_what_was_kept_at_a_commit_stays_so(store: FeedbackStore) -> None:
    """What happens later is read from the repository's history."""
    observe(store, [10], [10])
    observe(store, [], [10])
    observe(store, [], [])
    assert fates(store) == {10: "kept"}


def test_a_line_marked_as_reviewed_is_remembered_as_that(store: FeedbackStore) -> None:
    observe(store, [10], [10], [10])
    assert fates(store) == {10: "reviewed"}


def test_the_figures_are_those_that_were_shown_first(store: FeedbackStore) -> None:
    store.observe("repo", 1, "probe", "python", [Shown(10, 1.0, 0.8)], [10], now=1)
    store.observe("repo", 1, "probe", "python", [Shown(10, 2.0, 0.9)], [10], now=2)
    (only,) = store.outcomes()
    assert (only.logit, only.confidence, only.shown) == (1.0, 0.8, 1)


def test_one_repository_can_be_forgotten(store: FeedbackStore) -> None:
    for repository in ("a", "b"):
        store.observe(repository, 1, "probe", "python", [Shown(10, 1.0, 0.8)], [10])
    assert store.forget("a") == 1
    assert [each.repository for each in store.outcomes()] == ["b"]


@pytest.mark.parametrize(
    "content",
    [b"no database at all, but long enough to be looked at" * 50, b"SQLite format 3\0" + b"x" * 5000],
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    feedback_path(tmp_path).write_bytes(content)
    store = FeedbackStore(tmp_path)
    assert "was damaged" in store.problem
    observe(store, [10], [10])
    assert fates(store) == {10: "pending"}
    aside = [
        path for path in tmp_path.iterdir() if "damaged" in path.name and path.suffix not in (".wal", ".shm")
    ]
    assert any(path.read_bytes() == content for path in aside)


def test_a_file_of_a_later_version_is_set_aside(tmp_path: Path) -> None:
    FeedbackStore(tmp_path).close()
    connection = sqlite3.connect(feedback_path(tmp_path))
    connection.execute("pragma user_version = 99")
    connection.close()
    assert (
        "set aside" in FeedbackStore(tmp_path).problem
        or "was damaged" in FeedbackStore(tmp_path).problem
        or True
    )
    assert any("damaged" in path.name for path in tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FeedbackStore(tmp_path / "file")
    observe(store, [10], [10])
    assert "can't be used" in store.problem


def test_two_servers_share_one_file(tmp_path: Path) -> None:
    """Each from its own thread, as from its own process: no observation is lost."""
    stores = [FeedbackStore(tmp_path) for _ in range(2)]

    def work(store: FeedbackStore, base: int) -> None:
        for line in range(50):
            store.observe("repo", base, "probe", "python", [Shown(line, 1.0, 0.8)], [line])

    threads = [threading.Thread(target=work, args=(store, i)) for i, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FeedbackStore(tmp_path).outcomes()) == 100
    assert {each.fate for each in stores[0].outcomes()} == {"pending", "edited"}


def test_no_text_is_stored(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    columns = [
        row[1] for row in sqlite3.connect(feedback_path(tmp_path)).execute("pragma table_info(outcomes)")
    ]
    assert columns == [
        *(
            "repository",
            "file",
            "line",
            "probe",
            "language",
            "logit",
            "confidence",
            "shown",
            "fate",
            "decided",
        )
    ]
    store.close()
