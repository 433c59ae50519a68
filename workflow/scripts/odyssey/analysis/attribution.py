"""Importance by other methods than functional ANOVA, and of other surrogates than the study's two.

Three surrogates of a search's trials (Gaussian process, boosted trees, the paper's forest) are read
by three methods. Each surrogate is several functions of the hyperparameters: draws of a posterior,
bootstraps of the trials, trees. Does the order of the hyperparameters survive the method?
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from odyssey.analysis import gp
from odyssey.analysis.surrogates import Coordinate, Functions

MAIN, SHAPLEY, LOCAL = "main effect", "Shapley effect", "accumulated local effects"
# Points of the grid, unless there are four along each coordinate, and along one of them at most.
MOST_POINTS, MOST_SIDE = 5_000, 24
# Steps along a coordinate within which local effects are averaged: of so many trials each.
TRIALS_A_STEP = 20

COLUMNS = {
    "task": "str",
    "variant": "str",
    "surrogate": "str",
    "method": "str",
    "parameter": "str",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "rank": "Int64",
    "rank_low": "Int64",
    "rank_high": "Int64",
    "n": "int64",
    "note": "str",
}


def closed_variances(values: np.ndarray) -> dict[frozenset[int], np.ndarray]:
    """Compute the variance of a function's mean given some coordinates, for all sets of them.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (points, ..., draws)
        On a grid of equal weights.

    Returns
    -------
    dict of frozenset of int to numpy.ndarray of float, shape (draws,)
    """
    dimensions = range(values.ndim - 1)
    found = {}
    for count in range(values.ndim):
        for given in itertools.combinations(dimensions, count):
            others = tuple(axis for axis in dimensions if axis not in given)
            mean = values.mean(axis=others) if others else values
            found[frozenset(given)] = mean.reshape(-1, values.shape[-1]).var(axis=0)
    return found


def shapley(variances: Mapping[frozenset[int], np.ndarray], dimension: int) -> np.ndarray:
    """Share the variance out: what a coordinate adds, averaged over the orders of coming.

    References
    ----------
    Owen, "Sobol' indices and Shapley value", SIAM/ASA J. Uncertainty Quantification 2 (2014).
    """
    count = max(map(len, variances))
    total = np.zeros_like(variances[frozenset()])
    for given, variance in variances.items():
        if dimension not in given:
            orders = math.factorial(len(given)) * math.factorial(count - len(given) - 1)
            added = variances[given | {dimension}] - variance
            total = total + orders / math.factorial(count) * added
    return total


def steps(X: np.ndarray, dimension: int, values: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Lay the points out at which local effects along a coordinate are seen.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (trials, dimensions)
    dimension : int
    values : numpy.ndarray of float or None
        The coordinate's, where it has a few.

    Returns
    -------
    edges : numpy.ndarray of float, shape (steps + 1,)
    step : numpy.ndarray of int, shape (trials,)
        The one that each trial is in; where there are a few values each trial is in every one, and
        stands there as often.
    below, above : numpy.ndarray of float, shape (trials, dimensions)
        Each trial, moved to the ends of its step.
    """
    if values is None:
        # Between quantiles, so that no step is without trials where values are whole numbers.
        parts = max(2, len(X) // TRIALS_A_STEP)
        edges = np.quantile(X[:, dimension], np.arange(1, parts) / parts)
        edges = np.unique([0.0, *edges, 1.0])
        step = np.clip(np.searchsorted(edges, X[:, dimension]) - 1, 0, len(edges) - 2)
    else:
        edges, step = values, np.repeat(np.arange(len(values) - 1), len(X))
        X = np.tile(X, (len(values) - 1, 1))
    below, above = X.copy(), X.copy()
    below[:, dimension], above[:, dimension] = edges[step], edges[step + 1]
    return edges, step, below, above


def local_variance(
    edges: np.ndarray, step: np.ndarray, change: np.ndarray, *, stepped: bool
) -> np.ndarray:
    """Compute the variance of accumulated local effects.

    Parameters
    ----------
    edges, step : numpy.ndarray
        As `steps` returns them.
    change : numpy.ndarray of float, shape (trials, draws)
        Of the function across each trial's step.
    stepped : bool
        Whether the coordinate has the values of the edges only, in place of all between them.

    Returns
    -------
    numpy.ndarray of float, shape (draws,)

    References
    ----------
    Apley, Zhu, "Visualizing the effects of predictor variables in black box supervised learning
    models", J. R. Stat. Soc. B 82 (2020).
    """
    count = np.bincount(step, minlength=len(edges) - 1)[:, None]
    rise = np.zeros((len(edges) - 1, change.shape[1]))
    np.add.at(rise, step, change)
    curve: np.ndarray = np.zeros((len(edges), change.shape[1]))
    curve[1:] = np.cumsum(rise / np.maximum(count, 1), axis=0)
    if stepped:
        found: np.ndarray = curve.var(axis=0)
        return found
    # Of a broken line.
    low, high, width = curve[:-1], curve[1:], np.diff(edges)
    mean = width @ (low + high) / 2
    found = width @ (low**2 + low * high + high**2) / 3 - mean**2
    return found


def of_search(
    X: np.ndarray, axes: Sequence[Coordinate], surrogates: Mapping[str, Functions]
) -> pd.DataFrame:
    """Share the variance of a search's test results out to its hyperparameters, in many ways.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (trials, axes)
        In [0, 1].
    axes : sequence of Coordinate
    surrogates : mapping of str to Functions
        Of the trials' test result.

    Returns
    -------
    pandas.DataFrame
        A row for each surrogate, method and hyperparameter. Shares are of the variance of the
        surrogate's functions over the searched ranges; those of `SHAPLEY` add up to 1. Estimates
        are the median of the functions', intervals hold 95 % of them.
    """
    free = sum(axis.steps is None for axis in axes)
    room = MOST_POINTS / math.prod(axis.steps or 1 for axis in axes)
    side = max(4, math.floor(room ** (1 / max(1, free))))
    grids = [axis.grid(min(side, MOST_SIDE)) for axis in axes]
    points = [gp.mesh(grids)]
    laid = [steps(X, j, grids[j] if axis.steps else None) for j, axis in enumerate(axes)]
    points += [moved for _, _, *ends in laid for moved in ends]
    parts = np.cumsum([len(part) for part in points])[:-1]
    tables = []
    for kind, functions in surrogates.items():
        grid, *ends = np.split(functions(np.concatenate(points)), parts)
        variances = closed_variances(grid.reshape(*map(len, grids), -1))
        total = np.maximum(variances[frozenset(range(len(axes)))], np.finfo(float).tiny)
        found = {
            MAIN: [variances[frozenset([j])] for j in range(len(axes))],
            SHAPLEY: [shapley(variances, j) for j in range(len(axes))],
            LOCAL: [
                local_variance(
                    edges, step, ends[2 * j + 1] - ends[2 * j], stepped=axes[j].steps is not None
                )
                for j, (edges, step, _, _) in enumerate(laid)
            ],
        }
        for method, shares in found.items():
            tables.append(
                _ranked(np.array(shares) / total, axes).assign(surrogate=kind, method=method)
            )
    return pd.concat(tables)


def _ranked(shares: np.ndarray, axes: Sequence[Coordinate]) -> pd.DataFrame:
    """Lay out shares (axes, draws) with their places, 1 the largest."""
    middle = np.median(shares, axis=1)
    low, high = np.quantile(shares, [0.025, 0.975], axis=1)
    ranks = 1 + (shares[None] > shares[:, None]).sum(axis=1)
    first, last = np.quantile(ranks, [0.025, 0.975], axis=1, method="nearest")
    return pd.DataFrame(
        {
            "parameter": [axis.name for axis in axes],
            "share": middle,
            "low": low,
            "high": high,
            "rank": 1 + (middle[None] > middle[:, None]).sum(axis=1),
            "rank_low": first,
            "rank_high": last,
        }
    )
