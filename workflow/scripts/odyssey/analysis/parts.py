"""What each part of the block does, alone and beside others: all combinations of changes as one.

Changes are there or not, and so axes beside the hyperparameters: one Gaussian process knows a
task's trials of all cells. It is chosen by some of the trials and holds all of them.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from odyssey.analysis import effects, gp
from odyssey.analysis.fanova import obstacle
from odyssey.analysis.surrogates import GP, Coordinate, coordinates
from odyssey.cells.variants import combinations, meant

# As many trials choose the kernels: what that takes grows with their third power.
CHOOSING = 500
# Points along the learning rate, and along every other hyperparameter, of Gauss and Legendre.
RATES, OTHERS = 10, 3
# Points at which the best learning rate is looked for, and decades around it at both sides.
FINE, AROUND = 201, 0.5
RATE = "learning_rate"
ESTIMATE = ("estimate", "low", "high", "family_low", "family_high")
# Points of the grid of all cells, unless there are as few along each axis as can be.
MOST_POINTS = 100_000
# Trials near the best learning rates for each cell of a comparison, and standard errors by which
# the test result has to be bent there, without which nothing is said.
LEAST_TRIALS, LEAST_BEND = 10, 3.0


@dataclass(frozen=True)
class Design:
    """The cells that some changes make together."""

    changes: list[str]
    cells: list[str]
    has: np.ndarray  # bool, shape (cells, changes)
    # Which cell each choice of changes means: shape (2, ...), an axis a change.
    choices: np.ndarray

    def contrasts(self, *together: int) -> list[tuple[int, ...]]:
        """List the cells with none, with each ... and with all of some changes, others alike.

        Only where all of them have a meaning beside the others. With two changes that is a cell
        without both, with the first, with the second, and with both.
        """
        number = {frozenset(row.nonzero()[0].tolist()): at for at, row in enumerate(self.has)}
        subsets = [
            frozenset(some)
            for count in range(len(together) + 1)
            for some in itertools.combinations(together, count)
        ]
        return [
            tuple(number[base | some] for some in subsets)
            for base in number
            if not base & set(together) and all(base | some in number for some in subsets)
        ]


def design(changes: Sequence[str]) -> Design:
    """Lay out the cells of `combinations`."""
    cells = combinations(changes)
    has = np.array([[change in name.split("+") for change in changes] for name in cells])
    choices = np.empty((2,) * len(changes), dtype=int)
    for choice in np.ndindex(choices.shape):
        name = meant([change for change, there in zip(changes, choice, strict=True) if there])
        choices[choice] = cells.index(name)
    return Design(list(changes), cells, has, choices)


def results_of(trials: pd.DataFrame) -> pd.DataFrame:
    """Pick the trials of a task that have a result, failures made equal.

    Results are cut at what a quarter of the cells are never worse than. A trial that diverged, or
    ended worse, counts as that: how much worse it is would be most of the variance, and says no
    more than that it failed.
    """
    test = trials["test"].mask(trials["status"] == "diverged", math.inf)
    worst = test.groupby(trials["variant"]).max().quantile(0.25, interpolation="lower")
    test = test.clip(upper=worst)
    return trials.assign(test=test)[np.isfinite(test)]


@dataclass(frozen=True)
class Drawn:
    """What is known of one task: functions drawn from the posterior, and what they miss."""

    axes: list[Coordinate]  # of the hyperparameters
    nodes: list[np.ndarray]  # of each: the grid's points, in [0, 1]
    weights: list[np.ndarray]  # of each: the share of the side that a point stands for
    test: np.ndarray  # median test result, shape (cells, points, ..., draws)
    cell: np.ndarray  # of each trial, shape (trials,)
    rate: np.ndarray  # of each trial, on the axis of the learning rate, in [0, 1]
    missed: np.ndarray  # of each trial, its test result less what the others foretell
    mean: np.ndarray  # the posterior's mean, brought back to that unit, of `test` but for the draws
    unexplained: float  # share of the variance of trials left out one at a time


def draw(
    trials: pd.DataFrame,
    of: Design,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    draws: int = gp.DRAWS,
) -> Drawn:
    """Fit a process to the trials of a task, of all cells together, and draw from it.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `results_of` returns them.
    of : Design
    ranges : mapping of str to tuple of float
        As for `surrogates.coordinates`; that of the learning rate among them.
    seed : int
    draws : int
    """
    axes = coordinates(trials, ranges)
    cell = trials["variant"].map({name: number for number, name in enumerate(of.cells)}).to_numpy()
    # As the two values of a flag: in the middles of the halves of an axis.
    places = 0.25 + 0.5 * of.has
    units = {axis.name: axis.unit(trials[axis.name]) for axis in axes}
    X = np.column_stack([places[cell], *units.values()])
    y = trials["test"].to_numpy(dtype=float)
    worst = y.max()
    scales = tuple(gp.SCALES) if (y > 0).all() else ("linear",)
    generator = np.random.default_rng(seed)
    some = generator.permutation(len(y))[:CHOOSING]
    free = sum(axis.steps is None for axis in axes) - 1
    others = OTHERS if len(places) * RATES * OTHERS**free <= MOST_POINTS else 2
    nodes, weights = gp.sides(
        [axis.steps for axis in axes],
        [RATES if axis.name == RATE else others for axis in axes],
    )
    grid = gp.mesh(nodes)
    points = np.column_stack([np.repeat(places, len(grid), 0), np.tile(grid, (len(places), 1))])
    with threadpool_limits(1):
        fit = gp.condition(gp.fit(X[some], y[some], scales), X, y)
        values, _ = gp.posterior(fit, points, generator, draws)
        foretold = gp.foretold(fit)

    def back(on_scale: np.ndarray) -> np.ndarray:
        cut: np.ndarray = np.minimum(gp.SCALES[fit.scale].back(on_scale), worst)
        return cut

    shape = (len(places), *map(len, nodes))
    missed = y - back(foretold)
    return Drawn(
        axes,
        nodes,
        weights,
        back(values).reshape(*shape, draws),
        cell,
        units[RATE],
        missed,
        back(values.mean(axis=1)).reshape(shape),
        float(min(1.0, np.mean(missed**2) / y.var())),
    )


def _over(values: np.ndarray, weights: Sequence[np.ndarray], kept: Sequence[int]) -> np.ndarray:
    """Average (cells, points, ...) over all hyperparameters but those kept, ascending."""
    for axis in reversed(range(len(weights))):
        if axis not in kept:
            values = np.tensordot(weights[axis], values, axes=(0, axis + 1))
    return values


def shares(drawn: Drawn, of: Design) -> tuple[dict[tuple[int, ...], np.ndarray], np.ndarray]:
    """Split the variance over fair choices of all changes and over all hyperparameters.

    Parameters
    ----------
    drawn : Drawn
    of : Design

    Returns
    -------
    shares : dict of tuple of int to numpy.ndarray of float, shape (draws,)
        Of each axis and each pair: first the changes, then the hyperparameters.
    interactions : numpy.ndarray of float, shape (draws,)
        Of all pairs and beyond.
    """
    changes, values = len(of.changes), drawn.test
    chance = np.bincount(of.choices.ravel(), minlength=len(of.cells)) / of.choices.size

    def of_term(term: tuple[int, ...]) -> np.ndarray:
        kept = [axis - changes for axis in term if axis >= changes]
        part = _over(values, drawn.weights, kept)
        weights = [drawn.weights[axis] for axis in kept]
        chosen = [axis for axis in term if axis < changes]
        if not chosen:
            return gp.variance_of(np.tensordot(chance, part, axes=(0, 0)), weights)
        others = tuple(axis for axis in range(changes) if axis not in chosen)
        part = part[of.choices].mean(axis=others)
        return gp.variance_of(part, [np.full(2, 0.5)] * len(chosen) + weights)

    total = gp.variance_of(values, [chance, *drawn.weights])
    own = gp.own_variances(changes + len(drawn.axes), of_term)
    found = {term: part / total for term, part in own.items()}
    main = sum(part for term, part in found.items() if len(term) == 1)
    return found, np.maximum(1 - main, 0.0)


@dataclass(frozen=True)
class Best:
    """The neighbourhood of each cell's best learning rate; arrays have the shape (cells,)."""

    first: np.ndarray  # its ends, on the axis of the learning rate
    last: np.ndarray
    rate: np.ndarray  # the best one
    test: np.ndarray  # mean over the neighbourhood and all other hyperparameters
    bend: float  # second derivative of the test result there, on that axis, over all cells
    bend_error: float  # its standard error


