"""Reads one file to be scored, or says in one sentence why it can't be."""

from __future__ import annotations

import codecs
import io
import tokenize
from pathlib import Path

from heatline.errors import InputError
from heatline.scoring.limits import MAX_BYTES, minified_line

_PYTHON = frozenset({".py", ".pyi", ".pyw"})
_UTF16_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class UnscorableError(InputError):
    """Raised for a file that is read well but has nothing to score: empty, binary, huge or minified."""


def read_source(path: Path, most_bytes: int = MAX_BYTES) -> str:
    """The text of ``path``, line ends as they are, without a byte-order mark.

    Raises InputError for a file that is missing, a folder, unreadable, or not UTF-8 (for Python: not in the
    encoding it declares), and UnscorableError for one that is empty, larger than ``most_bytes``, binary or minified.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder. Name a file in it, or check the folder with its files.")
        if not path.exists():
            raise InputError(f"{path} does not exist. Check the spelling and the folder you are in.")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file. Pipe its text in and name it “-” instead.")
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read by you. Change its permissions, or leave it out."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} can't be read ({reason}). Check that it is there and whole.") from error
    return decode_source(raw, str(path), python=path.suffix.lower() in _PYTHON, most_bytes=most_bytes)


def decode_source(raw: bytes, name: str, *, python: bool, most_bytes: int = MAX_BYTES) -> str:
    """The text of ``raw``, the first ``most_bytes`` + 1 bytes of what is called ``name``.

    Raises as :func:`read_source` does.
    """
    if len(raw) > most_bytes:
        raise UnscorableError(
            f"{name} is larger than {_size(most_bytes)}. Split it, or check only the part that was written."
        )
    if raw.startswith(_UTF16_32):
        raise InputError(f"{name} is UTF-16 or UTF-32 text. Save it as UTF-8 and check it again.")
    if b"\0" in raw:
        raise UnscorableError(f"{name} is a binary file. Heatline scores source text only.")
    text = _decode_python(raw, name) if python else _decode_utf8(raw, name)
    if not text.strip():
        raise UnscorableError(f"{name} is empty. There is nothing in it to score.")
    if (long := minified_line(text)) is not None:
        number, length = long
        raise UnscorableError(
            f"{name} looks minified (line {number} has {length:,} characters). "
            "Check the source that it was made from."
        )
    return text


def _size(number: int) -> str:
    return f"{number / 1e6:g} MB" if number >= 1_000_000 else f"{number / 1e3:g} kB"


def _decode_utf8(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 (byte {error.start:,} can't be decoded). Save it as UTF-8."
        ) from error


def _decode_python(raw: bytes, name: str) -> str:
    """PEP 263: a byte-order mark or a coding cookie in the first two lines, else UTF-8."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not {error.encoding.upper()} (byte {error.start:,} can't be decoded). "
            "Save it as UTF-8, or declare its encoding in its first line."
        ) from error
    except SyntaxError as error:
        if "encoding problem" in str(error) or "unknown encoding" in str(error):
            raise InputError(
                f"{name} declares an unknown encoding. Save it as UTF-8 and correct the first line."
            ) from error
        # detect_encoding reports undecodable bytes in the first two lines as a syntax error.
        return _decode_utf8(raw, name)
    except LookupError as error:  # a codec that is no text encoding, such as “hex”
        raise InputError(
            f"{name} declares an unknown encoding. Save it as UTF-8 and correct the first line."
        ) from error
