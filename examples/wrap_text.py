def split_words(text: str) -> list[str]:
    # Split on any whitespace and drop empty strings
    return [word for word in text.split() if word]


def wrap_text(text: str, width: int) -> list[str]:
    """Wrap text so that no line is longer than width characters.

    Words are separated by single spaces. A word that is longer than
    the width is placed on a line of its own.
    """
    lines = []
    current = []
    length = 0
    for word in split_words(text):
        # Start a new line if the word does not fit on the current one
        if current and length + len(word) > width:
            lines.append(" ".join(current))
            current = []
            length = 0
        current.append(word)
        length += len(word)
    if current:
        lines.append(" ".join(current))
    return lines


def justify(line: str, width: int) -> str:
    """Stretch the spaces of a line so that it is exactly width characters long."""
    words = line.split()
    if len(words) < 2:
        return line.ljust(width)
    spaces = width - sum(len(word) for word in words)
    gaps = len(words) - 1
    result = ""
    for i, word in enumerate(words[:-1]):
        # The first gaps get the spaces that are left over
        extra = 1 if i < spaces % gaps else 0
        result += word + " " * (spaces // gaps + extra)
    return result + words[-1]


def format_paragraph(text: str, width: int = 72) -> str:
    """Wrap and justify a paragraph, leaving its last line as it is."""
    lines = wrap_text(text, width)
    justified = [justify(line, width) for line in lines[:-1]]
    return "\n".join(justified + lines[-1:])