def best(drawn: Drawn) -> Best:
    """Find the best learning rate of each cell, and what is known of its neighbourhood."""
    axis = [axis.name for axis in drawn.axes].index(RATE)
    curves = _over(drawn.mean, drawn.weights, [axis])
    fine = np.linspace(0, 1, FINE)
    curves = CubicSpline(drawn.nodes[axis], curves, axis=1)(fine)
    rate = fine[curves.argmin(axis=1)]
    side = AROUND / (drawn.axes[axis].high - drawn.axes[axis].low)
    first, last = np.maximum(rate - side, 0), np.minimum(rate + side, 1)
    within = (fine >= first[:, None]) & (fine <= last[:, None])
    test = (curves * within).sum(axis=1) / within.sum(axis=1)
    bends = [
        2 * np.polyfit(fine[near], curve[near], 2)[0]
        for near, curve in zip(within, curves, strict=True)
    ]
    error = np.std(bends) / math.sqrt(len(bends))
    return Best(first, last, rate, test, float(np.mean(bends)), float(error))


def contrast(
    drawn: Drawn, near: Best, coefficients: np.ndarray, *, of_rate: bool
) -> tuple[float, float, int]:
    """Estimate a sum over cells, each times its coefficient, of the test result near its best rate.

    What a process says of differences is drawn together, the more so the smaller they are, and its
    posterior does not know it. So what it misses of the trials in each neighbourhood is added: as
    learning rates were drawn evenly the sum is then nearly right in the mean whatever the process
    says (it has chosen the neighbourhoods), and the trials' scatter is its error.

    Parameters
    ----------
    drawn : Drawn
    near : Best
    coefficients : numpy.ndarray of float, shape (cells,)
    of_rate : bool
        Of the best learning rate in place of the test result, on its axis: the process's, moved by
        what it misses of the slope there, over the bend.

    Returns
    -------
    estimate, error, trials : float
        With its standard error, and how many trials are behind it.

    References
    ----------
    Särndal, Swensson, Wretman, "Model assisted survey sampling" (1992), chapter 6.
    """
    first, last = near.first[drawn.cell], near.last[drawn.cell]
    inside = (drawn.rate >= first) & (drawn.rate <= last)
    trials = np.bincount(drawn.cell, minlength=len(coefficients))[drawn.cell]
    missed = np.where(inside, coefficients[drawn.cell] * drawn.missed, 0.0)
    missed /= trials * (last - first)
    if of_rate:
        # Over the variance of an even draw, what is missed along the rate is a slope.
        missed *= (drawn.rate - (first + last) / 2) / ((last - first) ** 2 / 12) / -near.bend
    plain = coefficients @ (near.rate if of_rate else near.test)
    behind = int((inside & (coefficients[drawn.cell] != 0)).sum())
    return float(plain + missed.sum()), float(np.sqrt((missed**2).sum())), behind


