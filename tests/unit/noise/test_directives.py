"""Ignore comments: where they stand decides what they ignore, in every language, and never in a string."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.noise.directives import IgnoredLines, ignore_comment, ignored_lines
from heatline.scoring.languages import LANGUAGES, PLAIN


def lines(text: str, language: str = "python") -> list[int]:
    found = ignored_lines(text, language)
    assert not found.whole_file
    return sorted(found.lines)


def test_after_code_it_ignores_that_line() -> None:
    assert lines("a = 1\nb = 2  # heatline: ignore\nc = 3\n") == [1]


def test_words_after_it_are_for_people() -> None:
    assert lines("b = 2  # heatline: ignore - checked against the table\n") == [0]
    assert lines("b = 2  # heatline: ignore(checked)\n") == [0]


def test_it_may_follow_another_comment() -> None:
    assert lines("import a  # noqa: F401  # heatline: ignore\n") == [0]


def test_alone_it_ignores_the_next_line_of_code() -> None:
    assert lines("# heatline: ignore\n\n# why\na = 1\nb = 2\n") == [3]


def test_above_a_function_it_ignores_all_of_it() -> None:
    assert lines("# heatline: ignore\ndef f():\n    a = 1\n\n    return a\n\nb = 2\n") == [1, 2, 3, 4]


def test_above_decorators_it_ignores_the_function_with_them() -> None:
    assert lines("# heatline: ignore\n@a\n@b\ndef f():\n    pass\nx = 1\n") == [1, 2, 3, 4]


def test_among_decorators_it_ignores_what_follows_it_of_the_function() -> None:
    assert lines("@a\n# heatline: ignore\ndef f():\n    pass\nx = 1\n") == [2, 3]
    assert lines("@a\n# heatline: ignore\n@b\ndef f():\n    pass\nx = 1\n") == [2, 3, 4]


def test_above_a_method_it_leaves_the_others() -> None:
    text = "class A:\n    x = 1\n\n    # heatline: ignore\n    def f(self):\n        pass\n\n    def g(self): ...\n"
    assert lines(text) == [4, 5]


def test_above_a_class_it_ignores_the_class() -> None:
    assert lines("# heatline: ignore\nclass A:\n    def f(self): ...\n\nx = 1\n") == [1, 2]


def test_on_the_line_of_a_function_it_ignores_that_line_only() -> None:
    assert lines("def f():  # heatline: ignore\n    return 1\n") == [0]


def test_at_the_end_of_a_file_it_ignores_nothing() -> None:
    assert lines("a = 1\n# heatline: ignore\n") == []


def test_a_file_is_ignored_from_wherever_it_says_so() -> None:
    assert ignored_lines("a = 1\n# heatline: ignore-file\n", "python") == IgnoredLines(whole_file=True)
    assert 99 in ignored_lines("# heatline: ignore-file\n", "python")


@pytest.mark.parametrize(
    "text",
    [
        'a = "# heatline: ignore"\n',
        '"""\n# heatline: ignore\n"""\na = 1\n',
        "a = 1  # write “heatline: ignore” here\n",
        "a = 1  # heatline: ignored\n",
        "a = 1  # heatline: ignore-fields\n",
        "a = 1  # heatline : ignore\n",
        "a = 1  # heatline: ignore-file\n",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert ignored_lines(text, "python") == IgnoredLines()


FUNCTIONS = {
    "python": "def f():\n    return 1\n",
    "javascript": "export function f() {\n  return 1\n}\n",
    "typescript": "export async function f(): Promise<void> {\n  return 1\n}\n",
    "tsx": "function F() {\n  return <b/>\n}\n",
    "java": "class A {\n  int f() { return 1; }\n}\n",
    "c": "static int f(void) {\n  return 1;\n}\n",
    "cpp": "template <class T>\nT f() {\n  return 1;\n}\n",
    "go": "func f() int {\n\treturn 1\n}\n",
    "rust": "#[inline]\nfn f() -> i32 {\n    1\n}\n",
    "csharp": "class A {\n  int F() { return 1; }\n}\n",
    "ruby": "def f\n  1\nend\n",
    "php": "function f() {\n  return 1;\n}\n",
    "bash": "f() {\n  echo 1\n}\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_languages_comment_ignores_the_function_below_it(language: str) -> None:
    head = "<?php\n" if language == "php" else ""
    comment, function = ignore_comment(language), FUNCTIONS[language]
    first = head.count("\n") + 1
    assert lines(f"{head}{comment}\n{function}", language) == list(range(first, first + function.count("\n")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_languages_comment_ignores_the_line_it_ends(language: str) -> None:
    head = "<?php\n" if language == "php" else ""
    function = FUNCTIONS[language].split("\n")
    function[-3] += "  " + ignore_comment(language)
    text = head + "\n".join(function)
    assert lines(text, language) == [text.count("\n") - 2]


@pytest.mark.parametrize(
    ("language", "text", "ignored"),
    [
        ("c", "int a; /* heatline: ignore */\nint b;\n", [0]),
        ("c", "/* heatline: ignore */ int a;\nint b;\n", [0]),
        ("java", "/*\n * heatline: ignore\n */\nclass A {\n}\nclass B { }\n", [3, 4]),
        ("tsx", "const a = <p>\n  {/* heatline: ignore */}\n  <b/>\n</p>\n", [2]),
        ("javascript", "const a = `// heatline: ignore`\n", []),
        ("cpp", 'auto a = R"(\n// heatline: ignore\n)";\n', []),
        ("rust", "// heatline: ignore\n#[a]\n#[b]\nstruct S;\n", [1]),
        ("bash", "cat <<E\n# heatline: ignore\nE\n", []),
    ],
)
def test_comments_of_every_kind_and_strings_of_none(language: str, text: str, ignored: list[int]) -> None:
    assert lines(text, language) == ignored


def test_without_a_grammar_the_usual_markers_count() -> None:
    text = "x -- heatline: ignore\n; heatline: ignore\ny\nz /* heatline: ignore */\nurl heatline: ignore\n"
    assert lines(text, PLAIN) == [0, 2, 3]


def test_code_that_is_half_typed_keeps_its_ignore_comments() -> None:
    assert 1 in lines("def f(:\n    a = (1 +  # heatline: ignore\n\ndef g(\n")


def test_all_line_ends_and_characters_are_counted_right() -> None:
    text = "é = '😋'\r\n\ud800 = 1\rb = '😋'  # heatline: ignore\u2028\nc = 1\n"
    assert lines(text) == [2]


SCRAPS = [
    "# heatline: ignore",
    "// heatline: ignore-file",
    "/*",
    "*/",
    "'",
    '"""',
    "\n",
    "\r",
    "def f():",
    "{",
    "é",
    "\ud800",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS), max_size=15).map(" ".join), st.sampled_from([*LANGUAGES, PLAIN]))
def test_any_text_is_read_and_only_its_lines_are_named(text: str, language: str) -> None:
    found = ignored_lines(text, language)
    count = text.count("\n") + text.count("\r") + 1
    assert all(0 <= line < count for line in found.lines)


def test_the_comment_to_write_is_the_languages_own() -> None:
    assert ignore_comment("typescriptreact") == "// heatline: ignore"
    assert ignore_comment("lua", file=True) == "-- heatline: ignore-file"
    assert ignore_comment("html") == "<!-- heatline: ignore -->"
    assert ignore_comment("unheard-of") == "# heatline: ignore"
