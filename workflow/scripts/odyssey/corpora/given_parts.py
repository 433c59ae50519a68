"""What the user's tables and arrays have in common, and what is asked of both."""

import difflib
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import SPLITS, by_chance, divided

UNSCORED = -1  # stands for the class of a frame that has none

Place = Callable[[int, int], str]
"""Names the file, row, column and sequence of a value, given its frame and its column."""


@dataclass(frozen=True)
class Form:
    """What a study's configuration says of a file."""

    loss: str  # one of `odyssey.features.sequences.LOSSES`
    # The targets are the inputs of the next frame, so that the file has none.
    predict_next: bool = False
    # inputs, targets: columns of a table; None: `odyssey.corpora.given_tables` says which.
    inputs: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    # Of the sequences, for each of `SPLITS`, drawn by `drawn_split`; None: the file says which
    # split each is in.
    fractions: tuple[float, float, float] | None = None
    seed: int = 0  # of the draw


@dataclass(frozen=True)
class Layout:
    """Which frames belong together."""

    names: npt.NDArray[np.str_]  # (sequences,)
    lengths: npt.NDArray[np.int64]  # (sequences,)
    split: npt.NDArray[np.uint8]  # (sequences,): index into `SPLITS`

    def sequence(self, frame: int) -> int:
        """Return the sequence that a frame belongs to."""
        return int(np.searchsorted(np.cumsum(self.lengths), frame, side="right"))

    def frames_of(self, split: str) -> npt.NDArray[np.bool_]:
        """Mark the frames of a split."""
        return np.repeat(self.split == SPLITS.index(split), self.lengths)


@dataclass(frozen=True)
class Parts:
    """A file's content, checked, as `odyssey.features.given` makes sequences of it."""

    layout: Layout
    inputs: npt.NDArray[np.float64]  # (frames, inputs), finite
    # As `odyssey.features.sequences.Sequences` has them; None if they are the next inputs.
    targets: np.ndarray | None
    target_lengths: npt.NDArray[np.int64]  # (sequences,)
    scored: npt.NDArray[np.bool_] | None  # (frames,): which frames have a target; None: all
    outputs: int
    place: Place  # names where an input stands


@dataclass(frozen=True)
class Survey:
    """What can be said of a file before its inputs are read."""

    inputs: int
    outputs: int
    # training, validation: frames of the two splits.
    training: int
    validation: int


def is_table(path: str) -> bool:
    """Tell a table, .csv or .parquet, from arrays, .npz."""
    return not path.lower().endswith(".npz")


def near(name: str, allowed: Collection[str]) -> str:
    """Suggest what was meant by a name, nothing if none is near."""
    found = difflib.get_close_matches(name, list(allowed), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def drawn_split(
    names: Sequence[str], fractions: tuple[float, float, float], seed: int
) -> npt.NDArray[np.uint8]:
    """Draw the split of each sequence, an index into `SPLITS`.

    The sequences are ranked by the SHA-256 of seed and (unique) name, and the ranks divided: the
    draw depends on nothing else, not on their order in the file.
    """
    split = np.empty(len(names), dtype=np.uint8)
    ranked = sorted(range(len(names)), key=lambda index: by_chance(seed, names[index]))
    split[ranked] = np.repeat(np.arange(3), divided(len(names), fractions))
    return split


def laid_out(
    file: str,
    names: list[str],
    lengths: npt.ArrayLike,
    split: npt.ArrayLike | None,
    form: Form,
) -> Layout:
    """Lay sequences out, with the split that is given, or one that the form's fractions draw.

    Raises
    ------
    CorpusError
        If a split is empty, or a sequence is too short to predict a next frame.
    """
    if form.fractions is not None:
        split = drawn_split(names, form.fractions, form.seed)
    layout = Layout(
        np.array(names, dtype=str),
        np.asarray(lengths, dtype=np.int64),
        np.asarray(split, dtype=np.uint8),
    )
    for index, name in enumerate(SPLITS):
        if not (layout.split == index).any():
            how = f"drawn by fractions of {len(names)}" if form.fractions else "given"
            raise CorpusError(f"{file}: no sequence is in the split {name} ({how})")
    if form.predict_next and layout.lengths.min() < 2:
        short = layout.names[np.argmin(layout.lengths)]
        raise CorpusError(f"{file}: sequence {short} has one frame, so there is no next to predict")
    return layout


def check_finite(values: np.ndarray, place: Place, what: str = "input") -> None:
    """Make sure that float32 can hold every value; a CorpusError names the first that it cannot."""
    with np.errstate(over="ignore"):
        wrong = ~np.isfinite(values.astype(np.float32))
    if wrong.any():
        frame, column = np.argwhere(wrong)[0]
        value = values[frame, column]
        fault = f"{value:g} is too large a number" if np.isfinite(value) else _absent(value)
        raise CorpusError(f"{place(frame, column)}: {fault}, and every {what} must be finite")


def _absent(value: float) -> str:
    return "empty or not a number" if np.isnan(value) else "infinite"


def real_targets(
    values: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_], place: Place, loss: str
) -> tuple[np.ndarray, npt.NDArray[np.bool_]]:
    """Check the targets of the losses squared and sigmoid.

    Parameters
    ----------
    values : array, shape (frames, outputs)
    missing : array, shape (frames, outputs)
        Where there is none.

    Returns
    -------
    targets : array, shape (frames, outputs)
        float32 or uint8; 0 where there is none.
    scored : array, shape (frames,)

    Raises
    ------
    CorpusError
        If a frame has some of its targets, or one of them is not a number that the loss takes.
    """
    scored: npt.NDArray[np.bool_] = ~np.all(missing, axis=1)
    partly = scored & missing.any(axis=1)
    if partly.any():
        frame = int(np.argmax(partly))
        where = place(frame, int(np.argmax(missing[frame])))
        raise CorpusError(f"{where}: empty, but other targets of this frame are not; all or none")
    values = np.where(missing, 0.0, values)
    check_finite(values, place, "target")
    if loss == "squared":
        return values.astype(np.float32), scored
    check_notes(values, place, loss)
    return values.astype(np.uint8), scored


