"""Is one search's best better than another's? Whole searches shuffled and selected anew.

If two searches do not differ, any of their trials might as well have been the other's. So the
trials of both are shuffled many times into two new searches, the best of each are selected as in
the study, and the difference of their means, in its standard errors, is held against the one that
was measured. Selection is part of every shuffle, so its luck is in the p value, which is exact. The
difference is studentised so that searches which differ in their spread alone are not told apart.
"""

import math
from dataclasses import dataclass

import numpy as np

DRAWS = 20_000
# The ends of an interval are found to so many standard errors, in so many steps at most.
TOLERANCE, ITERATIONS = 0.01, 5


@dataclass(frozen=True)
class Ordered:
    """The trials of a search, in the order of their validation results; lower is better."""

    # In the task's measure, shape (trials,); they ascend, and those that are missing come last.
    validation: np.ndarray
    test: np.ndarray  # shape (trials,)
    selected: int  # how many are selected, of those with a validation result


def ordered(validation: np.ndarray, test: np.ndarray, selected: int) -> Ordered:
    """Put a search's trials in order, equal validation results as they came; NaN is no result."""
    validation, test = np.asarray(validation, float), np.asarray(test, float)
    order = np.argsort(validation, kind="stable")
    return Ordered(validation[order], test[order], selected)


@dataclass(frozen=True)
class Shuffles:
    """The places, among both searches' trials in order, of the best trials of two new searches."""

    # Of the k best and of the one that comes next, which is the number of trials if there is none;
    # shape (draws, k + 1).
    first: np.ndarray
    second: np.ndarray  # the same of the other search, shape (draws, m + 1)


def shuffle(
    sizes: tuple[int, int], selected: tuple[int, int], draws: int, generator: np.random.Generator
) -> Shuffles:
    """Draw how the trials of two searches fall into two new ones of the same sizes.

    Of each so many are selected, at most its size. The shuffles depend on no result and serve all
    pairs of searches of these sizes.
    """
    n = sum(sizes)
    in_first = np.zeros((draws, n), dtype=bool)
    in_first[:, : sizes[0]] = True
    in_first = generator.permuted(in_first, axis=1)
    places = []
    for mask, size, best in zip((in_first, ~in_first), sizes, selected, strict=True):
        columns = np.nonzero(mask)[1].reshape(draws, size)[:, : best + 1]
        none = np.full((draws, best + 1 - columns.shape[1]), n)
        places.append(np.concatenate([columns, none], axis=1).astype(np.int32))
    return Shuffles(*places)


