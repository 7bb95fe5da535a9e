"""Reading a file to be scored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heatline.cli.reading import UnscorableError, decode_source, read_source
from heatline.errors import InputError
from heatline.scoring.limits import MAX_BYTES, minified_line


def written(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def test_line_ends_are_left_as_they_are(tmp_path: Path) -> None:
    assert read_source(written(tmp_path, "a.py", b"a\r\nb\rc\n")) == "a\r\nb\rc\n"


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    assert read_source(written(tmp_path, "a.js", b"\xef\xbb\xbfa")) == "a"
    assert read_source(written(tmp_path, "a.py", b"\xef\xbb\xbfa")) == "a"


def test_python_is_read_in_the_encoding_it_declares(tmp_path: Path) -> None:
    raw = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    assert read_source(written(tmp_path, "a.py", raw)) == "# coding: latin-1\nx = 'é'\n"


def test_the_cookie_means_nothing_outside_python(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not UTF-8"):
        read_source(written(tmp_path, "a.rb", "# coding: latin-1\nx = 'é'\n".encode("latin-1")))


def test_broken_syntax_is_no_reason_to_refuse(tmp_path: Path) -> None:
    assert read_source(written(tmp_path, "a.py", b"def (:\n")) == "def (:\n"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a\0b", "is a binary file"),
        (b"\xff\xfea\0", "is UTF-16 or UTF-32"),
        (b"\xff\xfe\0\0a\0\0\0", "is UTF-16 or UTF-32"),
        (b"# one\n# two\nx = '\xe9'\n", r"is not UTF-8 \(byte 17 can't be decoded\)"),
        (b"x = '\xe9'\n", r"is not UTF-8 \(byte 5 can't be decoded\)"),
        (b"# coding: ascii\n\n\nx = '\xe9'\n", r"is not ASCII \(byte 23 can't be decoded\)"),
        (b"# coding: klingon\n", "declares an unknown encoding"),
        (b"# coding: hex\n00\n", "declares an unknown encoding"),
        (b"a" * (MAX_BYTES + 1), "is larger than 1 MB"),
        (b"a = 1;" * 2_000, r"looks minified \(line 1 has 12,000 characters\)"),
    ],
)
def test_each_unreadable_content_has_its_sentence(tmp_path: Path, raw: bytes, sentence: str) -> None:
    path = written(tmp_path, "a.py", raw)
    with pytest.raises(InputError, match=sentence) as raised:
        read_source(path)
    assert str(raised.value).startswith(str(path))


def test_a_missing_file_has_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_source(tmp_path / "gone.py")


def test_a_folder_has_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_source(tmp_path)


def test_a_name_no_file_can_have_has_its_sentence() -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_source(Path("a\0b.py"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a regular file"):
        read_source(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_has_its_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "a.py", b"a")
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read_source(path)


def test_exactly_one_megabyte_is_read() -> None:
    raw = b"a = 1\n" * (MAX_BYTES // 6)
    assert decode_source(raw.ljust(MAX_BYTES, b"\n"), "a.py", python=True).startswith("a = 1\n")


def test_content_that_is_not_worth_scoring_is_told_from_content_that_is_broken() -> None:
    with pytest.raises(UnscorableError):
        decode_source(b"", "a.py", python=True)
    with pytest.raises(InputError) as raised:
        decode_source(b"\xe9", "a.py", python=False)
    assert not isinstance(raised.value, UnscorableError)


def test_one_long_line_of_data_among_many_is_not_minified() -> None:
    assert minified_line("x = 1\n" * 500 + "'" + "a" * 3_000 + "'\n") is None


def test_a_short_one_liner_is_not_minified() -> None:
    assert minified_line("a" * 1_000) is None
