"""What hyperparameters do to a response, as two kinds of surrogate have it: draws of one form.

The paper's surrogate is a forest, whose draws are its trees; this project's is a Gaussian process,
whose draws are functions of its posterior. What is read off them is the same for both.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from odyssey.analysis import forests, gp
from odyssey.hyperparameters import HYPERPARAMETERS, STEPS, back, onto

GP, FOREST = "gp", "forest"
SURROGATES = (GP, FOREST)
GRID, PAIR_GRID = 60, 20


@dataclass(frozen=True)
class Coordinate:
    """One axis of the cube on which a forest is grown.

    Parameters
    ----------
    name : str
        Of the hyperparameter.
    low, high : float
        Ends of the searched range, on the coordinate's scale (`Hyperparameter.ends`).
    scale : str
        As of `odyssey.hyperparameters.Hyperparameter`.
    """

    name: str
    low: float
    high: float
    scale: str

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Bring values of the hyperparameter to [0, 1].

        Parameters
        ----------
        values : array_like of float, any shape
            In the hyperparameter's own unit; 0 and 1 (or bool) for a flag.

        Returns
        -------
        numpy.ndarray of float, shape of `values`
            Without unit, 0 at `low` and 1 at `high`; values beyond the range are clipped to its
            ends. Each of a few values goes to the middle of its part: those of a flag to 0.25 and
            0.75.
        """
        values = onto(self.scale, np.asarray(values, dtype=float))
        # Rounding of whole sizes, and of 1 - momentum, may lead a hair beyond the ends.
        return np.clip((values - self.low) / (self.high - self.low), 0, 1)

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Bring numbers in [0, 1] back to the hyperparameter's own unit.

        Parameters
        ----------
        unit : numpy.ndarray of float, any shape
            In [0, 1], without unit.

        Returns
        -------
        numpy.ndarray of float, shape of `unit`
            In the hyperparameter's own unit; for a flag 0 up to the middle and 1 above it.
        """
        return back(self.scale, self.low + unit * (self.high - self.low))

    @property
    def steps(self) -> int | None:
        """How many values there are, each with an equal part of the axis; None if any."""
        return round(self.high - self.low) if self.scale in STEPS else None

    def grid(self, points: int) -> np.ndarray:
        """Return points that cover the axis.

        Parameters
        ----------
        points : int
            How many, at least 1; not read where there are a few values.

        Returns
        -------
        numpy.ndarray of float, shape (points,)
            The middles of as many equal parts of [0, 1], ascending, without unit; where there are
            a few values their places, shape (steps,).
        """
        points = self.steps or points
        return (np.arange(points) + 0.5) / points


def coordinates(
    trials: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]
) -> list[Coordinate]:
    """List the axes along which the trials of a cell were drawn.

    Parameters
    ----------
    trials : pandas.DataFrame
        Of one cell.
    ranges : mapping of str to tuple of float
        Searched ranges, by the keys under `search`.

    Returns
    -------
    list of Coordinate
        Those with a range of more than one value, and the flags `nesterov` and `clip` where the
        trials have both values of them.
    """
    axes = []
    for h in HYPERPARAMETERS:
        if h.scale == "flag":
            searched, ends = h.name in trials and trials[h.name].dropna().nunique() == 2, (0, 1)
        else:
            ends = ranges.get(h.key, (0, 0))
            searched = ends[0] < ends[1]
        if searched:
            axes.append(Coordinate(h.name, *h.ends(*ends), h.scale))
    return axes


@dataclass(frozen=True)
class Surrogate:
    """What is known of a response of one cell.

    Parameters
    ----------
    kind : str
        Of `SURROGATES`.
    axes : list of Coordinate
    shares : dict of tuple of int to numpy.ndarray of float, shape (draws,)
        Of each axis and each pair of axes in the variance of the function.
    rest : numpy.ndarray of float, shape (draws,)
        Of three and more axes together.
    unexplained : float
        What the response varies about the function, as a share of all that it varies: by the
        model, or of trials left out if that is more; 0 for a forest, which has no model of it.
    curves : list of numpy.ndarray of float, shape (draws, points)
        Of each axis, the response at `axis.grid(GRID)`, averaged over all other axes, in its unit.
    planes : dict of tuple of int to numpy.ndarray of float, shape (a, b)
        Of each pair of axes, the response at their grids of `PAIR_GRID`, averaged over all other
        axes and all draws.
    mean : float
        Of the function, over the cube and all draws.
    r2 : float
        Share of the variance explained of trials that were left out: out of bag, or one at a time.
    diagnosis : dict
        As `gp.diagnose` returns it; empty for a forest.
    """

    kind: str
    axes: list[Coordinate]
    shares: dict[tuple[int, ...], np.ndarray]
    rest: np.ndarray
    unexplained: float
    curves: list[np.ndarray]
    planes: dict[tuple[int, int], np.ndarray]
    mean: float
    r2: float
    diagnosis: dict[str, float | str]


def _pairs(axes: list[Coordinate]) -> list[tuple[tuple[int, int], tuple[np.ndarray, np.ndarray]]]:
    grids = [axis.grid(PAIR_GRID) for axis in axes]
    return [(p, (grids[p[0]], grids[p[1]])) for p in itertools.combinations(range(len(axes)), 2)]


def grow_forest(
    X: np.ndarray, y: np.ndarray, axes: list[Coordinate], trees: int, seed: int, backend: str
) -> Surrogate:
    """Grow the paper's surrogate.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (samples, axes)
        In [0, 1].
    y : numpy.ndarray of float, shape (samples,)
        Not constant.
    axes : list of Coordinate
    trees : int
    seed : int
        In [0, 2**31).
    backend : str
        One of `forests.BACKENDS`.

    Returns
    -------
    Surrogate
    """
    forest = forests.BACKENDS[backend](X, y, _flags(axes), trees, seed)
    parts = forests.decompose(forest)
    volumes = [(tree.high - tree.low).prod(axis=1) for tree in forest]
    return Surrogate(
        FOREST,
        axes,
        parts.shares,
        parts.rest,
        0.0,
        [forests.marginal(forest, j, axis.grid(GRID)) for j, axis in enumerate(axes)],
        {pair: forests.pair_marginal(forest, pair, grid) for pair, grid in _pairs(axes)},
        float(np.mean([v @ tree.value for v, tree in zip(volumes, forest, strict=True)])),
        forests.out_of_bag_r2(forest, X, y),
        {},
    )


def fit_process(
    X: np.ndarray, y: np.ndarray, axes: list[Coordinate], seed: int, draws: int = gp.DRAWS
) -> Surrogate:
    """Fit this project's surrogate.

    Parameters
    ----------
    X, y, axes, seed
        As of `grow_forest`.
    draws : int
        Of its posterior.

    Returns
    -------
    Surrogate
    """
    # Products this small are slower in several threads, and each number of threads rounds its way.
    with threadpool_limits(1):
        fit = gp.fit(X, y)
        steps = {j: axis.steps for j, axis in enumerate(axes) if axis.steps}
        drawn = gp.draw(fit, steps, seed, draws)
        shares, rest, unexplained = gp.decompose(drawn)
        diagnosis = gp.diagnose(fit)
    return Surrogate(
        GP,
        axes,
        shares,
        rest,
        min(1.0, max(float(unexplained.mean()), 1 - float(diagnosis["r2"]))),
        [gp.marginal(drawn, j, axis.grid(GRID)) for j, axis in enumerate(axes)],
        {pair: gp.pair_marginal(drawn, pair, grid) for pair, grid in _pairs(axes)},
        float(gp.averaged(drawn, []).mean()),
        float(diagnosis["r2"]),
        diagnosis,
    )


def _flags(axes: list[Coordinate]) -> list[int]:
    return [j for j, axis in enumerate(axes) if axis.scale == "flag"]
