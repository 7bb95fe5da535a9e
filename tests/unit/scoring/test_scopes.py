"""Segmentation: every character in one scope, the right cuts, the right context, for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.scoring.languages import LANGUAGES, PLAIN
from heatline.scoring.scopes import LONG_CLASS, find_scopes

MODULE = '''"""Doc."""
import os
from a import b

LIMIT = 1

# says what f does
@cached
def f(x):
    return x


def g(): return 1
class A(B):
    def m(self): ...

if __name__ == "__main__":
    f(1)
'''


def pieces(text, language="python"):
    return [(text[s.start : s.end], s.kind, s.name) for s in find_scopes(text, language)]


def test_python_module():
    assert pieces(MODULE) == [
        ('"""Doc."""\nimport os\nfrom a import b\n\nLIMIT = 1', "statements", ""),
        ("# says what f does\n@cached\ndef f(x):\n    return x", "function", "f"),
        ("def g(): return 1", "function", "g"),
        ("class A(B):\n    def m(self): ...", "class", "A"),
        ('if __name__ == "__main__":\n    f(1)', "statements", ""),
    ]


def test_the_context_is_the_imports_above():
    first, second, *_ = find_scopes(MODULE, "python")
    assert first.context == ""
    assert second.context == "import os\nfrom a import b"


def test_a_long_class_splits_into_methods_that_know_their_class():
    body = "\n\n".join(f"    def m{i}(self):\n        return {'1 + ' * 60}{i}" for i in range(8))
    text = f"import os\n\n\nclass Long(Base):\n    limit = 3\n\n{body}\n"
    assert len(text) > LONG_CLASS
    scopes = find_scopes(text, "python")
    assert [s.name for s in scopes if s.kind == "method"] == [f"m{i}" for i in range(8)]
    assert scopes[-1].context == "import os\nclass Long(Base):"


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        (
            "javascript",
            "import a from 'a';\nexport function f() { return 1 }\nclass K { m() {} }\n",
            ["", "f", "K"],
        ),
        ("typescript", "export default class K { m(): number { return 1 } }\nconst x = 1;\n", ["K", ""]),
        ("java", "import a.B;\nclass K { int m() { return 1; } }\n", ["", "K"]),
        ("c", "#include <a.h>\nstatic int *f(int a) { return a; }\n", ["", "f"]),
        ("cpp", "template <class T> T f(T t) { return t; }\nint K::m() { return 1; }\n", ["f", "K::m"]),
        ("go", "package p\n\nfunc F() int { return 1 }\nfunc (k K) M() {}\n", ["", "F", "M"]),
        ("rust", "use a::b;\nfn f() -> i32 { 1 }\nimpl K { fn m() {} }\n", ["", "f", "K"]),
        ("csharp", "using A;\nclass K { int M() { return 1; } }\n", ["", "K"]),
        ("ruby", "def f\n  1\nend\nclass K\n  def m; end\nend\n", ["f", "K"]),
        ("php", "<?php\nfunction f() { return 1; }\nclass K { function m() {} }\n", ["", "f", "K"]),
        ("bash", "set -e\nf() { echo 1; }\n", ["", "f"]),
    ],
)
def test_each_language(language, text, names):
    assert [name for _, _, name in pieces(text, language)] == names


def test_a_language_without_a_grammar_is_cut_at_unindented_paragraphs():
    text = "proc a {\n  x\n}\n\nproc b {\n\n  y\n}\n"
    assert [piece for piece, _, _ in pieces(text, PLAIN)] == ["proc a {\n  x\n}", "proc b {\n\n  y\n}"]


def test_an_empty_text_has_no_scopes():
    assert find_scopes("", "python") == find_scopes(" \n\t\n", PLAIN) == []


SCRAPS = [
    "def f(",
    "class A:",
    "\n",
    "\r\n",
    "\r",
    "    ",
    "é😋",
    "\ud800",
    "#",
    "'''",
    "{",
    "}",
    "x = 1",
    "\x0c",
    "\u2028",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(SCRAPS), st.text(max_size=5)), max_size=40).map("".join),
    st.sampled_from([*LANGUAGES, PLAIN]),
)
def test_scopes_cover_every_character_once_in_any_text(text, language):
    position = 0
    for scope in find_scopes(text, language):
        assert position <= scope.start < scope.end <= len(text)
        assert not text[position : scope.start].strip()
        assert text[scope.start : scope.end].rstrip() == text[scope.start : scope.end]
        position = scope.end
    assert not text[position:].strip()