def of_task(drawn: Drawn, of: Design, alpha: float) -> list[dict[str, object]]:
    """Read all effects of changes off what is known of a task; rows have `effects.COLUMNS`."""
    terms = [*of.changes, *(axis.name for axis in drawn.axes)]
    found, together = shares(drawn, of)
    rows = [_share(" × ".join(terms[j] for j in term), part, drawn) for term, part in found.items()]
    rows.append(_share("", together, drawn))
    near = best(drawn)
    there = np.bincount(drawn.cell, minlength=len(of.cells)) > 0
    # A best rate at an end of the range may lie beyond it.
    within = there & (near.rate > 0) & (near.rate < 1)

    def add(effect: str, changes: tuple[int, ...], usable: np.ndarray) -> None:
        name = " × ".join(of.changes[change] for change in changes)
        signs = (-1, 1) if len(changes) == 1 else (1, -1, -1, 1)
        groups = of.contrasts(*changes)
        rows.append(_row(effect, name, groups, signs, usable, of, drawn, near, alpha))

    for change in range(len(of.changes)):
        add(effects.AMONG_OTHERS, (change,), there)
        add(effects.RATE_CHANGE, (change,), within)
    for pair in itertools.combinations(range(len(of.changes)), 2):
        add(effects.TOGETHER, pair, there)
    return rows


