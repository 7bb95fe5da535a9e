"""Property: whatever an editor sends, the server's text and positions are those of a plain reference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from heatline.lsp.documents import DocumentStore
from heatline.lsp.line_index import LineIndex
from heatline.lsp.position_encoding import ENCODINGS, PositionEncoding, join_surrogates
from tests.property.reference_text import reference_joined, reference_lines, reference_offset

AWKWARD = "ab \t\r\n\f\v\x1c\x85\u2028\u2029\ufeffé世\u0301😋𝄞\ud83d\ude0b"
texts = st.text(st.sampled_from(AWKWARD), max_size=40)
encodings = st.sampled_from(list(ENCODINGS.values()))
positions = st.tuples(st.integers(0, 12), st.integers(0, 30))
any_positions = st.tuples(st.integers(-1, 12), st.integers(-1, 30))
edits = st.tuples(positions, positions, texts)


@given(texts, st.lists(edits, max_size=8), encodings)
def test_any_sequence_of_edits_gives_the_text_of_the_reference(
    text: str, changes: list[tuple[tuple[int, int], tuple[int, int], str]], encoding: PositionEncoding
) -> None:
    """One notification per edit or all edits in one: the text is the reference's."""
    expected = reference_joined(text)
    one_by_one, at_once = DocumentStore(), DocumentStore()
    for store in (one_by_one, at_once):
        store.open(types.TextDocumentItem("file:///a.py", "python", 0, text))
    events = []
    for version, (first, second, inserted) in enumerate(changes, start=1):
        a, b = (reference_offset(expected, *position, encoding) for position in (first, second))
        expected = reference_joined(expected[: min(a, b)] + inserted + expected[max(a, b) :])
        event = types.TextDocumentContentChangePartial(
            range=types.Range(types.Position(*first), types.Position(*second)), text=inserted
        )
        one_by_one.change(
            types.VersionedTextDocumentIdentifier(uri="file:///a.py", version=version), [event], encoding
        )
        events.append(event)
    at_once.change(types.VersionedTextDocumentIdentifier(uri="file:///a.py", version=99), events, encoding)
    for store in (one_by_one, at_once):
        document = store.get("file:///a.py")
        assert document is not None
        assert expected == document.text


@given(texts.map(join_surrogates), encodings)
def test_every_offset_survives_the_way_to_the_client_and_back(text: str, encoding: PositionEncoding) -> None:
    """Only the middle of a ``\\r\\n`` has no position of its own: it is the end of its line."""
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        inside_line_end = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        expected = offset - 1 if inside_line_end else offset
        assert expected == index.offset(*index.position(offset, encoding), encoding)


@given(texts.map(join_surrogates), encodings, any_positions)
def test_any_position_is_the_offset_of_the_reference(
    text: str, encoding: PositionEncoding, position: tuple[int, int]
) -> None:
    """Out of range is clamped, inside a code point is its start."""
    assert reference_offset(text, *position, encoding) == LineIndex(text).offset(*position, encoding)


@given(texts)
def test_lines_are_those_of_the_reference(text: str) -> None:
    index = LineIndex(text)
    assert reference_lines(text) == [(index.start(line), index.end(line)) for line in range(len(index))]


@given(texts, encodings)
def test_the_scorable_text_has_the_same_offsets_and_no_surrogates(
    text: str, encoding: PositionEncoding
) -> None:
    document = DocumentStore().open(types.TextDocumentItem("file:///a.py", "python", 0, text))
    assert len(document.text) == len(document.scorable_text)
    document.scorable_text.encode("utf-8")