def check_notes(values: np.ndarray, place: Place, loss: str) -> None:
    """Make sure that values are 0 or 1, as a loss wants its targets."""
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        frame, column = np.argwhere(wrong)[0]
        given = f"{values[frame, column]:g}"
        raise CorpusError(f"{place(frame, column)}: {given}, but the loss {loss} takes 0 and 1")


def coded(
    codes: np.ndarray,
    values: Sequence[Hashable],
    training: np.ndarray,
    place: Callable[[int], str],
) -> tuple[np.ndarray, int]:
    """Give the classes of the training part numbers, in sorted order.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (frames,)
        Index into `values`, or `UNSCORED`.
    training : numpy.ndarray of bool, shape (frames,)
    place : callable
        Names the place of a frame's class.

    Returns
    -------
    classes : numpy.ndarray of int32, shape (frames,)
        `UNSCORED` stays.
    count : int

    Raises
    ------
    CorpusError
        If the training part has fewer than two classes, or lacks one that stands elsewhere.
    """
    used = np.unique(codes[training & (codes != UNSCORED)])
    known = sorted({values[index] for index in used})
    if len(known) < 2:
        found = f"only the class {known[0]!r}" if known else "no class"
        raise CorpusError(f"{place(int(np.argmax(training)))}: the training part has {found}")
    numbers = {value: number for number, value in enumerate(known)}
    lacking = -2
    table = np.array([numbers.get(value, lacking) for value in values], dtype=np.int32)
    classes = np.where(codes == UNSCORED, np.int32(UNSCORED), table[codes])
    if (classes == lacking).any():
        frame = int(np.argmax(classes == lacking))
        value = values[codes[frame]]
        raise CorpusError(
            f"{place(frame)}: the class {value!r} is not in the training part, which has "
            f"{_shown(known)}"
        )
    return classes, len(known)


def _shown(values: Sequence[object]) -> str:
    first = ", ".join(repr(value) for value in values[:5])
    return first if len(values) <= 5 else f"{first} and {len(values) - 5} more"


def one_hot(classes: np.ndarray, count: int) -> np.ndarray:
    """Lay classes (frames,) out as one column each: float64 (frames, count)."""
    values = np.zeros((len(classes), count))
    values[np.arange(len(classes)), classes] = 1.0
    return values


def check_scored(file: str, layout: Layout, scored: np.ndarray) -> None:
    """Make sure that every sequence has a target; a CorpusError names the first that has none."""
    starts = np.cumsum(layout.lengths) - layout.lengths
    counts = np.add.reduceat(scored.astype(np.int64), starts)
    if (counts == 0).any():
        name = layout.names[np.argmin(counts)]
        raise CorpusError(f"{file}: sequence {name} has no target in any of its frames")


def check_alignable(
    file: str, layout: Layout, labels: np.ndarray, label_lengths: np.ndarray
) -> None:
    """Make sure that CTC can align each sequence's labels with its frames.

    Raises
    ------
    CorpusError
        If a sequence has no label, or fewer frames than labels and the blanks that must part
        those that repeat; it names the sequence.
    """
    ends = np.cumsum(label_lengths)
    for name, frames, end, count in zip(
        layout.names, layout.lengths, ends, label_lengths, strict=True
    ):
        if count == 0:
            raise CorpusError(f"{file}: sequence {name} has no label")
        own = labels[end - count : end]
        repeats = int((own[1:] == own[:-1]).sum())
        if count + repeats > frames:
            raise CorpusError(
                f"{file}: sequence {name} has {frames} frames, too few for its {count} labels, of "
                f"which {repeats} repeat the one before; CTC needs {count + repeats}"
            )