def _nothing(note: str) -> dict[str, object]:
    return {**dict.fromkeys(ESTIMATE, math.nan), "note": note}


def _row(
    effect: str,
    name: str,
    groups: list[tuple[int, ...]],
    signs: Sequence[int],
    usable: np.ndarray,
    of: Design,
    drawn: Drawn,
    near: Best,
    alpha: float,
) -> dict[str, object]:
    """Estimate an effect over those groups of cells that are usable, as one of its family."""
    row = {"variant": name, "effect": effect, "by": GP, "r2": 1 - drawn.unexplained}
    row |= {"n": 0, "method": effects.METHODS[effects.PARTS]}
    if not groups:
        return row | _nothing("the two have no meaning together")
    known = [group for group in groups if usable[list(group)].all()]
    if 2 * len(known) < len(groups):
        return row | _nothing(
            f"{len(known)} of {len(groups)} comparisons have cells with a result, and with their "
            "best learning rate within the range"
        )
    coefficients = np.zeros(len(of.cells))
    for group in known:
        coefficients[list(group)] += np.array(signs) / len(known)
    of_rate = effect == effects.RATE_CHANGE
    if of_rate and not near.bend > LEAST_BEND * near.bend_error:
        return row | _nothing("the test result has no bend along the learning rate")
    estimate, error, behind = contrast(drawn, near, coefficients, of_rate=of_rate)
    row["n"] = behind
    if behind < LEAST_TRIALS * len(signs):
        return row | _nothing(f"too few trials near the best learning rates: {behind}")
    changes = len(of.changes)
    family = changes if len(signs) == 2 else math.comb(changes, 2)
    half, wide = (error * norm.ppf(1 - alpha / (2 * several)) for several in (1, family))
    left_out = len(groups) - len(known)
    ends = np.array([estimate, estimate - half, estimate + half, estimate - wide, estimate + wide])
    if of_rate:
        (decades,) = (axis.high - axis.low for axis in drawn.axes if axis.name == RATE)
        ends = np.clip(decades * ends, -decades, decades)  # it cannot move further
    return row | {
        **dict(zip(ESTIMATE, ends.tolist(), strict=True)),
        "note": f"without {left_out} of {len(groups)} comparisons" if left_out else "",
    }


def _share(term: str, draws: np.ndarray, drawn: Drawn) -> dict[str, object]:
    estimate = float(np.median(draws))
    low, high = np.quantile(draws, [0.025, 0.975])
    low, high = max(0.0, low - drawn.unexplained), min(1.0, high + drawn.unexplained)
    return {
        "effect": effects.share_of(term) if term else effects.INTERACTIONS,
        "by": GP,
        "estimate": estimate,
        "low": low,
        "high": high,
        "family_low": low,
        "family_high": high,
        "n": len(drawn.cell),
        "r2": 1 - drawn.unexplained,
        "method": effects.METHODS[f"{GP} share"],
    }


def analyse(
    trials: pd.DataFrame,
    changes: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    alpha: float,
) -> pd.DataFrame:
    """Estimate what changes of the block do, alone and beside others, on each task.

    Parameters
    ----------
    trials : pandas.DataFrame
        Of all cells of `combinations`; failures are made equal, as `results_of` says.
    changes : sequence of str
    ranges : mapping of str to tuple of float
        As for `surrogates.coordinates`; that of the learning rate among them.
    seed : int
        In [0, 2**31).
    alpha : float
        Error of a family: all changes, or all pairs of them.

    Returns
    -------
    pandas.DataFrame
        With `effects.COLUMNS`.
    """
    of = design(changes)
    rows = []
    for task, of_all in trials.groupby("task", sort=False):
        own = results_of(of_all)
        if hindrance := obstacle(own["test"].to_numpy(dtype=float), coordinates(own, ranges)):
            note = {"effect": effects.AMONG_OTHERS, "n": len(own), "note": hindrance}
            rows += [{"task": task, "variant": change} | note for change in changes]
            continue
        drawn = draw(own, of, ranges, seed)
        rows += [{"task": task} | row for row in of_task(drawn, of, alpha)]
    return effects.table(rows)
