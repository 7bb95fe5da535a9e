"""C or C++: what a header's text says."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from heatline.scoring.headers import header_language, is_header

C_GUARD = (
    '#ifndef A_H\n#define A_H\n#ifdef __cplusplus\nextern "C" {\n#endif\n'
    "int f(int class);\n#ifdef __cplusplus\n}\n#endif\n#endif\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "struct point { int x, y; };\nint length(const struct point *p);\n",
        C_GUARD,
        "#include <stdio.h>\n/* a class in C++ would be: class A { public: }; std::string */\nvoid f(void);\n",
        '#define GREETING "template <typename T> class A {"\n',
        "typedef struct list list; // virtual functions: no\n",
        "int a = b ? c : d;\n",
    ],
)
def test_c(text: str) -> None:
    assert header_language(text) == "c"


@pytest.mark.parametrize(
    "text",
    [
        "class A {\npublic:\n  int f() const;\n};\n",
        "namespace shapes {\nint area();\n}\n",
        "template <typename T>\nT larger(T a, T b);\n",
        "#include <vector>\n",
        "std::string name();\n",
        "struct A { virtual ~A() = default; };\n",
        "using Row = int;\n",
        "int area(const Shape &shape);\nbool operator==(const Shape &a, const Shape &b);\n",
        "struct A { A(int x) : x(x) {} int x; };\n",
    ],
)
def test_cpp(text: str) -> None:
    assert header_language(text) == "cpp"


def test_only_such_files_are_asked() -> None:
    assert [is_header(PurePath(name)) for name in ("a.h", "A.H", "a.hpp", "a.c")] == [
        True,
        True,
        False,
        False,
    ]
