"""Pen strokes as the four features a point that the network for IAM-OnDB sees."""

import logging
from collections.abc import Sequence

import numpy as np

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.iam import Line, encode
from odyssey.corpora.splits import SPLITS
from odyssey.features.scaling import standardised
from odyssey.features.sequences import Description, Sequences

MEASURED = slice(0, 3)  # dx, dy and the time are measured; the pen lift is 0 or 1
LONGEST_REST = 10  # seconds between two points of a stroke; more is a clock that was set

log = logging.getLogger(__name__)


def pen_features(points: np.ndarray, stroke_lengths: np.ndarray) -> np.ndarray:
    """Keep every second point of a line, and describe each by four features.

    The first, third, fifth ... point of each stroke is kept, so that no stroke vanishes, not even
    a dot of one point. The four features of a kept point are

    0. dx and 1. dy: where it lies from the kept point before it, on the same stroke or the one
       before; 0 for the first of the line;
    2. the time since the first point of its stroke;
    3. the pen lift: 1 if it is the last kept point of its stroke, else 0.

    Recorded time stands still, steps back or jumps ahead in places. Within a stroke, a time earlier
    than one before it counts as the latest so far, and a jump of more than `LONGEST_REST` as no
    time at all: the feature never falls and is never negative. No feature divides by a time step,
    so steps of zero stay as they are.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (points, 3)
        x, y, time; see `odyssey.corpora.iam.Line`.
    stroke_lengths : numpy.ndarray of int64, shape (strokes,)

    Returns
    -------
    numpy.ndarray of float32, shape (kept points, 4)
        In device units and seconds.

    References
    ----------
    Greff et al. (2017), "Datasets".
    """
    kept, times, lifts = [], [], []
    for stroke in np.split(points, np.cumsum(stroke_lengths)[:-1]):
        time = _running(stroke[:, 2]) - stroke[0, 2]
        kept.append(stroke[::2, :2])
        times.append(time[::2])
        lifts.append(np.arange(len(kept[-1])) == len(kept[-1]) - 1)
    positions = np.concatenate(kept)
    steps = np.diff(positions, axis=0, prepend=positions[:1])
    return np.column_stack([steps, np.concatenate(times), np.concatenate(lifts)]).astype(np.float32)


def _running(time: np.ndarray) -> np.ndarray:
    """Let the time of a stroke neither fall nor jump."""
    latest = np.maximum.accumulate(time)
    steps, jumps = _steps(time)
    return time[0] + np.cumsum(np.where(jumps, 0, steps)) if jumps.any() else latest


def _steps(time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much each point of a stroke is later than all before it; which are jumps."""
    steps = np.diff(np.maximum.accumulate(time), prepend=time[:1])
    return steps, steps > LONGEST_REST


def time_jumps(line: Line) -> float:
    """Add up the seconds that the clock jumps ahead within strokes, by more than `LONGEST_REST`."""
    strokes = np.split(line.points[:, 2], np.cumsum(line.stroke_lengths)[:-1])
    found = [_steps(time) for time in strokes]
    return float(sum(steps[jumps].sum() for steps, jumps in found))


def standardise(values: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Bring dx, dy and the time to mean 0 and standard deviation 1 over the training frames.

    The paper speaks of no such step. Without it steps are tens of units: the gates saturate, which
    makes a network read its first letters sooner, and many fewer in the end. The pen lift stays 0
    or 1.

    Parameters
    ----------
    values : numpy.ndarray of float32, shape (frames, 4)
    training : numpy.ndarray of bool, shape (frames,)

    Returns
    -------
    numpy.ndarray of float32, shape (frames, 4)
    """
    scaled = values.copy()
    scaled[:, MEASURED] = standardised(values[:, MEASURED], training)
    return scaled


def sequences(
    lines: Sequence[Line], description: Description, standardised: bool = False
) -> Sequences:
    """Make the task's sequences of the lines of a corpus, in their order.

    Lines in which the clock jumps ahead within a stroke are named in the log. Values stay in device
    units and seconds, as the paper has it, unless they are to be standardised (`standardise`).

    Raises
    ------
    CorpusError
        If a line has too few kept points for CTC to align its text with.
    """
    features = [pen_features(line.points, line.stroke_lengths) for line in lines]
    targets = [encode(line.text) for line in lines]
    for line, frames, labels in zip(lines, features, targets, strict=True):
        _check_alignable(line, len(frames), labels)
    jumps = {line.name: jump for line in lines if (jump := time_jumps(line))}
    if jumps:
        log.warning(
            "the clock jumps ahead within a stroke, which counts as no time at all, in %s",
            ", ".join(f"{name} ({jump:.0f} s)" for name, jump in jumps.items()),
        )
    values = np.concatenate(features)
    lengths = np.array([len(frames) for frames in features], dtype=np.int64)
    split = np.array([SPLITS.index(line.split) for line in lines], dtype=np.uint8)
    if standardised:
        values = standardise(values, np.repeat(split == SPLITS.index("train"), lengths))
    return Sequences(
        description=description,
        values=values,
        lengths=lengths,
        targets=np.concatenate(targets),
        target_lengths=np.array([len(labels) for labels in targets], dtype=np.int64),
        split=split,
        names=np.array([line.name for line in lines]),
    )


def _check_alignable(line: Line, frames: int, labels: np.ndarray) -> None:
    # A blank must stand between two equal labels, or CTC would merge them.
    needed = len(labels) + int(np.count_nonzero(labels[1:] == labels[:-1]))
    if needed > frames:
        raise CorpusError(
            f"{line.path}: the text {line.text!r} needs {needed} points, "
            f"and only {frames} are left of its strokes"
        )
