"""Every estimate that a claim, caption, sentence or document speaks of: computed here, once.

An effect has a number, an interval that says what the trials leave open, and the method by which
both were found. Claims judge effects, sentences word them; neither computes any.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from odyssey.analysis.surrogates import FOREST, GP, Coordinate, Surrogate
from odyssey.analysis.welch import REFERENCE
from odyssey.hyperparameters import BY_NAME

# A result is about as good as the best if it is this share of the range from it at most; variants
# differ if it is by more than this share of what search gains over a middling trial.
TENTH = 0.1
# Deviations of a normal variable that hold 95 % of it.
NORMAL = 1.96
# A posterior takes its kernel's parameters for known. Intervals of what is read off the height of
# its curves are so much wider than its draws: without that they cover functions that are known in
# 74 to 94 % of the cases (benchmarks/importance_bias.py).
WIDENED = 1.6
# Input noise (standard deviations) of the paper's dip, and what stands for none.
SOME_NOISE, NO_NOISE = (0.2, 0.5), (0.0, 0.1)
PERMUTATION, WELCH, TRIALS, RESEEDED = "permutation", "welch", "trials", "new seeds"

COLUMNS = {
    "task": "str",
    "variant": "str",
    "effect": "str",
    "by": "str",
    "estimate": "float64",
    "low": "float64",
    "high": "float64",
    "family_low": "float64",
    "family_high": "float64",
    "n": "int64",
    "r2": "float64",
    "method": "str",
    "note": "str",
}

METHODS = {
    f"{TRIALS} best": "least test result of the selected trials: what one network did, picked by "
    "that result; no estimate of anything, so without an interval",
    PERMUTATION: "difference of the selected trials' means; interval by inverting the studentised "
    "permutation of whole cells, family by Bonferroni",
    WELCH: "the paper's: Welch's test of the selected trials as independent draws",
    RESEEDED: "the selected trials with new seeds, each by its mean over them; t with the luck of "
    "selection, family by Bonferroni",
    f"{RESEEDED} luck": "the selected trials with new seeds less with their own, each by its mean "
    "over them; t over the trials",
    f"{RESEEDED} median": "the same; median over the trials, interval of order statistics",
    GP: "posterior of Gaussian processes, 95 % of its draws, made wider: by a factor where heights "
    "are read, by a step of the grid where places are",
    f"{GP} share": "posterior of Gaussian processes, 95 % of its draws and at both ends what the "
    "processes leave unexplained",
    f"{GP} rank": "places that the intervals of the shares allow",
    FOREST: "the paper's: forest, 1.96 standard deviations over its trees",
    f"{FOREST} rank": "the paper's: order of the forest's mean shares",
}

DIFFERENCE = "difference from V"
LUCK, LUCK_SHARE = "change of test with new seeds", "share of the lead lost with new seeds"
MEDIAN_LUCK = "median change of test with new seeds"
VALIDATION_LUCK = "change of validation with new seeds"
MARGIN = "margin of no difference"
BEST = "best test result"
INTERACTIONS = "share of higher order"
BASIN_LOW, BASIN_HIGH = "lowest rate of the basin", "highest rate of the basin"
BASIN_WIDTH = "width of the basin"
BEST_RATE = "best learning rate"
BELOW_END = "decades from the best learning rate to the highest searched"
LOWEST = "lowest prediction along the learning rate"
RETURNS = "returns of hidden size"
DIP = "change of test with some input noise"
BEST_NOISE, NOISE_GAIN = "best input noise", "gain of the best input noise"


def share_of(term: str) -> str:
    """Name the share of a term in the variance of the test result.

    Parameters
    ----------
    term : str
        A hyperparameter, or two joined by `` × ``.

    Returns
    -------
    str
    """
    return f"share of {term}"


def rank_of(parameter: str) -> str:
    """Name the rank of a main effect.

    Parameters
    ----------
    parameter : str

    Returns
    -------
    str
    """
    return f"rank of {parameter}"


def change_of(response: str, parameter: str) -> str:
    """Name what a response changes from the first tenth of a range to the last.

    Parameters
    ----------
    response, parameter : str

    Returns
    -------
    str
    """
    return f"change of {response} with {parameter}"


def ratio_of(response: str, parameter: str) -> str:
    """Name how many times a response in the last tenth of a range is that in the first.

    Parameters
    ----------
    response, parameter : str

    Returns
    -------
    str
    """
    return f"ratio of {response} with {parameter}"


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
    bad = curves > least + TENTH * np.ptp(curves, axis=1, keepdims=True)
    before = bad & (points < best[:, None])
    after = bad & (points > best[:, None])
    first = np.where(before.any(axis=1), len(points) - before[:, ::-1].argmax(axis=1), 0)
    last = np.where(after.any(axis=1), after.argmax(axis=1) - 1, len(points) - 1)
    return best, first, last


def ends(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average curves over the first tenth of their points, and over the last.

    Parameters
    ----------
    curves : numpy.ndarray of float, shape (draws, points)

    Returns
    -------
    first, last : numpy.ndarray of float, shape (draws,)
    """
    tenth = max(1, round(TENTH * curves.shape[1]))
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
    return np.divide(late, early, out=np.full(len(curves), np.inf), where=early > 0)


