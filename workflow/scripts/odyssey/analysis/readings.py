"""What is read off surrogates, and how far it may be from what is true: the effects of a search."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from odyssey.analysis import effects, gp
from odyssey.analysis.effects import change_of, rank_of, ratio_of, share_of
from odyssey.analysis.files import Row
from odyssey.analysis.surrogates import FOREST, GP, GRID, Coordinate, Surrogate
from odyssey.hyperparameters import BY_NAME

# Standard deviations of a normal variable that hold 95 % of it.
NORMAL = 1.96
# A posterior takes its kernel's parameters for known. Intervals of what is read off the height of
# its curves are so much wider than its draws: without that they cover functions that are known in
# 74 to 94 % of the cases (benchmarks/importance_bias.py).
WIDENED = 1.6
# Places of the batch between which the best learning rate may move, and of all other axes together
# over which what is read at one is averaged.
BATCHES, OTHERS = 6, 64


def basin(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the stretch around the least value of curves that is about as good, without gaps.

    Parameters
    ----------
    curves : numpy.ndarray of float, shape (draws, points)

    Returns
    -------
    best, first, last : numpy.ndarray of int, shape (draws,)
        Positions of the least value and of the stretch's ends, both within it.
    """
    points = np.arange(curves.shape[1])
    best = curves.argmin(axis=1)
    least = curves.min(axis=1, keepdims=True)
    bad = curves > least + effects.TENTH * np.ptp(curves, axis=1, keepdims=True)
    before = bad & (points < best[:, None])
    after = bad & (points > best[:, None])
    first = np.where(before.any(axis=1), len(points) - before[:, ::-1].argmax(axis=1), 0)
    last = np.where(after.any(axis=1), after.argmax(axis=1) - 1, len(points) - 1)
    return best, first, last


