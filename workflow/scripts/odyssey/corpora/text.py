"""A text in a file of UTF-8, in three parts: the first trains, the last tests."""

import os
from collections import Counter
from pathlib import Path

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import SPLITS, divided

# Lewis Carroll, Alice's Adventures in Wonderland (1865), chapters I and II.
SHIPPED = Path(__file__).with_name("alice.txt")


def read(path: str | os.PathLike[str], characters: int | None = None) -> str:
    """Read a text, whose lines end in a line feed then, and which has no byte order mark.

    Parameters
    ----------
    characters : int or None
        No more than the first so many.

    Raises
    ------
    CorpusError
        If the file cannot be read, is empty, or is not UTF-8; the message then names byte and line.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A byte order mark is three bytes that the position does not count.
        at = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        line = content.count(b"\n", 0, at) + 1
        raise CorpusError(
            f"{path}: byte {at} (line {line}) is not UTF-8: {content[at]:#04x}; save the text in "
            "that encoding"
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")[:characters]
    if not text:
        raise CorpusError(f"{path}: is empty")
    return text


def split(
    text: str, fractions: tuple[float, float, float], length: int, path: str | os.PathLike[str]
) -> dict[str, str]:
    """Divide a text into training, validation and test, in its order.

    Parameters
    ----------
    length : int
        Characters of a sequence, and each part is to hold one, with the character after it.
    path : path-like
        For the fault.

    Raises
    ------
    CorpusError
        If a part is too short for a sequence.
    """
    counts = divided(len(text), fractions)
    for name, count in zip(SPLITS, counts, strict=True):
        if count < length + 1:
            raise CorpusError(
                f"{path}: its {len(text)} characters are too few: the {name} part has {count}, and "
                f"a sequence of length {length} needs {length + 1}"
            )
    first, second = counts[0], counts[0] + counts[1]
    parts = text[:first], text[first:second], text[second:]
    return dict(zip(SPLITS, parts, strict=True))


def vocabulary(parts: dict[str, str]) -> list[str]:
    """List the characters of the training part, in the order of their code points."""
    return sorted(set(parts["train"]))


def unknown(parts: dict[str, str]) -> dict[str, int]:
    """Count the characters of the other parts that the training part lacks, most frequent first."""
    known = set(parts["train"])
    counts = Counter(
        character for name in SPLITS[1:] for character in parts[name] if character not in known
    )
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
