import re
from collections import Counter
from typing import Dict, List


def normalize(text: str) -> str:
    """Lower-case the text and collapse runs of white space to one blank."""
    return re.sub(r"\s+", " ", text.strip().lower())


def word_counts(text: str) -> Dict[str, int]:
    """Count how often every word occurs, without punctuation."""
    return dict(Counter(re.findall(r"[a-z']+", normalize(text))))


def most_common(text: str, n: int) -> List[str]:
    """Return the n most common words; ties are in alphabetical order."""
    counts = word_counts(text)
    return sorted(counts, key=lambda word: (counts[word], word), reverse=True)[:n]


def is_anagram(first: str, second: str) -> bool:
    """Check whether two phrases use the same letters, ignoring case and blanks."""
    return Counter(normalize(first).replace(" ", "")) == Counter(normalize(second).replace(" ", ""))


def longest_word(text: str) -> str:
    """Return the longest word of the text, the first one if there are several."""
    words = normalize(text).split()
    return max(words, key=len) if words else ""


def initials(name: str) -> str:
    """Return the initials of a name, such as "A. L." for "Ada Lovelace"."""
    return " ".join(f"{part[0].upper()}." for part in name.split())
