"""A baseline: risky lines that are known, so that only new ones are flagged.

A file of JSON, kept with the code, that names lines by their marks (`heatline.noise.line_marks`): it holds no code
and no line numbers, so it changes only when a known line does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from heatline.errors import InputError
from heatline.noise.line_marks import LineMark

_VERSION = 1


class Baseline:
    """The known lines of each file, by its path relative to the baseline's folder, with forward slashes."""

    def __init__(self, files: Mapping[str, Iterable[LineMark]]) -> None:
        self._files = {name: tuple(marks) for name, marks in files.items()}

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Raises InputError for a file that is missing or isn't a baseline."""
        try:
            content = json.loads(path.read_bytes())
            if content["heatline_baseline"] != _VERSION:
                raise InputError(
                    f"{path} is a baseline of another version of Heatline. Write it again with --update-baseline."
                )
            return cls(
                {name: [LineMark.parse(mark) for mark in marks] for name, marks in content["files"].items()}
            )
        except FileNotFoundError as error:
            raise InputError(f"There is no baseline {path}. Write one with --update-baseline.") from error
        except OSError as error:
            raise InputError(f"{path} can't be read ({error.strerror}). Change its permissions.") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{path} is no baseline. Name another file, or write it again with --update-baseline."
            ) from error

    def known(self, name: str, marks: Mapping[int, LineMark]) -> frozenset[int]:
        """The lines among ``marks``, which are a file's in order, that are known; each known line counts once."""
        unused = list(self._files.get(name, ()))
        found = set()
        for same in (LineMark.__eq__, LineMark.is_of):  # exact ones first: they mustn't lose theirs to others
            for number, mark in marks.items():
                if number in found:
                    continue
                match = next((each for each in unused if same(each, mark)), None)
                if match is not None:
                    unused.remove(match)
                    found.add(number)
        return frozenset(found)

    def updated(self, checked: Mapping[str, Iterable[LineMark]], folder: Path) -> Baseline:
        """With the risky lines of the files that were ``checked``; files that are gone from ``folder`` are dropped."""
        kept = {name: marks for name, marks in self._files.items() if (folder / name).is_file()}
        return Baseline({**kept, **{name: tuple(marks) for name, marks in checked.items()}})

    def text(self) -> str:
        """What is written into the file: sorted, one line of the text for each mark, for readable diffs."""
        files = {name: sorted(map(str, marks)) for name, marks in sorted(self._files.items()) if marks}
        return json.dumps({"heatline_baseline": _VERSION, "files": files}, indent=1) + "\n"

    def __len__(self) -> int:
        return sum(len(marks) for marks in self._files.values())
