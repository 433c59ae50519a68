"""The one form of data that training reads: sequences of frames with targets, in three splits."""

import hashlib
import io
import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from odyssey.corpora.splits import SPLITS
from odyssey.files import write_atomically

# It is raised by hand whenever the same corpus would give other features, or a stand-in would be
# another; features are then made again.
PREPARATION = 1

LOSSES = ("softmax", "sigmoid", "ctc", "squared")
TARGETS = {  # of each loss: their type, and the dimensions of the array
    "softmax": (np.int32, 1),
    "sigmoid": (np.uint8, 2),
    "ctc": (np.int32, 1),
    "squared": (np.float32, 2),
}


@dataclass(frozen=True)
class Description:
    """What a set of sequences is."""

    task: str  # ``"timit"``, ``"iam"``, ``"jsb"`` or the user's own
    source: str  # where the corpus came from, for example ``"music21"``
    synthetic: bool  # a stand-in: made by this program rather than recorded from people
    # ``"softmax"`` (one class a frame), ``"sigmoid"`` (several notes a frame), ``"ctc"`` (a label
    # sequence without alignment; the blank is the last output) or ``"squared"`` (real numbers).
    loss: str
    outputs: int  # units of the output layer, the blank included
    directions: int  # 1 for a forward network, 2 for a bidirectional one
    measure: str  # what validation and test report, with its unit, for axes and tables


@dataclass(frozen=True)
class Sequences:
    """Sequences laid end to end."""

    description: Description
    values: npt.NDArray[np.float32]  # (frames, inputs): all sequences, one after the other
    lengths: npt.NDArray[np.int64]  # (sequences,): frames of each
    # softmax: int32 (frames,); sigmoid: uint8 (frames, outputs); ctc: int32 (labels,), one
    # sequence's labels after the other's; squared: float32 (frames, outputs).
    targets: np.ndarray
    # (sequences,): labels of each sequence; equal to `lengths` unless the loss is ctc.
    target_lengths: npt.NDArray[np.int64]
    split: npt.NDArray[np.uint8]  # (sequences,): index into `SPLITS`
    names: npt.NDArray[np.str_]  # (sequences,): where each sequence came from, unique
    # (frames,): which frames count, in the loss and in the measure; None: all. The targets of the
    # others are 0. With ctc there is none, for its targets belong to no frame.
    scored: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together; a ValueError names the part that does not."""
        loss, count = self.description.loss, len(self.lengths)
        if loss not in LOSSES:
            raise ValueError(f"unknown loss {loss!r}: allowed are {', '.join(LOSSES)}")
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
        self._check_targets()
        if not np.isfinite(self.values).all():
            raise ValueError("values hold a number that is not finite")
        if self.scored is not None:
            self._check_scored(self.scored)

    def _check_targets(self) -> None:
        loss = self.description.loss
        expected, dimensions = TARGETS[loss]
        if self.targets.dtype != expected or self.targets.ndim != dimensions:
            raise ValueError(f"targets of loss {loss} must be {expected.__name__}")
        if loss == "squared" and not np.isfinite(self.targets).all():
            raise ValueError("targets hold a number that is not finite")

    def _check_scored(self, marks: npt.NDArray[np.bool_]) -> None:
        if self.description.loss == "ctc":
            raise ValueError("scored must be None with loss ctc: its targets belong to no frame")
        if marks.dtype != bool or marks.shape != (len(self.values),):
            raise ValueError("scored must be bool of shape (frames,)")
        scored = self.scored_lengths
        if not scored.all():
            raise ValueError(f"sequence {self.names[np.argmin(scored)]} has no scored frame")

    @property
    def scored_lengths(self) -> npt.NDArray[np.int64]:
        """Scored frames of each sequence."""
        if self.scored is None:
            return self.lengths
        before = np.concatenate([[0], np.cumsum(self.scored)])
        ends = np.cumsum(self.lengths)
        scored: npt.NDArray[np.int64] = before[ends] - before[ends - self.lengths]
        return scored

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """First frame of each sequence."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def target_starts(self) -> npt.NDArray[np.int64]:
        """First target of each sequence."""
        return np.cumsum(self.target_lengths) - self.target_lengths

    @property
    def inputs(self) -> int:
        """Inputs a frame."""
        return int(self.values.shape[1])

    def indices(self, split: str) -> npt.NDArray[np.int64]:
        """List the sequences of a split, one of `SPLITS`."""
        return np.flatnonzero(self.split == SPLITS.index(split))


def save(sequences: Sequences, path: str | os.PathLike[str]) -> None:
    """Write sequences to one ``.npz`` file, whole or not at all."""
    arrays = {
        name: part
        for name, part in vars(sequences).items()
        if name != "description" and part is not None
    }
    description = json.dumps(asdict(sequences.description))
    write_atomically(path, lambda file: np.savez(file, description=description, **arrays))


def load(path: str | os.PathLike[str]) -> Sequences:
    """Read sequences that `save` wrote; a ValueError says that the file is none of them."""
    return load_with_digest(path)[0]


def load_with_digest(path: str | os.PathLike[str]) -> tuple[Sequences, str]:
    """Read sequences, and the SHA-256 of their file, as `load` does: in one reading."""
    try:
        content = Path(path).read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        description = Description(**json.loads(str(arrays.pop("description"))))
        return Sequences(description, **arrays), hashlib.sha256(content).hexdigest()
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a features file: {error}") from error
