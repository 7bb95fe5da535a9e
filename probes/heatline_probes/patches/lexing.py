r"""Two small lexers over any text, so that patches are found and counted without any model's tokenizer.

`fine_tokens` cuts text of any language (code or prose) into words, numbers, line breaks with the
indentation that follows, and single other characters; whitespace inside a line is no token. Edits are
recorded at this grain.

`code_tokens` cuts Python roughly as `tokenize` does: names, numbers, whole string literals, operators and
line breaks with indentation; comments are tokens of their own. Unlike `tokenize` it accepts programs that
do not parse. Patches are minimised and counted at this grain.
"""

import re
from typing import NamedTuple

_LINE_BREAK = r"(?:[^\S\r\n]*(?:\r\n|\r|\n))+[^\S\r\n]*"
_NUMBER = r"\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?[jJ]?\b|\.\d+(?:[eE][+-]?\d+)?[jJ]?\b"
_FINE = re.compile(rf"(?P<line>{_LINE_BREAK})|(?P<word>\w+)|(?P<other>\S)")
_PREFIX = r"(?:[rRbBuUfF]{1,2})?"
_CODE = re.compile(
    rf"(?P<line>{_LINE_BREAK})"
    r"|(?P<comment>\#[^\r\n]*)"
    rf'|(?P<string>{_PREFIX}(?:"""(?:[^\\]|\\.)*?"""'
    r"|'''(?:[^\\]|\\.)*?'''"
    r'|"(?:[^"\\\r\n]|\\.)*"'
    r"|'(?:[^'\\\r\n]|\\.)*'))"
    rf"|(?P<number>0[xXoObB][\da-fA-F_]+|{_NUMBER})"
    r"|(?P<name>\w+)"
    r"|(?P<operator>\*\*=|//=|>>=|<<=|\.\.\.|!=|->|:=|==|<=|>=|\*\*|//|>>|<<|[-+*/%@&|^]=)"
    r"|(?P<other>\S)",
    re.DOTALL,
)


class Token(NamedTuple):
    """A piece of text at code-point offsets [start, end)."""

    start: int
    end: int
    kind: str  # the lexer's group: line, word, other; or line, comment, string, number, name, operator, other
    text: str


def fine_tokens(text: str) -> list[Token]:
    """Words, numbers, line breaks with indentation, and single other characters of any text, in order.

    The text of a line break is normalised to one newline and its indentation, so that blank lines and
    trailing blanks make no difference between two programs.
    """
    return _lex(_FINE, text)


def code_tokens(text: str) -> list[Token]:
    """Python tokens of a program that need not parse, in order; line breaks are normalised as above."""
    return _lex(_CODE, text)


def counted(tokens: list[Token]) -> list[Token]:
    """The tokens that sizes are reported in: without comments and docstrings, which change no behaviour.

    A docstring is taken to be a string that starts a line and ends it.
    """
    kept = []
    for index, token in enumerate(tokens):
        if token.kind == "comment":
            continue
        if token.kind == "string":
            before = index == 0 or tokens[index - 1].kind == "line"
            after = index + 1 == len(tokens) or tokens[index + 1].kind in ("line", "comment")
            if before and after:
                continue
        kept.append(token)
    return kept


def _lex(pattern: re.Pattern[str], text: str) -> list[Token]:
    tokens = []
    for match in pattern.finditer(text):
        kind = match.lastgroup or "other"
        piece = match.group()
        if kind == "line":
            indentation = re.split(r"[\r\n]", piece)[-1]
            piece = "\n" + indentation
        tokens.append(Token(match.start(), match.end(), kind, piece))
    return tokens
