"""The one form of data that training reads: sequences of frames with targets, in three splits."""

import json
import os
import zipfile
from dataclasses import asdict, dataclass

import numpy as np

from odyssey.files import write_atomically

# Raised by hand whenever the same corpus would give other features, or a stand-in would be another:
# they are then made again.
PREPARATION = 1

SPLITS = ("train", "validation", "test")
LOSSES = ("softmax", "sigmoid", "ctc")


@dataclass(frozen=True)
class Description:
    """What a set of sequences is.

    Parameters
    ----------
    task : str
        ``"timit"``, ``"iam"``, ``"jsb"`` or the user's own.
    source : str
        Where the corpus came from, for example ``"music21"``.
    synthetic : bool
        Made up by this program rather than recorded from people.
    loss : str
        ``"softmax"`` (one class a frame), ``"sigmoid"`` (several notes a frame) or ``"ctc"``
        (a label sequence without alignment; the blank is the last output).
    outputs : int
        Units of the output layer, the blank included.
    directions : int
        1 for a forward network, 2 for a bidirectional one.
    measure : str
        What validation and test report, with its unit, for axes and tables.
    """

    task: str
    source: str
    synthetic: bool
    loss: str
    outputs: int
    directions: int
    measure: str


@dataclass(frozen=True)
class Sequences:
    """Sequences laid end to end.

    Parameters
    ----------
    description : Description
    values : numpy.ndarray of float32, shape (frames, inputs)
        All sequences, one after the other.
    lengths : numpy.ndarray of int64, shape (sequences,)
        Frames of each.
    targets : numpy.ndarray
        softmax: int32, shape (frames,); sigmoid: uint8, shape (frames, outputs);
        ctc: int32, shape (labels,), one sequence's labels after the other's.
    target_lengths : numpy.ndarray of int64, shape (sequences,)
        Labels of each sequence; equal to `lengths` unless the loss is ctc.
    split : numpy.ndarray of uint8, shape (sequences,)
        Index into `SPLITS`.
    names : numpy.ndarray of str, shape (sequences,)
        Where each sequence came from, unique.
    """

    description: Description
    values: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray
    target_lengths: np.ndarray
    split: np.ndarray
    names: np.ndarray

    def __post_init__(self):
        """Check that the parts fit together.

        Raises
        ------
        ValueError
            If they do not; the message names the part.
        """
        d, count = self.description, len(self.lengths)
        if d.loss not in LOSSES:
            raise ValueError(f"unknown loss {d.loss!r}: allowed are {', '.join(LOSSES)}")
        if self.values.ndim != 2 or self.values.dtype != np.float32:
            raise ValueError("values must be float32 of shape (frames, inputs)")
        if any(len(part) != count for part in (self.target_lengths, self.split, self.names)):
            raise ValueError("lengths, target_lengths, split and names must be of one length")
        if count and min(self.lengths) < 1:
            empty = self.names[np.argmin(self.lengths)]
            raise ValueError(f"sequence {empty} has no frame")
        if self.lengths.sum() != len(self.values):
            raise ValueError("lengths do not add up to the number of frames")
        if self.target_lengths.sum() != len(self.targets):
            raise ValueError("target_lengths do not add up to the number of targets")
        expected = {"softmax": np.int32, "sigmoid": np.uint8, "ctc": np.int32}[d.loss]
        if self.targets.dtype != expected or self.targets.ndim != 1 + (d.loss == "sigmoid"):
            raise ValueError(f"targets of loss {d.loss} must be {expected.__name__}")
        if not np.isfinite(self.values).all():
            raise ValueError("values hold a number that is not finite")

    @property
    def inputs(self) -> int:
        """Inputs a frame."""
        return self.values.shape[1]

    def indices(self, split: str) -> np.ndarray:
        """List the sequences of a split.

        Parameters
        ----------
        split : str
            One of `SPLITS`.

        Returns
        -------
        numpy.ndarray of int64
        """
        return np.flatnonzero(self.split == SPLITS.index(split))


def save(sequences: Sequences, path: str | os.PathLike) -> None:
    """Write sequences to one ``.npz`` file, whole or not at all.

    Parameters
    ----------
    sequences : Sequences
    path : path-like
    """
    arrays = {
        name: getattr(sequences, name)
        for name in ("values", "lengths", "targets", "target_lengths", "split", "names")
    }
    description = json.dumps(asdict(sequences.description))
    write_atomically(path, lambda file: np.savez(file, description=description, **arrays))


def load(path: str | os.PathLike) -> Sequences:
    """Read sequences that `save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If the file is not one of `save`'s.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        description = Description(**json.loads(str(arrays.pop("description"))))
        return Sequences(description, **arrays)
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a features file: {error}") from error
