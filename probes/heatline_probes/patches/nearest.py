"""The passing programs nearest to a failing one, by token-level difflib."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from heatline_probes.patches.lexing import code_tokens


def nearest_passing(failing: str, passing: Sequence[str], count: int = 1) -> list[tuple[int, float]]:
    """The `count` programs of `passing` most similar to `failing`, best first: (index, similarity 0..1).

    Similarity is difflib's ratio over code tokens. The overlap of the token multisets bounds it from
    above, so most programs are dismissed without an alignment. Ties go to the earlier program.
    """
    old = [token.text for token in code_tokens(failing) if token.kind != "comment"]
    bag = Counter(old)
    lexed = [[token.text for token in code_tokens(text) if token.kind != "comment"] for text in passing]
    bounds = [_ratio((bag & Counter(new)).total(), len(old), len(new)) for new in lexed]
    found: list[tuple[float, int]] = []  # (-similarity, index): sorts best first, then earliest
    # difflib caches what it learns about its second sequence.
    matcher: SequenceMatcher[str] = SequenceMatcher(None, [], old, autojunk=False)
    for index in sorted(range(len(passing)), key=lambda i: (-bounds[i], i)):
        if len(found) >= count and bounds[index] < -found[count - 1][0]:
            break
        matcher.set_seq1(lexed[index])
        matched = sum(block.size for block in matcher.get_matching_blocks())
        found.append((-_ratio(matched, len(old), len(lexed[index])), index))
        found.sort()
    return [(index, -negative) for negative, index in found[:count]]


def _ratio(matched: int, old: int, new: int) -> float:
    return 2.0 * matched / (old + new) if old + new else 1.0
