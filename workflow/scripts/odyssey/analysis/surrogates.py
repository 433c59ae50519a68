"""What hyperparameters do to a response, as two kinds of surrogate have it: draws of one form.

The paper's surrogate is a forest, whose draws are its trees; this project's is a Gaussian process,
whose draws are functions of its posterior. What is read off them is the same for both. A third,
boosted trees, is there to be held against them.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from odyssey.analysis import boxes, forests, gp
from odyssey.hyperparameters import HYPERPARAMETERS, STEPS, back, onto

GP, FOREST, BOOSTED = "gp", "forest", "boosted trees"
SURROGATES = (GP, FOREST)
GRID, PAIR_GRID = 60, 20
# Functions of the posterior and bootstraps of boosted trees whose values are asked for.
FUNCTIONS, BOOTSTRAPS = 100, 40
ROUNDS = 50  # boosted trees on top of one another

# Values of several functions, shape (points, functions), in the response's own unit, at points in
# the cube, shape (points, axes).
Functions = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Coordinate:
    """One axis of the cube on which a surrogate is grown."""

    name: str  # of the hyperparameter
    low: float  # end of the searched range, on the coordinate's scale (`Hyperparameter.ends`)
    high: float
    scale: str  # as of `odyssey.hyperparameters.Hyperparameter`

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Bring values of the hyperparameter, in its own unit, to [0, 1].

        Values beyond the range are clipped to its ends. Each of a few values goes to the middle of
        its part: those of a flag, which are 0 and 1, to 0.25 and 0.75.
        """
        values = onto(self.scale, np.asarray(values, dtype=float))
        # Rounding of whole sizes, and of 1 - momentum, may lead a hair beyond the ends.
        return np.clip((values - self.low) / (self.high - self.low), 0, 1)

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Bring numbers in [0, 1] back to the hyperparameter's own unit; a flag is 1 above 0.5."""
        return back(self.scale, self.low + unit * (self.high - self.low))

    @property
    def steps(self) -> int | None:
        """How many values there are, each with an equal part of the axis; None if any."""
        return round(self.high - self.low) if self.scale in STEPS else None

    def grid(self, points: int) -> np.ndarray:
        """Return points that cover the axis: the middles of as many equal parts of [0, 1].

        Where there are a few values it is their places, however many are asked for.
        """
        points = self.steps or points
        return (np.arange(points) + 0.5) / points


def coordinates(
    trials: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]
) -> list[Coordinate]:
    """List the axes along which the trials of a search were drawn.

    Those with a range of more than one value, and the flags `nesterov` and `clip` where the trials
    have both values of them. The ranges are by the keys under `search`.
    """
    axes = []
    for one in HYPERPARAMETERS:
        ends: tuple[float, float] = (0, 1)
        if one.scale == "flag":
            searched = one.name in trials and trials[one.name].dropna().nunique() == 2
        else:
            ends = ranges.get(one.key, (0, 0))
            searched = ends[0] < ends[1]
        if searched:
            axes.append(Coordinate(one.name, *one.ends(*ends), one.scale))
    return axes


@dataclass(frozen=True)
class Surrogate:
    """What is known of a response of one search."""

    kind: str  # of `SURROGATES`
    axes: list[Coordinate]
    # Of each axis and each pair of axes in the variance of the function, shape (draws,).
    shares: dict[tuple[int, ...], np.ndarray]
    rest: np.ndarray  # of three and more axes together, shape (draws,)
    # What the response varies about the function, as a share of all that it varies: by the model,
    # or of trials left out if that is more; 0 for a forest, which has no model of it.
    unexplained: float
    # Of each axis, the response at `axis.grid(GRID)`, averaged over all other axes, in its unit;
    # shape (draws, points).
    curves: list[np.ndarray]
    # Of each pair of axes, the response at their grids of `PAIR_GRID`, averaged over all other axes
    # and all draws; shape (a, b).
    planes: dict[tuple[int, int], np.ndarray]
    mean: float  # of the function, over the cube and all draws
    r2: float  # share of the variance explained of trials left out: out of bag, or one at a time
    diagnosis: dict[str, float | str]  # as `gp.diagnose` returns it; empty for a forest
    functions: Functions  # draws of the posterior, or the trees


def _pairs(axes: list[Coordinate]) -> list[tuple[tuple[int, int], tuple[np.ndarray, np.ndarray]]]:
    grids = [axis.grid(PAIR_GRID) for axis in axes]
    pairs = itertools.combinations(range(len(axes)), 2)
    return [((first, second), (grids[first], grids[second])) for first, second in pairs]


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
    seed : int
        In [0, 2**31).
    backend : str
        One of `forests.BACKENDS`.
    """
    forest = forests.BACKENDS[backend](X, y, flags(axes), trees, seed)
    parts = boxes.decompose(forest)
    return Surrogate(
        FOREST,
        axes,
        parts.shares,
        parts.rest,
        0.0,
        [boxes.marginal(forest, j, axis.grid(GRID)) for j, axis in enumerate(axes)],
        {pair: boxes.pair_marginal(forest, pair, grid) for pair, grid in _pairs(axes)},
        float(np.mean([(tree.high - tree.low).prod(axis=1) @ tree.value for tree in forest])),
        boxes.out_of_bag_r2(forest, X, y),
        {},
        partial(boxes.values, forest),
    )


def fit_process(
    X: np.ndarray, y: np.ndarray, axes: list[Coordinate], seed: int, draws: int = gp.DRAWS
) -> Surrogate:
    """Fit this project's surrogate, from the same trials, with so many draws of its posterior."""
    # Products this small are slower in several threads, and each number of threads rounds its way.
    with threadpool_limits(1):
        fit = gp.fit(X, y)
        steps = {j: axis.steps for j, axis in enumerate(axes) if axis.steps}
        drawn = gp.draw(fit, steps, seed, draws)
        shares, rest, unexplained = gp.decompose(drawn)
        diagnosis = gp.diagnose(fit)

    def functions(points: np.ndarray) -> np.ndarray:
        with threadpool_limits(1):
            return gp.means(fit, points, seed, FUNCTIONS)[0]

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
        functions,
    )


def boost_trees(X: np.ndarray, y: np.ndarray, seed: int) -> Functions:
    """Boost trees on bootstraps of the samples.

    On the logarithm of a positive response, as else a few failures are all that they learn.

    References
    ----------
    Friedman, "Greedy function approximation: a gradient boosting machine", Ann. Stat. 29 (2001).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    logarithm = bool((y > 0).all())
    target = np.log(y) if logarithm else y
    generator = np.random.default_rng(seed)
    models = []
    # Samples this few are slower in several threads.
    with threadpool_limits(1):
        for _ in range(BOOTSTRAPS):
            drawn = generator.integers(0, len(y), len(y))
            model = HistGradientBoostingRegressor(
                max_iter=ROUNDS, max_leaf_nodes=8, min_samples_leaf=5, random_state=0
            )
            models.append(model.fit(X[drawn], target[drawn]))

    def functions(points: np.ndarray) -> np.ndarray:
        with threadpool_limits(1):
            values = np.stack([model.predict(points) for model in models], axis=1)
        return np.exp(values) if logarithm else values

    return functions


def flags(axes: list[Coordinate]) -> list[int]:
    """List the axes of two values, by their places."""
    return [j for j, axis in enumerate(axes) if axis.scale == "flag"]
