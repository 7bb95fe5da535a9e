"""A walk on disk, so that the next one starts where it ended or was interrupted: numbers and names, never code."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from array import array
from contextlib import suppress
from pathlib import Path

import numpy as np

from heatline.history.file_lines import FileLines
from heatline.history.walk import State, Walked
from heatline.history.written_lines import LineLog
from heatline.scoring.cache import default_folder

FORMAT_VERSION = 1


def walk_path(common: Path, rules_key: str) -> Path:
    """Where the walk of a repository, known by its common git folder, is kept for some rules."""
    place = hashlib.sha256(str(common.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return default_folder() / "history" / f"{place[:20]}-{rules_key[:12]}.npz"


def write_walk(path: Path, walked: Walked) -> None:
    """Write it atomically."""
    from heatline.supervisor.card import atomic_path

    columns = {f"log_{name}": np.asarray(column) for name, column in walked.log.columns().items()}
    unique: dict[int, int] = {}
    files: list[FileLines] = []
    states: dict[str, list[list[object]]] = {}
    for oid, state in walked.states.items():
        entries: list[list[object]] = []
        for name, lines in state.items():
            if id(lines) not in unique:
                unique[id(lines)] = len(files)
                files.append(lines)
            entries.append([name, unique[id(lines)]])
        states[oid] = entries
    about = {
        "format": FORMAT_VERSION,
        "paths": list(walked.paths),
        "writers": list(walked.writers),
        "numbers": list(walked.numbers),
        "states": states,
        "files": [[lines.blob, lines.touches, len(lines.ids)] for lines in files],
    }
    empty = np.empty(0, np.int32)
    columns["places"] = np.concatenate([empty, *(lines.places for lines in files)])
    columns["ids"] = np.concatenate([empty, *(lines.ids for lines in files)])
    columns["about"] = np.frombuffer(json.dumps(about).encode("utf-8"), np.uint8)
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **columns)
    with atomic_path(path) as temporary:
        temporary.write_bytes(written.getvalue())


def read_walk(path: Path) -> Walked | None:
    """The walk that was kept; None when there is none, or it can't be read: then everything is read again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes().decode("utf-8"))
            if about["format"] != FORMAT_VERSION:
                return None
            log = LineLog()
            for name, column in log.columns().items():
                vars(log)[name] = array(column.typecode, stored[f"log_{name}"].tobytes())
            ends = np.cumsum([count for _, _, count in about["files"]], dtype=np.int64)
            places = np.split(stored["places"], ends[:-1])
            ids = np.split(stored["ids"], ends[:-1])
            files = [
                FileLines(blob, places[i], ids[i], touches)
                for i, (blob, touches, _) in enumerate(about["files"])
            ]
            states: dict[str, State] = {
                oid: {name: files[number] for name, number in entries}
                for oid, entries in about["states"].items()
            }
            numbered = [
                {name: i for i, name in enumerate(about[key])} for key in ("paths", "writers", "numbers")
            ]
            return Walked(log, numbered[0], numbered[1], numbered[2], states)
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile):
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return None
