"""Sequences of the user's own data."""

import numpy as np

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import Form, Parts, check_notes
from odyssey.features import scaling
from odyssey.features.sequences import Description, Sequences


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
    assert targets is not None, "a file without targets predicts the next inputs"
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
    check_notes(parts.inputs, parts.place, loss)
    if loss == "sigmoid":
        return parts.inputs.astype(np.uint8)
    several = parts.inputs.sum(axis=1) != 1
    if several.any():
        frame = int(np.argmax(several))
        raise CorpusError(
            f"{parts.place(frame, 0)}: {parts.inputs[frame].sum():g} of the inputs of this frame "
            "are 1, but the loss softmax predicts the one that is"
        )
    classes: np.ndarray = parts.inputs.argmax(axis=1).astype(np.int32)
    return classes