def ends(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average curves (draws, points) over the first tenth of their points, and over the last."""
    tenth = max(1, round(effects.TENTH * curves.shape[1]))
    return curves[:, :tenth].mean(axis=1), curves[:, -tenth:].mean(axis=1)


def returns(curves: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compare the gain per block in large networks with that in small ones.

    Parameters
    ----------
    curves : numpy.ndarray of float, shape (draws, points)
        Lower is better.
    values : numpy.ndarray of float, shape (points,)
        Blocks.

    Returns
    -------
    numpy.ndarray of float, shape (draws,)
        Gain above the middle over gain under it; infinite where there is none under it.
    """
    middle = len(values) // 2
    early = (curves[:, 0] - curves[:, middle]) / (values[middle] - values[0])
    late = (curves[:, middle] - curves[:, -1]) / (values[-1] - values[middle])
    ratio: np.ndarray = np.divide(late, early, out=np.full(len(curves), np.inf), where=early > 0)
    return ratio


# What is read off where curves are, and not how high.
PLACES = (
    effects.BASIN_LOW,
    effects.BASIN_HIGH,
    effects.BASIN_WIDTH,
    effects.BEST_RATE,
    effects.BELOW_END,
    effects.BEST_NOISE,
)


def off_the_grid(effect: str, low: float, high: float, values: np.ndarray) -> tuple[float, float]:
    """Widen an interval of a place by a step of the grid that it is read off, at both ends.

    Draws that agree on a point of the grid say nothing of what lies beside it. Without that step
    the interval of the best learning rate covers functions that are known in 82 % of the cases
    where it is least (benchmarks/importance_bias.py).

    Parameters
    ----------
    effect : str
        Of `PLACES`.
    values : numpy.ndarray of float, shape (points,)
        Of the hyperparameter, at least two, where the curves are.

    Returns
    -------
    low, high : float
        Within the grid.
    """
    # A hair more, as what lies a step away does so but for rounding.
    hair = 1 + 1e-9
    if effect == effects.BEST_NOISE:
        step = hair * (values[1] - values[0])
        return max(low - step, values[0]), min(high + step, values[-1])
    ratio = (values[1] / values[0]) ** hair
    if effect in (effects.BASIN_LOW, effects.BASIN_HIGH, effects.BEST_RATE):
        return max(low / ratio, values[0]), min(high * ratio, values[-1])
    step, most = math.log10(ratio), math.log10(values[-1] / values[0])
    if effect == effects.BASIN_WIDTH:
        return max(low - step, step), min(high + step, most + step)
    return max(low - step, 0.0), min(high + step, most)


Reading = dict[str, Callable[[np.ndarray], np.ndarray]]
"""From an effect to what takes curves (draws, points) to its values (draws,)."""


def readings(axis: Coordinate, values: np.ndarray, response: str) -> Reading:
    """List what is read off the curves along an axis, whose points have these values."""
    if BY_NAME[axis.name].span:
        found: Reading = {
            change_of(response, axis.name): lambda curves: np.subtract(*reversed(ends(curves))),
            ratio_of(response, axis.name): lambda curves: np.divide(*reversed(ends(curves))),
        }
    else:
        found = {}
    if response != "test":
        return found
    if axis.name == "learning_rate":
        rate = np.log10(values)
        step = rate[1] - rate[0]
        found |= {
            effects.BASIN_WIDTH: lambda curves: (
                rate[basin(curves)[2]] - rate[basin(curves)[1]] + step
            ),
            effects.BASIN_LOW: lambda curves: values[basin(curves)[1]],
            effects.BASIN_HIGH: lambda curves: values[basin(curves)[2]],
            effects.BEST_RATE: lambda curves: values[basin(curves)[0]],
            effects.BELOW_END: lambda curves: rate[-1] - rate[basin(curves)[0]],
            effects.LOWEST: lambda curves: curves.min(axis=1),
        }
    if axis.name == "hidden_size":
        found[effects.RETURNS] = lambda curves: returns(curves, values)
    if axis.name == "input_noise":
        some, none = (
            (values >= low) & (values <= high)
            for low, high in (effects.SOME_NOISE, effects.NO_NOISE)
        )
        found[effects.BEST_NOISE] = lambda curves: values[curves.argmin(axis=1)]
        found[effects.NOISE_GAIN] = lambda curves: ends(curves)[0] - curves.min(axis=1)
        if some.any() and none.any():
            found[effects.DIP] = lambda curves: (
                curves[:, some].mean(axis=1) - curves[:, none].mean(axis=1)
            )
    return found


def along_rate(surrogate: Surrogate, beside: Coordinate, places: np.ndarray) -> np.ndarray:
    """Predict along the learning rate, at some places of another axis.

    Parameters
    ----------
    surrogate : Surrogate
        The learning rate among its axes.
    beside : Coordinate
        Of its axes.
    places : numpy.ndarray of float, shape (places,)
        In [0, 1].

    Returns
    -------
    numpy.ndarray of float, shape (places, draws, points)
        At the points of the curve along the learning rate, averaged over all other axes.
    """
    # Imported here, as whoever reads a table of this module's needs none of it.
    from scipy.stats import qmc

    at = {axis.name: number for number, axis in enumerate(surrogate.axes)}
    rates = surrogate.axes[at["learning_rate"]].grid(GRID)
    pairs = gp.mesh([places, rates])
    points = np.tile(qmc.Sobol(len(at), rng=0).random(OTHERS), (len(pairs), 1))
    points[:, [at[beside.name], at["learning_rate"]]] = np.repeat(pairs, OTHERS, axis=0)
    for number, axis in enumerate(surrogate.axes):
        if axis.steps:
            points[:, number] = axis.unit(axis.values(points[:, number]))
    values = surrogate.functions(points).reshape(len(places), len(rates), OTHERS, -1)
    curves: np.ndarray = values.mean(axis=2).swapaxes(1, 2)
    return curves


def batch_power(curves: np.ndarray, rates: np.ndarray, batches: np.ndarray) -> np.ndarray:
    """Find the power of the batch with which the best learning rate grows.

    Parameters
    ----------
    curves : numpy.ndarray of float, shape (batches, draws, rates)
    rates : numpy.ndarray of float, shape (rates,)
        For losses that are added up over a batch, as all trials' are.
    batches : numpy.ndarray of float, shape (batches,)

    Returns
    -------
    numpy.ndarray of float, shape (draws,)
        By least squares on logarithmic axes; for losses averaged over a batch, as rules have them.
        Of trials that say nothing it is 1, with a wide interval.
    """
    best, size = np.log(rates)[curves.argmin(axis=2)], np.log(batches)
    size = size - size.mean()
    power: np.ndarray = 1 + size @ best / (size @ size)
    return power


def of_rates(surrogate: Surrogate) -> Iterator[tuple[str, float, np.ndarray, str]]:
    """Read off how the best learning rate moves with the batch, and how low each depth gets.

    Yields an effect, its estimate, its draws, and its method. What is lowest at a depth is so on
    average over all other axes, the batch among them.
    """
    axes = {axis.name: axis for axis in surrogate.axes}
    if "learning_rate" not in axes:
        return
    rates = axes["learning_rate"].values(axes["learning_rate"].grid(GRID))
    if batch := axes.get("batch"):
        places = np.linspace(0, 1, BATCHES)
        curves = along_rate(surrogate, batch, places)
        sizes = batch.values(places)
        mean = batch_power(curves.mean(axis=1, keepdims=True), rates, sizes)
        yield effects.BATCH_POWER, float(mean[0]), batch_power(curves, rates, sizes), f"{GP} power"
    if layers := axes.get("layers"):
        places = layers.grid(GRID)
        curves = along_rate(surrogate, layers, places)
        for depth, of_depth in zip(layers.values(places), curves, strict=True):
            lowest = float(of_depth.mean(axis=0).min())
            yield effects.lowest_at("layers", depth), lowest, of_depth.min(axis=1), GP


def _interval(kind: str, estimate: float, draws: np.ndarray) -> tuple[float, float]:
    """Return where an effect may lie, given its draws."""
    if not np.isfinite(draws).all():
        # An infinite ratio is as large as any, and has no standard deviation.
        draws = np.where(np.isfinite(draws), draws, np.finfo(float).max)
        low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
        return float(low), float(high) if high < np.finfo(float).max else math.inf
    if kind == FOREST:
        half = NORMAL * draws.std()
        return estimate - half, estimate + half
    low, high = np.quantile(draws, [0.025, 0.975])
    return min(float(low), estimate), max(float(high), estimate)


def _widened(estimate: float, low: float, high: float) -> tuple[float, float]:
    """Move the ends of a process's interval away from its estimate."""
    return estimate + WIDENED * (low - estimate), estimate + WIDENED * (high - estimate)


def share(surrogate: Surrogate, draws: np.ndarray) -> tuple[float, float, float]:
    """Estimate a share of the variance, from its draws (draws,), with an interval in [0, 1].

    What a process leaves unexplained may be noise, or what some coordinates do on a scale too fine
    for the trials: it can belong to any term, and so widens the interval at both ends.
    """
    estimate = float(draws.mean() if surrogate.kind == FOREST else np.median(draws))
    low, high = _interval(surrogate.kind, estimate, draws)
    return (
        estimate,
        max(0.0, low - surrogate.unexplained),
        min(1.0, high + surrogate.unexplained),
    )


def shares(surrogate: Surrogate) -> dict[str, tuple[float, float, float]]:
    """Estimate the shares of main effects, of pairs and of all interactions, with intervals."""
    names = [axis.name for axis in surrogate.axes]
    found = {
        share_of(" × ".join(names[j] for j in term)): share(surrogate, draws)
        for term, draws in surrogate.shares.items()
    }
    together = surrogate.rest + sum(d for term, d in surrogate.shares.items() if len(term) == 2)
    return found | {
        effects.INTERACTIONS: share(surrogate, np.broadcast_to(together, len(surrogate.rest)))
    }


def ranks(main: dict[str, tuple[float, float, float]]) -> dict[str, tuple[int, int, int]]:
    """Say which place each main effect has, 1 the largest, and which ones its interval allows."""
    found = {}
    for name, (value, low, high) in main.items():
        others = [triple for other, triple in main.items() if other != name]
        found[name] = (
            1 + sum(other > value for other, _, _ in others),
            1 + sum(other > high for _, other, _ in others),
            1 + sum(other >= low for _, _, other in others),
        )
    return found


def of_surrogate(surrogate: Surrogate, response: str, n: int) -> list[Row]:
    """Read all effects off what is known of a response of a search, from n trials.

    Rows have `effects.COLUMNS` without the search's. Shares and ranks are of the test result. For
    forests intervals are the paper's spread over trees.
    """
    kind, rows = surrogate.kind, []

    def add(effect: str, found: tuple[float, float, float], method: str) -> None:
        estimate, low, high = found
        rows.append(
            {"effect": effect, "by": kind, "estimate": estimate, "low": low, "high": high}
            | {
                "family_low": low,
                "family_high": high,
                "method": effects.METHODS[method],
                "note": "",
            }
            | {"n": n, "r2": surrogate.r2}
        )

    if response == "test":
        found = shares(surrogate)
        for effect, triple in found.items():
            add(effect, triple, FOREST if kind == FOREST else f"{GP} share")
        main = {axis.name: found[share_of(axis.name)] for axis in surrogate.axes}
        for name, (place, least, most) in ranks(main).items():
            # The paper takes the order of the means as it is.
            triple = (place, place, place) if kind == FOREST else (place, least, most)
            add(rank_of(name), triple, f"{kind} rank")
    for effect, triple, method in of_curves(surrogate, response):
        add(effect, triple, method)
    return rows


def of_curves(
    surrogate: Surrogate, response: str
) -> Iterator[tuple[str, tuple[float, float, float], str]]:
    """Read effects off the curves along each axis, and along the learning rate beside another.

    Yields an effect, its estimate with the interval's ends, and its method.
    """
    kind = surrogate.kind
    for axis, curves in zip(surrogate.axes, surrogate.curves, strict=True):
        values = axis.values(axis.grid(curves.shape[1]))
        for effect, read in readings(axis, values, response).items():
            estimate = float(read(curves.mean(axis=0)[None])[0])
            low, high = _interval(kind, estimate, read(curves))
            if kind == GP and effect in PLACES:
                low, high = off_the_grid(effect, low, high, values)
            elif kind == GP and math.isfinite(estimate):
                low, high = _widened(estimate, low, high)
            yield effect, (estimate, low, high), kind
    if response == "test" and kind == GP:  # a forest's least values lie where its cuts do
        for effect, estimate, draws, method in of_rates(surrogate):
            low, high = _interval(kind, estimate, draws)
            if method == GP:
                low, high = _widened(estimate, low, high)
            yield effect, (estimate, low, high), method
