"""A document parsed again after an edit has the tree of a parse from scratch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.scoring.languages import parser_for
from heatline.scoring.parsing import DocumentParser, common_prefix, common_suffix

TEXTS = {
    "python": "import a\n\n\nclass A:\n    def f(self, x):\n        return {'k': x}\n\n\nif a:\n    f(1)\n",
    "javascript": "import a from 'a';\nexport function f(x) { return `${x}` }\nclass K { m() { return 1 } }\n",
    "cpp": "#include <a>\ntemplate <class T> T f(T t) { return t; }\nint K::m() { return 1; }\n",
}
SCRAPS = ["x", " ", "\n", "    ", "(", ")", "{", "}", "'", '"', "#", ";", "é", "😋", "return 1\n", "\r\n"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(SCRAPS)), max_size=8),
)
def test_the_tree_is_that_of_a_parse_from_scratch(
    language: str, changes: list[tuple[float, int, str]]
) -> None:
    parser, text = DocumentParser(), TEXTS[language]
    parser.parse("a", language, text.encode())
    for share, taken, inserted in changes:
        place = round(share * len(text))
        text = text[:place] + inserted + text[place + taken :]
        tree = parser.parse("a", language, text.encode())
        expected = parser_for(language).parse(text.encode())
        assert str(expected.root_node) == str(tree.root_node)
        nodes, wanted = [tree.root_node], [expected.root_node]
        while wanted:
            ours, theirs = nodes.pop(), wanted.pop()
            assert (theirs.start_byte, theirs.end_byte) == (ours.start_byte, ours.end_byte)
            nodes += ours.children
            wanted += theirs.children


@pytest.mark.parametrize("kept", [0, 1])
def test_only_the_latest_documents_are_kept(kept: int) -> None:
    parser = DocumentParser(kept)
    for document in ("a", "b", "a"):
        source = b"x = 1\n"
        assert parser.parse(document, "python", source).root_node.end_byte == len(source)


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12))
def test_what_two_contents_share(start: bytes, a: bytes, b: bytes) -> None:
    shared = common_prefix(start + a, start + b)
    assert shared >= len(start)
    assert (start + a)[:shared] == (start + b)[:shared]
    assert (start + a)[shared : shared + 1] != (start + b)[shared : shared + 1] or shared == len(start + a)
    assert common_suffix((start + a)[::-1], (start + b)[::-1]) == shared
