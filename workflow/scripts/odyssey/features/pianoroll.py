"""Chorales → sequences for next-step prediction: from each frame of notes, the next."""

import numpy as np

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.jsb import HIGHEST, LOWEST, Corpus
from odyssey.corpora.splits import SPLITS
from odyssey.features.sequences import Description, Sequences

NOTES = HIGHEST - LOWEST + 1  # 88, the piano's keys


def roll(frames: list[tuple[int, ...]]) -> np.ndarray:
    """Lay frames of MIDI notes, 21 to 108, out as a piano-roll.

    Returns
    -------
    numpy.ndarray of uint8, shape (frames, 88)
        1 where a note sounds; column k is MIDI note 21 + k.
    """
    played = np.zeros((len(frames), NOTES), dtype=np.uint8)
    for time, frame in enumerate(frames):
        played[time, [note - LOWEST for note in frame]] = 1
    return played


def sequences(corpus: Corpus, description: Description) -> Sequences:
    """Make each chorale a sequence: all frames but the last in, all but the first as targets.

    Returns
    -------
    Sequences
        88 inputs of 0 or 1, 88 outputs; the splits in the order of `SPLITS`.

    Raises
    ------
    CorpusError
        If chorales are shorter than two frames, which leaves nothing to predict; it names them.

    References
    ----------
    Boulanger-Lewandowski, Bengio, Vincent, "Modeling temporal dependencies in high-dimensional
    sequences", ICML 2012; Greff et al. (2017), "Datasets".
    """
    chorales = [
        (index, name, frames)
        for index, split in enumerate(SPLITS)
        for name, frames in corpus[split].items()
    ]
    short = [name for _, name, frames in chorales if len(frames) < 2]
    if short:
        raise CorpusError(
            f"{description.task}: chorales of fewer than two frames: {', '.join(short)}"
        )
    rolls = [roll(frames) for _, _, frames in chorales]
    lengths = np.array([len(played) - 1 for played in rolls], dtype=np.int64)
    return Sequences(
        description=description,
        values=np.concatenate([played[:-1] for played in rolls]).astype(np.float32),
        lengths=lengths,
        targets=np.concatenate([played[1:] for played in rolls]),
        target_lengths=lengths,
        split=np.array([index for index, _, _ in chorales], dtype=np.uint8),
        names=np.array([name for _, name, _ in chorales]),
    )
