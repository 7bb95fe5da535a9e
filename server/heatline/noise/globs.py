"""Include and exclude globs, in the notation of ``.gitignore``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from heatline.errors import SettingsError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


class PathFilter:
    """Which paths the settings leave in.

    A pattern without a slash matches at any depth, one with a slash from the folder of the settings; a folder's
    name stands for all that is in it; a later ``!pattern`` takes back what an earlier one matched.  Without
    ``include`` everything is included; ``exclude`` wins.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        """Raises SettingsError for a pattern that can't be read."""
        self._include = _compiled(include)
        self._exclude = _compiled(exclude)

    def reason(self, relative: PurePath) -> str | None:
        """Why a path, relative to the folder of the settings, is left out, as “is …”; None when it is not."""
        name = relative.as_posix()
        if self._exclude is not None:
            found = self._exclude.check_file(name)
            if found.include and found.index is not None:
                return f"is excluded by {_pattern(self._exclude, found.index)}"
        if self._include is not None and not self._include.match_file(name):
            return "is not among the included files"
        return None


def _compiled(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec

    compiled: list[GitIgnoreSpecPattern] = []
    for pattern in patterns:
        try:
            compiled += GitIgnoreSpec.from_lines([pattern]).patterns
        except ValueError as error:
            raise SettingsError(
                f"“{pattern}” is no glob. Write one as in a .gitignore file, such as “docs/**” or “*_gen.go”."
            ) from error
    return GitIgnoreSpec(compiled) if compiled else None


def _pattern(spec: GitIgnoreSpec, index: int) -> str:
    return f"“{getattr(list(spec.patterns)[index], 'pattern', '?')}”"
