"""Whether a ``.h`` file is C or C++: its name doesn't say, and editors guess."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from heatline.scoring.languages import language_of, parser_for

SUFFIX = ".h"

_MOST_READ = 50_000
"""How many characters decide: the declarations that tell come early."""

_NO_CODE = re.compile(r'//[^\r\n]*|/\*.*?\*/|"(?:\\.|[^"\\\r\n])*"', re.S)
_FOR_BOTH = re.compile(
    r"^[ \t]*#[ \t]*ifdef[ \t]+__cplusplus\b.*?^[ \t]*#[ \t]*(?:endif|else)\b", re.M | re.S
)
_CPP = re.compile(
    r"\b(?:class\s+\w+\s*(?:final\s*)?[:{;]|namespace\s*[\w:]*\s*\{|template\s*<|typename\s|"
    r"using\s+(?:namespace\s|\w+\s*=|\w+::)|(?:public|private|protected)\s*:(?!:)|"
    r"(?:static|const|dynamic|reinterpret)_cast\s*<|constexpr\b|noexcept\b|nullptr\b|virtual\s|friend\s|"
    r"operator\s*[^\w\s]|\w+::\w)|#[ \t]*include[ \t]*<[a-z_]+>"
)


def is_header(path: PurePath) -> bool:
    """Whether a file may be of either language."""
    return path.suffix.lower() == SUFFIX


def language_of_file(path: PurePath, text: str) -> str:
    """As ``language_of``, but for a header, whose text decides."""
    return header_language(text) if is_header(path) else language_of(Path(path))


def header_language(text: str) -> str:
    """``"cpp"`` for what only C++ understands, else ``"c"``; what a header shows to C++ alone does not count."""
    code = _FOR_BOTH.sub("", _NO_CODE.sub(" ", text[:_MOST_READ]))
    if _CPP.search(code):
        return "cpp"
    source = code.encode("utf-8", "replace")
    c, cpp = (parser_for(language).parse(source).root_node for language in ("c", "cpp"))
    return "cpp" if c.has_error and not cpp.has_error else "c"
