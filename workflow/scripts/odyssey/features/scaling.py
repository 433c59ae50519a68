"""Inputs of one scale."""

import numpy as np


def standardised(values: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Bring each input to mean 0 and standard deviation 1 over the training frames.

    Parameters
    ----------
    values : numpy.ndarray, shape (frames, inputs)
    training : numpy.ndarray of bool, shape (frames,)

    Returns
    -------
    numpy.ndarray of float64, shape (frames, inputs)
        An input that never changes in training has mean 0 there, and keeps its scale.
    """
    known = values[training].astype(np.float64)
    deviation = known.std(axis=0)
    # Rounding may leave equal numbers a standard deviation above 0.
    deviation[known.min(axis=0) == known.max(axis=0)] = 1.0
    return (values - known.mean(axis=0)) / deviation
