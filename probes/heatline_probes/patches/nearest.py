"""The passing programs nearest to a failing one, by token-level difflib."""

import keyword
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from heatline_probes.patches.lexing import code_tokens

_NAME = "\0name"


class PassingPool:
    """Passing programs of one problem, lexed once; equal ones (but for comments) are held once."""

    def __init__(self, programs: Iterable[str] = ()) -> None:
        self.programs: list[str] = []
        self._tokens: list[list[str]] = []
        self._bags: list[Counter[str]] = []
        self._known: set[tuple[str, ...]] = set()
        self._shapes: list[Counter[str]] = []
        for program in programs:
            self.add(program)

    def add(self, program: str) -> bool:
        """Add a program; False when its tokens are those of one that is there."""
        tokens = _texts(program)
        if tuple(tokens) in self._known:
            return False
        self._known.add(tuple(tokens))
        self.programs.append(program)
        self._tokens.append(tokens)
        self._bags.append(Counter(tokens))
        return True

    def shapes(self) -> Sequence[Counter[str]]:
        """How often each program has each token, names being counted as one token."""
        for tokens in self._tokens[len(self._shapes) :]:
            self._shapes.append(shape(tokens))
        return self._shapes

    def nearest(self, failing: str, count: int = 1, aligned: int | None = None) -> list[tuple[int, float]]:
        """The `count` most similar programs, best first: (index into `programs`, similarity 0..1).

        Similarity is difflib's ratio over code tokens. The overlap of the token multisets bounds it from
        above, so most programs are dismissed without an alignment. Ties go to the earlier program.
        aligned: look only at so many programs, those of the highest bounds.
        """
        old = _texts(failing)
        bag = Counter(old)
        bounds = [
            _ratio((bag & other).total(), len(old), len(tokens))
            for other, tokens in zip(self._bags, self._tokens, strict=True)
        ]
        found: list[tuple[float, int]] = []  # (-similarity, index): sorts best first, then earliest
        # difflib caches what it learns about its second sequence.
        matcher: SequenceMatcher[str] = SequenceMatcher(None, [], old, autojunk=False)
        by_bound = sorted(range(len(bounds)), key=lambda i: (-bounds[i], i))
        for index in by_bound[:aligned]:
            if len(found) >= count and bounds[index] < -found[count - 1][0]:
                break
            matcher.set_seq1(self._tokens[index])
            matched = sum(block.size for block in matcher.get_matching_blocks())
            found.append((-_ratio(matched, len(old), len(self._tokens[index])), index))
            found.sort()
        return [(index, -negative) for negative, index in found[:count]]


def nearest_passing(failing: str, passing: Sequence[str], count: int = 1) -> list[tuple[int, float]]:
    """The `count` programs of `passing` most similar to `failing`, best first: (index, similarity 0..1).

    Of programs with equal tokens only the first is found. See `PassingPool.nearest`.
    """
    pool = PassingPool()
    indices = [index for index, program in enumerate(passing) if pool.add(program)]
    return [(indices[index], similarity) for index, similarity in pool.nearest(failing, count)]


def shape(tokens: Iterable[str]) -> Counter[str]:
    """How often a program has each token, names being counted as one token."""
    return Counter(
        _NAME if token.isidentifier() and not keyword.iskeyword(token) else token for token in tokens
    )


def _texts(program: str) -> list[str]:
    return [token.text for token in code_tokens(program) if token.kind != "comment"]


def _ratio(matched: int, old: int, new: int) -> float:
    return 2.0 * matched / (old + new) if old + new else 1.0
