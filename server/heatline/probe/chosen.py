"""Which probe a person chose for each supervisor with `heatline probe use`; kept in their configuration folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path

from heatline.errors import ProbeError


def choices_path() -> Path:
    """The file that choices are kept in."""
    return user_config_path("heatline") / "probes.json"


def chosen_probe(supervisor: str) -> str | None:
    """The name or card's path that was chosen; None when nothing was.

    Raises ``ProbeError`` when the file of choices is malformed.
    """
    return _read().get(supervisor)


def choose_probe(supervisor: str, probe: str | None) -> None:
    """Remember a choice, a shipped probe's name or a card's absolute path; None forgets it."""
    from heatline.supervisor.card import atomic_path

    choices = {name: value for name, value in _read().items() if name != supervisor}
    if probe is not None:
        choices[supervisor] = probe
    with atomic_path(choices_path()) as temporary:
        temporary.write_text(json.dumps(choices, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read() -> Mapping[str, str]:
    path = choices_path()
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ProbeError(f"The file of chosen probes {path} can't be read ({error}). Delete it.") from error
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise ProbeError(f"The file of chosen probes {path} is malformed. Delete it.")
    return {str(name): value for name, value in raw.items()}
