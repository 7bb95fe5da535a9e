"""The settings that hold for a document: editor over project file over defaults, by folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heatline.lsp.configuration import Configuration
from heatline.lsp.configuration_events import own_section


class Configured(Configuration):
    def __init__(self, options: Any = None, folders: list[Path] | None = None) -> None:
        self.said: list[str] = []
        super().__init__(self.said.append)
        self.begin(options, [folder.as_uri() for folder in folders or []])


def test_the_editor_wins_over_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "heatline.toml").write_text('threshold = 0.2\nscope = "file"\n')
    configured = Configured({"threshold": 0.4}, [tmp_path])
    settings = configured.of((tmp_path / "a.py").as_uri()).settings
    assert (settings.threshold, settings.scope) == (0.4, "file")


def test_each_file_has_the_nearest_project_file(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "heatline.toml").write_text("threshold = 0.2\n")
    (inner / "heatline.toml").write_text("threshold = 0.3\n")
    configured = Configured(None, [tmp_path])
    found = [configured.of((folder / "a.py").as_uri()) for folder in (tmp_path, inner)]
    assert [(each.settings.threshold, each.base) for each in found] == [(0.2, tmp_path), (0.3, inner)]


def test_a_folder_may_have_its_own_settings_in_the_editor(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    configured = Configured({"threshold": 0.1}, [first, second])
    configured.sent({"threshold": 0.2})
    configured.sent({"threshold": 0.3}, second.as_uri())
    found = [configured.of((folder / "a.py").as_uri()).settings.threshold for folder in (first, second)]
    assert found == [0.2, 0.3]


def test_what_the_editor_sends_takes_the_place_of_its_options() -> None:
    configured = Configured({"threshold": 0.1, "scope": "file"})
    assert configured.sent(None) is False
    assert configured.machine.threshold == 0.1
    assert configured.sent({"threshold": 0.2}) is True
    assert configured.sent({"threshold": 0.2}) is False
    assert (configured.machine.threshold, configured.machine.scope) == (0.2, "changes")


@pytest.mark.parametrize(("trusted", "expected"), [(True, "theirs"), (False, None), ("yes", None)])
def test_only_a_trusted_folder_names_a_supervisor(
    tmp_path: Path, trusted: object, expected: str | None
) -> None:
    (tmp_path / "heatline.toml").write_text('supervisor = "theirs"\n')
    configured = Configured({"trusted": trusted}, [tmp_path])
    assert configured.machine.supervisor == expected
    assert bool(configured.said) is (expected is None)


def test_a_broken_project_file_is_said_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "heatline.toml").write_text("threshold = \n")
    configured = Configured({"scope": "file"}, [tmp_path])
    assert configured.machine.scope == "file"
    assert "is not valid TOML" in configured.said[0]


def test_a_project_file_is_read_again_when_it_changed(tmp_path: Path) -> None:
    configured = Configured(None, [tmp_path])
    assert configured.machine.threshold is None
    (tmp_path / "heatline.toml").write_text("threshold = 0.5\n")
    configured.reread()
    assert configured.machine.threshold == 0.5


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"heatline": {"scope": "file"}, "other": 1}, {"scope": "file"}),
        ({"scope": "file"}, {"scope": "file"}),
        ({"severity.low": "hint"}, {"severity.low": "hint"}),
        ({"python": {"x": 1}}, None),
        ({}, None),
        (None, None),
        ([], None),
        ("text", None),
    ],
)
def test_own_settings_are_found_in_whatever_is_sent(sent: object, expected: object) -> None:
    assert own_section(sent) == expected
