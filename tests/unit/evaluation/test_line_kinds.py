"""Only lines that compute something are code lines, in every language of the corpora."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.scoring.lines import line_spans

pytest.importorskip("pandas", reason="needs the probes extra")

from heatline_probes.evaluation.line_kinds import LineKind, line_kinds

pytestmark = pytest.mark.probes

PYTHON = '''\
import math  # import
from typing import (  # import
    List,  # import
)  # import

@cache  # signature
def f(  # signature
    a: int,  # signature
) -> int:  # signature
    """Docstring  # docstring

    goes on.  # docstring
    """  # docstring
    # comment
    total = a + 1  # code
    values = [  # code
        1,  # code
    ]  # bracket
    "a string alone"  # docstring
    return "a" + "é"  # code


class A(object):  # signature
    x = 1  # code
    def g(self): return 3  # code
'''

JAVA = """\
package p; // import
import java.util.*; // import
/** javadoc */ // comment
public class Main { // signature
    int count = 0; // code
    @Override // signature
    public int add(int a, // signature
                   int b) { // signature
        // comment
        for (int i = 0; i < 3; i++) { // code
            count += i; // code
        } // bracket
        return a + b; // code
    } // bracket
} // bracket
"""

CPP = """\
#include <vector> // import
using namespace std; // import
int helper(int a); // signature
template <typename T> // signature
T twice(T x) // signature
{ // bracket
    return x + x; // code
} // bracket
class Solution { // signature
public: // signature
    int f(vector<int>& v) { // signature
        int n = v.size(); // code
        if (n) { // code
            n--; // code
        } else { // code
            n++; // code
        } // bracket
        return n; // code
    } // bracket
}; // bracket
"""

C = """\
#include <stdio.h> // import
/* block
   comment // comment
 */ // comment
int* f(int* nums, int n) { // signature
    int *p = malloc(n); // code
    return p; // code
} // bracket
"""

JAVASCRIPT = """\
import fs from 'fs'; // import
/** // comment
 * doc // comment
 */ // comment
const add = (a, b) => { // signature
    const square = x => x * x; // code
    return square(a) + b; // code
}; // bracket
var f = function(nums) { // signature
    return nums.map((x) => { // code
        return x; // code
    }); // bracket
}; // bracket
function g(a) { // signature
    return a; // code
} // bracket
"""


def cases(text: str, marker: str) -> list[tuple[str, str]]:
    """Lines and what they say they are; the marker is cut off."""
    rows = []
    for line in text.splitlines():
        body, _, kind = line.rpartition(marker)
        rows.append((body.rstrip(), kind.strip()) if body.strip() else (line, ""))
    return rows


@pytest.mark.parametrize(
    ("language", "text", "marker"),
    [
        ("python", PYTHON, "  # "),
        ("java", JAVA, " // "),
        ("cpp", CPP, " // "),
        ("c", C, " // "),
        ("javascript", JAVASCRIPT, " // "),
    ],
)
def test_kinds(language, text, marker):
    """Each line is of the kind that is written behind it."""
    rows = cases(text, marker)
    code = "\n".join(body for body, _ in rows)
    found = line_kinds(code, language).tolist()
    wrong = [
        (body, kind, name) for (body, kind), name in zip(rows, found, strict=True) if kind and kind != name
    ]
    assert not wrong


def test_a_line_in_another_alphabet_keeps_its_place():
    """Bytes and characters differ; kinds stay with their lines."""
    code = "# ñandú 𝔸\nx = 1\n# é\n"
    assert line_kinds(code, "python").tolist() == ["comment", "code", "comment", "blank"]


def test_without_a_grammar_everything_shown_is_code():
    """An unknown language loses blank lines and lone brackets only."""
    assert line_kinds("say hi\n\n}\n", "plain").tolist() == ["code", "blank", "bracket", "blank"]


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["python", "java", "c", "cpp", "javascript"]))
def test_every_line_has_one_kind(text, language):
    """Any text at all, broken or not."""
    kinds = line_kinds(text, language)
    assert len(kinds) == len(line_spans(text))
    assert set(kinds.tolist()) <= {kind.value for kind in LineKind}