def moments(
    validation: np.ndarray, test: np.ndarray, places: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean test results of selected trials and their squared standard errors.

    How good the best of n random trials are is luck too: the variance has a term for it
    (`welch.selection_variance` explains it).

    Parameters
    ----------
    validation, test : numpy.ndarray of float, shape (trials,)
        In order, as of `Ordered`.
    places : numpy.ndarray of int, shape (draws, k + 1)
        As of `Shuffles`.
    size : int
        Trials of the search that these are selected from.

    Returns
    -------
    mean, squared_error : numpy.ndarray of float, shape (draws,)
        In the task's measure, and its square; NaN with fewer than two results.
    """
    # One more, so that the place of no trial is one without result.
    x, y = np.append(validation, np.nan)[places], np.append(test, np.nan)[places]
    following, x, y = x[:, -1], x[:, :-1], y[:, :-1]
    known = np.isfinite(x) & np.isfinite(y)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, centre = (np.where(known, v, 0.0).sum(axis=1) / count for v in (y, x))
        dy = np.where(known, y - mean[:, None], 0.0)
        dx = np.where(known, x - centre[:, None], 0.0)
        last = np.where(known, x, -np.inf).max(axis=1)
        border = np.where(np.isfinite(following), (last + following) / 2, last)
        spread = (dx * dx).sum(axis=1)
        slope = np.where(spread > 0, (dx * dy).sum(axis=1) / spread, 0.0)
        luck = (1 - count / size) * (slope * (border - centre)) ** 2
        variance = (dy * dy).sum(axis=1) / (count - 1) + luck
        return mean, np.where(count > 1, variance / count, np.nan)


def _own(of: Ordered) -> np.ndarray:
    """Return the places of a search's own selected trials, and of the next."""
    return np.minimum(np.arange(of.selected + 1), len(of.test))[None]


def difference(group: Ordered, reference: Ordered) -> tuple[float, float]:
    """Measure how far two searches' selected trials are apart: group - reference.

    Returns
    -------
    difference, error : float
        Of the mean test results, and its standard error, with the luck of selection.
    """
    (a, va), (b, vb) = (
        moments(one.validation, one.test, _own(one), len(one.test)) for one in (group, reference)
    )
    return float(a[0] - b[0]), math.sqrt(va[0] + vb[0])


def null_distribution(group: Ordered, reference: Ordered, shuffles: Shuffles) -> np.ndarray:
    """Compute what the studentised difference would be if the two searches did not differ.

    The shuffles are of searches of these sizes, with as many selected.

    Returns
    -------
    numpy.ndarray of float, shape (draws,)
        Its absolute values, ascending; shuffles that leave a search without two results
        are left out.
    """
    validation = np.concatenate([group.validation, reference.validation])
    test = np.concatenate([group.test, reference.test])
    order = np.argsort(validation, kind="stable")
    validation, test = validation[order], test[order]
    (a, va), (b, vb) = (
        moments(validation, test, places, len(one.test))
        for places, one in ((shuffles.first, group), (shuffles.second, reference))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(a - b) / np.sqrt(va + vb)
    # Two constants that are equal do not differ; others do, whatever the scale.
    t[(a == b) & (va + vb == 0)] = 0.0
    return np.sort(t[~np.isnan(t)])


def p_value(t: float, null: np.ndarray) -> float:
    """Say how often a studentised difference as large comes about by chance.

    It is two-sided; the measured arrangement counts as one of the shuffles.

    References
    ----------
    Phipson, Smyth, "Permutation p-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9
    (2010); Janssen, "Studentized permutation tests for non-i.i.d. hypotheses", Stat. Probab. Lett.
    36 (1997).
    """
    # A shuffle may be the measured arrangement itself, summed in another order.
    as_large = len(null) - np.searchsorted(null, abs(t) * (1 - 1e-9))
    return float((1 + as_large) / (1 + len(null)))


def critical(null: np.ndarray, alpha: float) -> float:
    """Say how many standard errors a difference has to reach, so that p is at most alpha.

    It is infinite if there are too few shuffles for that.
    """
    # p <= alpha if at most so many shuffles are as large.
    allowed = math.floor(alpha * (1 + len(null)) + 1e-9) - 1
    if allowed < 0:
        return math.inf
    return float(null[len(null) - 1 - allowed]) if allowed < len(null) else 0.0


def shifted(of: Ordered, by: float) -> Ordered:
    """Add to all results of a search."""
    return Ordered(of.validation + by, of.test + by, of.selected)


def interval(
    group: Ordered, reference: Ordered, shuffles: Shuffles, alpha: float
) -> tuple[float, float]:
    """Find the differences that the test does not reject, with coverage 1 - alpha.

    A search that lies by the whole of a difference above the other, once it is taken off it, does
    not differ. So each end is the difference whose removal leaves a p of alpha.
    """
    middle, error = difference(group, reference)
    ends = []
    for side in (-1, 1):
        end, reach = middle, -1.0
        # How many standard errors the end is away depends little on where it is.
        for _ in range(ITERATIONS):
            null = null_distribution(shifted(group, -end), reference, shuffles)
            before, reach = reach, critical(null, alpha)
            end = middle + side * reach * error
            if not math.isfinite(end) or abs(reach - before) < TOLERANCE:
                break
        ends.append(end)
    return ends[0], ends[1]
