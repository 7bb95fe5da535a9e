"""What a setting's value may be: the test for it, the words for it, and its JSON schema."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol


class Kind(Protocol):
    """One kind of value; ``null`` is no kind's value, and means "not set" everywhere."""

    @property
    def expected(self) -> str:
        """The end of the sentence "threshold must be …"."""
        ...

    def accepts(self, value: object) -> bool: ...

    def normalise(self, value: Any) -> Any:
        """The value of an accepted one as ``Settings`` holds it."""
        ...

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the value, without description and default."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string that isn't blank."""

    what: str

    @property
    def expected(self) -> str:
        return self.what

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and value.strip() != ""

    def normalise(self, value: Any) -> Any:
        return value.strip()

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    expected: str = "true or false"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)

    def normalise(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; 4.0, which is how some clients write 4, is one."""

    low: int
    high: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def accepts(self, value: object) -> bool:
        # JSON true arrives as bool, which Python counts as an int.
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return math.isfinite(value) and value == int(value) and self.low <= value <= self.high

    def normalise(self, value: Any) -> Any:
        return int(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within a closed range."""

    low: float
    high: float

    @property
    def expected(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high

    def normalise(self, value: Any) -> Any:
        return float(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words, each with what it means."""

    meanings: tuple[tuple[str, str], ...]

    @property
    def words(self) -> list[str]:
        return [word for word, _ in self.meanings]

    @property
    def expected(self) -> str:
        *most, last = (f'"{word}"' for word in self.words)
        return f"{', '.join(most)} or {last}"

    def accepts(self, value: object) -> bool:
        return value in self.words

    def normalise(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": self.words}


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings that aren't blank."""

    what: str

    @property
    def expected(self) -> str:
        return f"a list of {self.what}"

    def accepts(self, value: object) -> bool:
        if not isinstance(value, list | tuple):
            return False
        return all(isinstance(each, str) and each.strip() != "" for each in value)

    def normalise(self, value: Any) -> Any:
        return tuple(each.strip() for each in value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}