# What is read off where curves are, and not how high.
PLACES = (BASIN_LOW, BASIN_HIGH, BASIN_WIDTH, BEST_RATE, BELOW_END, BEST_NOISE)


def off_the_grid(effect: str, low: float, high: float, values: np.ndarray) -> tuple[float, float]:
    """Widen an interval of a place by a step of the grid that it is read off, at both ends.

    Draws that agree on a point of the grid say nothing of what lies beside it. Without that step
    the interval of the best learning rate covers functions that are known in 82 % of the cases
    where it is least (benchmarks/importance_bias.py).

    Parameters
    ----------
    effect : str
        Of `PLACES`.
    low, high : float
    values : numpy.ndarray of float, shape (points,)
        Of the hyperparameter, at least two, where the curves are.

    Returns
    -------
    low, high : float
        Within the grid.
    """
    # A hair more, as what lies a step away does so but for rounding.
    hair = 1 + 1e-9
    if effect == BEST_NOISE:
        step = hair * (values[1] - values[0])
        return max(low - step, values[0]), min(high + step, values[-1])
    ratio = (values[1] / values[0]) ** hair
    if effect in (BASIN_LOW, BASIN_HIGH, BEST_RATE):
        return max(low / ratio, values[0]), min(high * ratio, values[-1])
    step, most = math.log10(ratio), math.log10(values[-1] / values[0])
    if effect == BASIN_WIDTH:
        return max(low - step, step), min(high + step, most + step)
    return max(low - step, 0.0), min(high + step, most)


Reading = dict[str, Callable[[np.ndarray], np.ndarray]]
"""From an effect to what takes curves (draws, points) to its values (draws,)."""


def readings(axis: Coordinate, values: np.ndarray, response: str) -> Reading:
    """List what is read off the curves along an axis.

    Parameters
    ----------
    axis : Coordinate
    values : numpy.ndarray of float, shape (points,)
        Of the hyperparameter, where the curves are.
    response : str
        ``test`` or ``train_seconds``.

    Returns
    -------
    dict of str to callable
    """
    if BY_NAME[axis.name].span:
        found: Reading = {
            change_of(response, axis.name): lambda c: np.subtract(*reversed(ends(c))),
            ratio_of(response, axis.name): lambda c: np.divide(*reversed(ends(c))),
        }
    else:
        found = {}
    if response != "test":
        return found
    if axis.name == "learning_rate":
        rate = np.log10(values)
        step = rate[1] - rate[0]
        found |= {
            BASIN_WIDTH: lambda c: rate[basin(c)[2]] - rate[basin(c)[1]] + step,
            BASIN_LOW: lambda c: values[basin(c)[1]],
            BASIN_HIGH: lambda c: values[basin(c)[2]],
            BEST_RATE: lambda c: values[basin(c)[0]],
            BELOW_END: lambda c: rate[-1] - rate[basin(c)[0]],
            LOWEST: lambda c: c.min(axis=1),
        }
    if axis.name == "hidden_size":
        found[RETURNS] = lambda c: returns(c, values)
    if axis.name == "input_noise":
        some, none = ((values >= low) & (values <= high) for low, high in (SOME_NOISE, NO_NOISE))
        found[BEST_NOISE] = lambda c: values[c.argmin(axis=1)]
        found[NOISE_GAIN] = lambda c: ends(c)[0] - c.min(axis=1)
        if some.any() and none.any():
            found[DIP] = lambda c: c[:, some].mean(axis=1) - c[:, none].mean(axis=1)
    return found


