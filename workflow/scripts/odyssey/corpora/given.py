"""The user's own data, from one file or two: read, checked, and made sequences."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from odyssey.corpora import given_arrays, given_parts, given_tables
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import Form, Parts, Survey
from odyssey.features import scaling
from odyssey.features.sequences import Description, Sequences

ENDINGS = (".npz", ".csv", ".parquet")


def read(path: str, labels: str | None, form: Form) -> Parts:
    """Read and check the user's file, whose name ends in one of `ENDINGS`.

    Parameters
    ----------
    labels : str or None
        A second table, of labels, for the loss ctc.

    Raises
    ------
    CorpusError
        If something is wrong; one line names the file, the place in it and the sequence.
    """
    if _is_table(path):
        return given_tables.read(path, labels, form)
    return given_arrays.read(path, form)


def survey(path: str, labels: str | None, form: Form) -> Survey:
    """Find the shape of what a file holds and its number of frames, without reading its inputs.

    It reads a file again only if its size or date has changed. It raises what `read` does.
    """
    return _surveyed(path, labels, form, _state(path), _state(labels) if labels else None)


def _state(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _surveyed(path: str, labels: str | None, form: Form, *_state) -> Survey:
    if _is_table(path):
        return given_tables.survey(path, labels, form)
    return given_arrays.survey(path, form)


def _is_table(path: str) -> bool:
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise CorpusError(f"{path}: the name must end in {', '.join(ENDINGS)}")
    return ending != ".npz"


def sequences(parts: Parts, form: Form, description: Description, standardised: bool) -> Sequences:
    """Make sequences of what a file holds, read with the form.

    With ``predict_next``, a sequence of T frames has the T - 1 that something follows.

    Parameters
    ----------
    standardised : bool
        Inputs with mean 0 and standard deviation 1 over the training part. If the next inputs are
        predicted by the loss squared, so are the targets.

    Raises
    ------
    CorpusError
        If the next inputs cannot be targets of the loss.
    """
    layout, inputs = parts.layout, parts.inputs
    if standardised:
        inputs = scaling.standardised(inputs, layout.frames_of("train"))
    lengths, target_lengths, targets = layout.lengths, parts.target_lengths, parts.targets
    if form.predict_next:
        ends = np.cumsum(lengths)
        targets = np.delete(_next(parts, inputs, form.loss), ends - lengths, axis=0)
        inputs = np.delete(inputs, ends - 1, axis=0)
        lengths = target_lengths = lengths - 1
    scored = parts.scored
    return Sequences(
        description=description,
        values=inputs.astype(np.float32),
        lengths=lengths,
        targets=targets,
        target_lengths=target_lengths,
        split=layout.split,
        names=layout.names,
        scored=None if scored is None or scored.all() else scored,
    )


def _next(parts: Parts, inputs: np.ndarray, loss: str) -> np.ndarray:
    """Turn inputs into targets."""
    if loss == "squared":
        return inputs.astype(np.float32)
    given_parts.check_notes(parts.inputs, parts.place, loss)
    if loss == "sigmoid":
        return parts.inputs.astype(np.uint8)
    several = parts.inputs.sum(axis=1) != 1
    if several.any():
        frame = int(np.argmax(several))
        raise CorpusError(
            f"{parts.place(frame, 0)}: {parts.inputs[frame].sum():g} of the inputs of this frame "
            "are 1, but the loss softmax predicts the one that is"
        )
    return parts.inputs.argmax(axis=1).astype(np.int32)
