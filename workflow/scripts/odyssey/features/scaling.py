"""Inputs of one scale."""

import numpy as np
import numpy.typing as npt


def standardised(values: np.ndarray, training: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Bring each input to mean 0 and standard deviation 1 over the training frames.

    Parameters
    ----------
    values : array, shape (frames, inputs)
    training : array, shape (frames,)

    Returns
    -------
    array, shape (frames, inputs)
        An input that never changes in training has mean 0 there, and keeps its scale.
    """
    known = values[training].astype(np.float64)
    deviation = known.std(axis=0)
    # Rounding may leave equal numbers a standard deviation above 0.
    deviation[known.min(axis=0) == known.max(axis=0)] = 1.0
    scaled: npt.NDArray[np.float64] = (values - known.mean(axis=0)) / deviation
    return scaled