def _interval(kind: str, estimate: float, draws: np.ndarray) -> tuple[float, float]:
    """Return where an effect may lie, given its draws."""
    if not np.isfinite(draws).all():
        # An infinite ratio is as large as any, and has no deviation.
        draws = np.where(np.isfinite(draws), draws, np.finfo(float).max)
        low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
        return float(low), float(high) if high < np.finfo(float).max else math.inf
    if kind == FOREST:
        half = NORMAL * draws.std()
        return estimate - half, estimate + half
    low, high = np.quantile(draws, [0.025, 0.975])
    return min(float(low), estimate), max(float(high), estimate)


def share(surrogate: Surrogate, draws: np.ndarray) -> tuple[float, float, float]:
    """Estimate a share of the variance.

    What a process leaves unexplained may be noise, or what some coordinates do on a scale too fine
    for the trials: it can belong to any term, and so widens the interval at both ends.

    Parameters
    ----------
    surrogate : Surrogate
    draws : numpy.ndarray of float, shape (draws,)
        Of the share.

    Returns
    -------
    estimate, low, high : float
        In [0, 1].
    """
    estimate = float(draws.mean() if surrogate.kind == FOREST else np.median(draws))
    low, high = _interval(surrogate.kind, estimate, draws)
    return (
        estimate,
        max(0.0, low - surrogate.unexplained),
        min(1.0, high + surrogate.unexplained),
    )


def shares(surrogate: Surrogate) -> dict[str, tuple[float, float, float]]:
    """Estimate the shares of main effects, of pairs and of all interactions together.

    Parameters
    ----------
    surrogate : Surrogate

    Returns
    -------
    dict of str to tuple of float
        From effects to estimate and interval.
    """
    names = [axis.name for axis in surrogate.axes]
    found = {
        share_of(" × ".join(names[j] for j in term)): share(surrogate, draws)
        for term, draws in surrogate.shares.items()
    }
    together = surrogate.rest + sum(d for term, d in surrogate.shares.items() if len(term) == 2)
    return found | {INTERACTIONS: share(surrogate, np.broadcast_to(together, len(surrogate.rest)))}


def ranks(main: dict[str, tuple[float, float, float]]) -> dict[str, tuple[int, int, int]]:
    """Say which place each main effect has, and which ones the intervals allow.

    Parameters
    ----------
    main : dict of str to tuple of float
        From hyperparameters to share and interval.

    Returns
    -------
    dict of str to tuple of int
        Rank, from 1 for the largest, and its least and greatest possible value.
    """
    found = {}
    for name, (value, low, high) in main.items():
        others = [triple for other, triple in main.items() if other != name]
        found[name] = (
            1 + sum(other > value for other, _, _ in others),
            1 + sum(other > high for _, other, _ in others),
            1 + sum(other >= low for _, _, other in others),
        )
    return found


