"""Music of any kind as frames of MIDI notes, in three splits: files, and music21's collections."""

import os

from odyssey.corpora import collections_music21, jsb
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import SPLITS, divided


def read_file(path: str | os.PathLike[str]) -> jsb.Corpus:
    """Read a file in the form of Boulanger-Lewandowski's: JSB, Nottingham, MuseData, Piano-midi.

    Raises
    ------
    CorpusError
        As `odyssey.corpora.jsb.read_file`, or if a split is empty.
    """
    corpus = jsb.read_file(path, counts=None)
    for split, pieces in corpus.items():
        if not pieces:
            raise CorpusError(f"{path}: the {split} split holds no piece")
    return corpus


def split(
    found: collections_music21.Found, collection: str, fractions: tuple[float, float, float]
) -> jsb.Corpus:
    """Split a collection: the first scores of its order by chance train, the last test.

    Raises
    ------
    CorpusError
        If there are too few scores for all three.
    """
    names = list(found.kept)
    counts = divided(len(names), fractions)
    if not all(counts):
        raise CorpusError(
            f"{collection}: {len(names)} scores make splits of {', '.join(map(str, counts))}: "
            "each needs one at least, so raise the limit"
        )
    ends = [0, counts[0], counts[0] + counts[1], len(names)]
    return {
        part: {name: found.kept[name] for name in names[ends[i] : ends[i + 1]]}
        for i, part in enumerate(SPLITS)
    }
