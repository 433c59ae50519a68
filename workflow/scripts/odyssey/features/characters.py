"""A text → sequences for next-character prediction, one-hot in, the next character as class."""

import logging

import numpy as np

from odyssey.corpora import text
from odyssey.corpora.splits import SPLITS
from odyssey.features.sequences import Description, Sequences

log = logging.getLogger(__name__)


def classes(parts: dict[str, str]) -> int:
    """Count the classes: the training part's characters, and one for all others if any."""
    return len(text.vocabulary(parts)) + bool(text.unknown(parts))


def sequences(parts: dict[str, str], length: int, description: Description) -> Sequences:
    """Cut each part of a text into sequences: every character in, the one after it as target.

    A network begins each sequence without memory of the one before. Characters that the training
    part lacks are one more class, the last; no network can learn it, so each counts as an error.
    The last sequence of a part may have fewer frames than `length`.
    """
    known = text.vocabulary(parts)
    strange = text.unknown(parts)
    if strange:
        shown = ", ".join(f"{character!r} ({count})" for character, count in strange.items())
        log.info("characters that the training part lacks, one class for all: %s", shown)
    log.info("%d characters in the training part: %r", len(known), "".join(known))
    numbers = {character: number for number, character in enumerate(known)}
    values, targets, lengths, split, names = [], [], [], [], []
    for index, part in enumerate(SPLITS):
        coded = np.array([numbers.get(each, len(known)) for each in parts[part]], dtype=np.int32)
        starts = range(0, len(coded) - 1, length)
        values.append(coded[:-1])
        targets.append(coded[1:])
        lengths += [min(length, len(coded) - 1 - start) for start in starts]
        split += [index] * len(starts)
        names += [f"{part}-{start:07d}" for start in starts]
    frames = np.concatenate(values)
    one_hot = np.zeros((len(frames), len(known) + bool(strange)), dtype=np.float32)
    one_hot[np.arange(len(frames)), frames] = 1
    return Sequences(
        description=description,
        values=one_hot,
        lengths=np.array(lengths, dtype=np.int64),
        targets=np.concatenate(targets),
        target_lengths=np.array(lengths, dtype=np.int64),
        split=np.array(split, dtype=np.uint8),
        names=np.array(names),
    )
