"""Tasks of memory, made on the spot from a seed: adding, copying, and capacity in bits."""

import math

import numpy as np

from odyssey.corpora.splits import SPLITS
from odyssey.features.sequences import Description, Sequences

Counts = tuple[int, int, int]  # sequences of training, validation and test


def adding(length: int, counts: Counts, seed: int, description: Description) -> Sequences:
    """Make the adding problem: the sum of the two marked values, asked for at the last frame.

    Two inputs are a value in [0, 1] and the mark, 0 or 1; one of the (2 or more) frames of the
    first half is marked, one of the second. Only the last frame is scored. Who always says 1 is
    wrong by a mean square of 1/6.

    References
    ----------
    Hochreiter, Schmidhuber, "Long short-term memory", Neural Computation 1997, experiment 4; in
    the form of Arjovsky, Shah, Bengio, "Unitary evolution recurrent neural networks", ICML 2016.
    """
    generator, count = _generator(seed), sum(counts)
    values = generator.random((count, length))
    half = length // 2
    marked = np.stack(
        [generator.integers(0, half, count), generator.integers(half, length, count)], axis=1
    )
    marks = np.zeros((count, length))
    np.put_along_axis(marks, marked, 1, axis=1)
    targets = np.zeros((count, length, 1), dtype=np.float32)
    targets[:, -1, 0] = (values * marks).sum(axis=1)
    scored = np.zeros((count, length), dtype=bool)
    scored[:, -1] = True
    return _sequences(np.stack([values, marks], axis=2), targets, scored, counts, description)


def copy(
    symbols: int, delay: int, alphabet: int, counts: Counts, seed: int, description: Description
) -> Sequences:
    """Make the copy problem: symbols, a delay, and the same symbols to be said again.

    Inputs are one-hot: the symbols of the alphabet, blank and cue. The delay counts the frames from
    the last symbol to the first answer; the last of them holds the cue. The last frames, as many as
    symbols, are scored.

    References
    ----------
    Hochreiter, Schmidhuber (1997); in the form of Arjovsky et al. (2016).
    """
    count, length = sum(counts), 2 * symbols + delay
    shown = _generator(seed).integers(0, alphabet, (count, symbols))
    blank, cue = alphabet, alphabet + 1
    coded = np.full((count, length), blank)
    coded[:, :symbols] = shown
    coded[:, symbols + delay - 1] = cue
    targets = np.zeros((count, length), dtype=np.int32)
    targets[:, -symbols:] = shown
    scored = np.zeros((count, length), dtype=bool)
    scored[:, -symbols:] = True
    return _sequences(np.eye(alphabet + 2)[coded], targets, scored, counts, description)


def capacity(
    items: int, inputs: int, length: int, seed: int, description: Description
) -> Sequences:
    """Make random inputs with random labels, to be stored: all three splits hold the same items.

    Inputs are bits, -1 and 1, at least as many as tell the items apart. An item is shown for
    `length` frames, of which the last asks for the label. Nothing general can be learned, only the
    labels, one bit each.

    References
    ----------
    Collins, Sohl-Dickstein, Sussillo, "Capacity and trainability in recurrent neural networks",
    ICLR 2017.
    """
    generator = _generator(seed)
    drawn: dict[bytes, np.ndarray] = {}
    while len(drawn) < items:
        item = generator.integers(0, 2, inputs, dtype=np.uint8)
        drawn.setdefault(item.tobytes(), item)
    shown = 2.0 * np.stack(list(drawn.values())) - 1
    targets = np.zeros((items, length), dtype=np.int32)
    targets[:, -1] = generator.integers(0, 2, items)
    scored = np.zeros((items, length), dtype=bool)
    scored[:, -1] = True
    values = np.repeat(shown[:, None, :], length, axis=1)
    values, targets, scored = (
        np.concatenate([part] * len(SPLITS)) for part in (values, targets, scored)
    )
    return _sequences(values, targets, scored, (items, items, items), description)


def stored_bits(items: int, error: float) -> float:
    """Return how many bits a network's answers hold of the labels of `capacity`.

    They are items times 1 - H(error), the mutual information of labels and answers where both are
    balanced; 0 where half of them or more are wrong. The error is a share, 0 to 1.

    References
    ----------
    Collins et al. (2017), "Per-parameter capacity".
    """
    if not 0 < error < 0.5:
        return float(items) if error == 0 else 0.0
    entropy = -error * math.log2(error) - (1 - error) * math.log2(1 - error)
    return items * (1 - entropy)


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


def _sequences(
    values: np.ndarray,
    targets: np.ndarray,
    scored: np.ndarray,
    counts: Counts,
    description: Description,
) -> Sequences:
    """Lay sequences of one length end to end, the first count of them for training and so on."""
    count, length, inputs = values.shape
    lengths = np.full(count, length, dtype=np.int64)
    return Sequences(
        description=description,
        values=values.reshape(-1, inputs).astype(np.float32),
        lengths=lengths,
        targets=targets.reshape(-1, *targets.shape[2:]),
        target_lengths=lengths,
        split=np.repeat(np.arange(len(SPLITS), dtype=np.uint8), counts),
        names=np.array(
            [
                f"{split}-{number:06d}"
                for split, count in zip(SPLITS, counts, strict=True)
                for number in range(count)
            ]
        ),
        scored=scored.reshape(-1),
    )