def of_surrogate(surrogate: Surrogate, response: str, n: int) -> list[dict]:
    """Read all effects off what is known of a response of a cell.

    Parameters
    ----------
    surrogate : Surrogate
    response : str
        ``test`` or ``train_seconds``; shares and ranks are of the test result.
    n : int
        Trials.

    Returns
    -------
    list of dict
        `COLUMNS` without the cell's. For forests intervals are the paper's spread over trees.
    """
    kind, rows = surrogate.kind, []

    def add(effect: str, found: tuple[float, float, float], method: str) -> None:
        estimate, low, high = found
        rows.append(
            {"effect": effect, "by": kind, "estimate": estimate, "low": low, "high": high}
            | {"family_low": low, "family_high": high, "method": METHODS[method], "note": ""}
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
    for axis, curves in zip(surrogate.axes, surrogate.curves, strict=True):
        values = axis.values(axis.grid(curves.shape[1]))
        for effect, read in readings(axis, values, response).items():
            estimate = float(read(curves.mean(axis=0)[None])[0])
            low, high = _interval(kind, estimate, read(curves))
            if kind == GP and effect in PLACES:
                low, high = off_the_grid(effect, low, high, values)
            elif kind == GP and math.isfinite(estimate):
                low, high = (estimate + WIDENED * (end - estimate) for end in (low, high))
            add(effect, (estimate, low, high), kind)
    return rows


def of_comparisons(welch: pd.DataFrame) -> list[dict]:
    """List the differences from vanilla, by permutation and by the paper's test.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.

    Returns
    -------
    list of dict
    """
    rows = []
    for row in welch[welch["variant"] != REFERENCE].to_dict("records"):
        for by, prefix, interval in ((PERMUTATION, "", "ci"), (WELCH, "paper_", "paper")):
            rows.append(
                {
                    "task": row["task"],
                    "variant": row["variant"],
                    "effect": DIFFERENCE,
                    "by": by,
                    "estimate": row["difference"],
                    "low": row[f"{interval}_low"],
                    "high": row[f"{interval}_high"],
                    "family_low": row[f"{prefix}family_low"],
                    "family_high": row[f"{prefix}family_high"],
                    "n": min(row["n"], row["n_vanilla"]),
                    "method": METHODS[by],
                    "note": row["note"],
                }
            )
    return rows


def of_reseeded(reseeded: pd.DataFrame) -> list[dict]:
    """List what the selected trials lose with new seeds, and how far they are from vanilla then.

    Parameters
    ----------
    reseeded : pandas.DataFrame
        As `reseeding.compare` returns it.

    Returns
    -------
    list of dict
    """
    rows = []
    for row in reseeded.to_dict("records"):
        luck = [row[name] for name in ("luck", "luck_low", "luck_high")]
        on_validation = [row[f"validation_{end}"] for end in ("luck", "low", "high")]
        found = {
            LUCK: luck,
            MEDIAN_LUCK: [row[name] for name in ("luck_median", "median_low", "median_high")],
            LUCK_SHARE: [number / row["lead"] for number in luck],
            VALIDATION_LUCK: on_validation,
        }
        if row["variant"] != REFERENCE:
            found[DIFFERENCE] = [row[name] for name in ("difference", "ci_low", "ci_high")]
        for effect, (estimate, low, high) in found.items():
            of_one = effect != DIFFERENCE
            method = {DIFFERENCE: RESEEDED, MEDIAN_LUCK: f"{RESEEDED} median"}
            rows.append(
                {
                    "task": row["task"],
                    "variant": row["variant"],
                    "effect": effect,
                    "by": RESEEDED,
                    "estimate": estimate,
                    "low": low,
                    "high": high,
                    "family_low": low if of_one else row["family_low"],
                    "family_high": high if of_one else row["family_high"],
                    "n": row["trials"],
                    "method": METHODS[method.get(effect, f"{RESEEDED} luck")],
                    "note": row["note"],
                }
            )
    return rows


def of_distributions(
    distributions: pd.DataFrame, margins: Mapping[str, float | None] | None = None
) -> list[dict]:
    """List the best result of each cell, and the difference that counts as none.

    Parameters
    ----------
    distributions : pandas.DataFrame
        As `selection.distributions` returns it.
    margins : mapping of str to float, optional
        From tasks to the user's, in the task's measure; by default a tenth of the way from
        vanilla's median trial to its best selected one, which is what all of the search gains.

    Returns
    -------
    list of dict
    """
    rows = []
    for row in distributions.to_dict("records"):
        cell = {"task": row["task"], "variant": row["variant"], "by": TRIALS, "note": ""}
        if row["trials"] == "selected":
            value = {"effect": BEST, "estimate": row["minimum"], "n": row["n"]}
            rows.append(cell | value | {"method": METHODS[f"{TRIALS} best"]})
        elif row["variant"] == REFERENCE:
            best = distributions[
                (distributions["task"] == row["task"])
                & (distributions["variant"] == REFERENCE)
                & (distributions["trials"] == "selected")
            ]["minimum"]
            spread = TENTH * (row["median"] - best.iloc[0])
            value = {"effect": MARGIN, "estimate": spread, "n": row["n"]}
            method = "a tenth of the spread between V's median trial and its best selected one"
            given = (margins or {}).get(row["task"])
            if given is not None:
                value["estimate"], method = given, "the user's"
            rows.append(cell | value | {"method": method})
    return rows


def margins(found: pd.DataFrame) -> dict[str, float]:
    """Pick the differences that count as none.

    Parameters
    ----------
    found : pandas.DataFrame
        As `table` returns it.

    Returns
    -------
    dict of str to float
        From tasks to the margin, in the task's measure.
    """
    rows = found[found["effect"] == MARGIN]
    return dict(zip(rows["task"], rows["estimate"], strict=True))


def table(rows: list[dict]) -> pd.DataFrame:
    """Lay effects out as a table.

    Parameters
    ----------
    rows : list of dict

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`.
    """
    frame = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    frame[["method", "note"]] = frame[["method", "note"]].astype("str").fillna("")
    return frame.astype(COLUMNS)
