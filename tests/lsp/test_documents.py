"""Positions and edits, case by case; tests/property/test_documents.py holds for all texts."""

from __future__ import annotations

import pytest
from lsprotocol import types

from heatline.lsp.documents import Document, DocumentStore
from heatline.lsp.line_index import LineIndex
from heatline.lsp.position_encoding import ENCODINGS

URI = "file:///a.py"


def opened(text: str) -> DocumentStore:
    store = DocumentStore()
    store.open(types.TextDocumentItem(URI, "python", 1, text))
    return store


def change(
    store: DocumentStore, *changes: types.TextDocumentContentChangeEvent, version: int = 2
) -> Document | None:
    identifier = types.VersionedTextDocumentIdentifier(uri=URI, version=version)
    return store.change(identifier, changes, ENCODINGS["utf-16"])


def insertion(line: int, character: int, text: str) -> types.TextDocumentContentChangePartial:
    at = types.Position(line, character)
    return types.TextDocumentContentChangePartial(range=types.Range(at, at), text=text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_line_end_of_the_protocol_ends_a_line(end: str) -> None:
    assert len(LineIndex(f"a{end}b")) == 2


@pytest.mark.parametrize("char", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_other_character_ends_a_line(char: str) -> None:
    assert len(LineIndex(f"a{char}b")) == 1


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_an_emoji_is_as_wide_as_the_encoding_says(encoding: str, character: int) -> None:
    assert (0, character) == LineIndex("😋x").position(1, ENCODINGS[encoding])


@pytest.mark.parametrize(("encoding", "inside"), [("utf-8", 3), ("utf-16", 1)])
def test_a_position_inside_a_code_point_is_its_start(encoding: str, inside: int) -> None:
    assert LineIndex("😋x").offset(0, inside, ENCODINGS[encoding]) == 0


def test_a_character_past_the_line_is_the_lines_end() -> None:
    assert LineIndex("ab\r\ncd").offset(0, 99, ENCODINGS["utf-16"]) == 2


def test_a_line_past_the_last_is_the_end_of_the_text() -> None:
    assert LineIndex("ab\r\ncd").offset(9, 0, ENCODINGS["utf-16"]) == 6


def test_an_edit_after_a_form_feed_lands_on_the_line_the_client_means() -> None:
    document = change(opened("a\fb\nc\n"), insertion(1, 1, "!"))
    assert document is not None
    assert document.text == "a\fb\nc!\n"


def test_a_byte_order_mark_is_a_character() -> None:
    document = change(opened("\ufeffab"), insertion(0, 1, "x"))
    assert document is not None
    assert document.text == "\ufeffxab"


def test_the_halves_of_an_emoji_become_one_character() -> None:
    document = change(opened(""), insertion(0, 0, "\ud83d"), insertion(0, 1, "\ude0b"))
    assert document is not None
    assert document.text == "😋"


def test_a_lone_surrogate_is_replaced_only_for_the_model() -> None:
    document = opened("a\ud83db").get(URI)
    assert document is not None
    assert (document.text, document.scorable_text) == ("a\ud83db", "a\ufffdb")


def test_a_reversed_range_is_swapped() -> None:
    reversed_range = types.Range(types.Position(0, 3), types.Position(0, 1))
    document = change(opened("abcd"), types.TextDocumentContentChangePartial(range=reversed_range, text="-"))
    assert document is not None
    assert document.text == "a-d"


def test_a_whole_document_change_replaces_the_text() -> None:
    document = change(opened("abc"), types.TextDocumentContentChangeWholeDocument(text="new"))
    assert document is not None
    assert (document.version, document.text) == (2, "new")


def test_a_repeated_version_is_applied_all_the_same() -> None:
    document = change(opened("abc"), insertion(0, 0, "x"), version=1)
    assert document is not None
    assert (document.version, document.text) == (1, "xabc")


def test_an_edit_of_a_document_that_is_not_open_is_ignored() -> None:
    assert change(DocumentStore(), insertion(0, 0, "x")) is None


def test_opening_twice_takes_the_second_text() -> None:
    store = opened("first")
    store.open(types.TextDocumentItem(URI, "python", 1, "second"))
    document = store.get(URI)
    assert document is not None
    assert document.text == "second"


def test_closing_a_document_that_is_not_open_is_no_error() -> None:
    DocumentStore().close(URI)


def test_an_earlier_snapshot_does_not_see_a_later_edit() -> None:
    store = opened("abc")
    before = store.get(URI)
    change(store, insertion(0, 0, "x"))
    assert before is not None
    assert before.text == "abc"


@pytest.mark.parametrize(
    ("named", "text", "language"),
    [
        ("cpp", "int f(void);\n", "c"),
        ("c", "class A {\n};\n", "cpp"),
        ("cpp", "", "cpp"),
        ("text", "int x;\n", "c"),
    ],
)
def test_a_headers_text_decides_between_c_and_cpp(named: str, text: str, language: str) -> None:
    """And what was decided when it was opened stays."""
    store = DocumentStore()
    opened = store.open(types.TextDocumentItem("file:///a.h", named, 1, text))
    assert opened.language_id == language
    identifier = types.VersionedTextDocumentIdentifier(uri="file:///a.h", version=2)
    whole = types.TextDocumentContentChangeWholeDocument(text="class B {};\n")
    changed = store.change(identifier, [whole], ENCODINGS["utf-16"])
    assert changed is not None
    assert changed.language_id == language
