"""From a CTC network's outputs to labels, and how far they are from the truth."""

import numpy as np
from rapidfuzz.distance import Levenshtein


def best_path(logits: np.ndarray) -> np.ndarray:
    """Decode a sequence: the best class of each frame, repeats merged, blanks dropped.

    Parameters
    ----------
    logits : numpy.ndarray, shape (T, classes)
        The blank is the last class.

    Returns
    -------
    numpy.ndarray of int64, shape (labels,)

    References
    ----------
    Graves et al. (2006), "Connectionist temporal classification", section 3.2.
    """
    return labels_of(logits.argmax(axis=1), logits.shape[1] - 1)


def labels_of(path: np.ndarray, blank: int) -> np.ndarray:
    """Merge a path's repeats and drop its blanks.

    Parameters
    ----------
    path : numpy.ndarray of int, shape (T,)
        A class a frame.

    Returns
    -------
    numpy.ndarray of int, shape (labels,)
    """
    first = np.ones(len(path), dtype=bool)
    first[1:] = path[1:] != path[:-1]
    labels: np.ndarray = path[first & (path != blank)]
    return labels


def edit_distance(decoded: np.ndarray, target: np.ndarray) -> int:
    """Count the insertions, deletions and substitutions between two label sequences.

    Parameters
    ----------
    decoded, target : numpy.ndarray of int, one-dimensional
    """
    return Levenshtein.distance(decoded.tolist(), target.tolist())
