"""Do the comparisons hang on choices? What they would be, had those been others.

How many trials are called the best, how many were drawn, by what their results are summed up, and
whether large variants may use their size: each is changed in turn, all else being as in the study.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy

from odyssey.analysis import permutation, welch
from odyssey.analysis.files import Row
from odyssey.analysis.selection import number_selected, select
from odyssey.analysis.verdicts import standing
from odyssey.seeds import analysis_generator

# Shuffles and resamples, of which there are many sets here.
DRAWS = 2000
FRACTIONS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
QUARTERS = (0.25, 0.5, 0.75, 1.0)
FRACTION, TRIALS, MEASURE, EQUAL = "best fraction", "trials", "measure", "equal parameters"
IMPROVEMENT = "probability of improvement"
# Of selected trials (sets, trials) in the order of validation, so that the first is the best by it.
MEASURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda values: np.nanmean(values, axis=1),
    "median": lambda values: np.nanmedian(values, axis=1),
    "best": lambda values: values[:, 0],
    "IQM": lambda values: scipy.stats.trim_mean(values, 0.25, axis=1),
}
COLUMNS = {
    "task": "str",
    "variant": "str",
    "aspect": "str",
    "setting": "str",
    "estimate": "float64",
    "low": "float64",
    "high": "float64",
    "p_adjusted": "float64",
    "significant": "boolean",
    "verdict": "str",
    "n": "int64",
}


def _compared(
    marked: pd.DataFrame, aspect: str, setting: str, rule: dict[str, Any]
) -> pd.DataFrame:
    table = welch.compare(marked, **rule)
    table = table[table["p"].notna()]
    names = {"difference": "estimate", "ci_low": "low", "ci_high": "high"}
    return table.rename(columns=names).assign(aspect=aspect, setting=setting)


def at_equal_parameters(trials: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Keep those trials of a variant and of vanilla, on one task, whose sizes both searches have.

    Their numbers of parameters lie in the range that both searches have.
    """
    pair = trials[trials["variant"].isin([variant, welch.REFERENCE])]
    ranges = pair.groupby("variant")["parameters"].agg(["min", "max"])
    return pair[pair["parameters"].between(ranges["min"].max(), ranges["max"].min())]


def _equal_parameters(trials: pd.DataFrame, fraction: float, rule: dict[str, Any]) -> pd.DataFrame:
    """Compare each variant with vanilla at equal parameters; p counts all comparisons."""
    parts = []
    for _, of_task in trials.groupby("task", sort=False):
        others = [name for name in of_task["variant"].unique() if name != welch.REFERENCE]
        for variant in others:
            pair = at_equal_parameters(of_task, variant)
            if pair["variant"].nunique() < 2:
                continue
            one = _compared(select(pair, fraction), EQUAL, "", rule)
            one["p_adjusted"] = np.minimum(1.0, one["p"] * len(others))
            one["significant"] = (one["p_adjusted"] < rule["alpha"]).astype("boolean")
            parts.append(one)
    return pd.concat(parts) if parts else pd.DataFrame()


def _ordered(of_task: pd.DataFrame, fraction: float) -> dict[str, permutation.Ordered]:
    return {
        variant: permutation.ordered(
            own["validation"],
            own["test"],
            min(number_selected(len(own), fraction), int(own["validation"].notna().sum())),
        )
        for variant, own in of_task.groupby("variant", sort=False)
    }


def by_measure(
    group: permutation.Ordered,
    reference: permutation.Ordered,
    shuffles: permutation.Shuffles,
    measure: str,
    alpha: float,
) -> tuple[float, float, float, float]:
    """Compare two searches by any of `MEASURES` of their selected trials.

    Returns
    -------
    difference, low, high, p : float
        The difference is not studentised, and the interval's width is that of shuffles of the
        searches moved upon each other.
    """
    of = MEASURES[measure]
    first, second = (of(one.test[None, : one.selected])[0] for one in (group, reference))
    difference = float(first - second)

    def null(moved: permutation.Ordered) -> np.ndarray:
        validation = np.concatenate([moved.validation, reference.validation])
        order = np.argsort(validation, kind="stable")
        test = np.concatenate([moved.test, reference.test])[order]
        a, b = (of(test[places[:, :-1]]) for places in (shuffles.first, shuffles.second))
        differences = np.abs(a - b)
        return np.sort(differences[np.isfinite(differences)])

    p = permutation.p_value(difference, null(group))
    half = permutation.critical(null(permutation.shifted(group, -difference)), alpha)
    return difference, difference - half, difference + half, p


def improvement(
    group: permutation.Ordered,
    reference: permutation.Ordered,
    alpha: float,
    generator: np.random.Generator,
) -> tuple[float, float, float]:
    """Estimate how probably a selected trial of one search is better than one of the other.

    Returns
    -------
    probability, low, high : float
        The interval is of percentiles over searches drawn again, with replacement, and selected
        anew.

    References
    ----------
    Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS
    2021.
    """

    def chance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a, b = a[:, :, None], b[:, None, :]
        shares: np.ndarray = ((a < b) + 0.5 * (a == b)).mean(axis=(1, 2))
        return shares

    samples = []
    for one in (group, reference):
        # Trials stand in the order of validation: of those drawn, the first are the best.
        drawn = np.sort(generator.integers(len(one.test), size=(DRAWS, len(one.test))), axis=1)
        samples.append(one.test[drawn[:, : one.selected]])
    measured = chance(*(one.test[None, : one.selected] for one in (group, reference)))
    low, high = np.quantile(chance(*samples), [alpha / 2, 1 - alpha / 2])
    return float(measured[0]), float(low), float(high)


def _by_measures(trials: pd.DataFrame, fraction: float, alpha: float, seed: int) -> list[Row]:
    rows = []
    for task, of_task in trials.groupby("task", sort=False):
        searches = _ordered(of_task, fraction)
        vanilla = searches.pop(welch.REFERENCE, None)
        if vanilla is None or vanilla.selected < 2:
            continue
        for variant, one in searches.items():
            if one.selected < 2:
                continue
            generator = analysis_generator(seed, str(task), variant)
            shuffles = permutation.shuffle(
                (len(one.test), len(vanilla.test)),
                (one.selected, vanilla.selected),
                DRAWS,
                generator,
            )
            key = {"task": task, "variant": variant, "n": one.selected}
            for measure in MEASURES:
                found = by_measure(one, vanilla, shuffles, measure, alpha)
                named = dict(zip(("estimate", "low", "high"), found, strict=False))
                p = min(1.0, found[3] * len(searches))
                result = {"p_adjusted": p, "significant": p < alpha}
                rows.append(key | {"aspect": MEASURE, "setting": measure} | named | result)
            chance = improvement(one, vanilla, alpha, generator)
            named = dict(zip(("estimate", "low", "high"), chance, strict=True))
            rows.append(key | {"aspect": IMPROVEMENT, "setting": ""} | named)
    return rows


def analyse(
    trials: pd.DataFrame,
    fraction: float = 0.1,
    alpha: float = 0.05,
    correction: str = "bonferroni",
    seed: int = 0,
    margins: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Compare each variant with vanilla under each choice.

    Parameters
    ----------
    trials : pandas.DataFrame
        All of the study, one row a trial.
    fraction : float
        Share of a search's trials selected, where that is not what is changed.
    alpha, correction, seed
        As of `welch.compare`.
    margins : mapping of str to float, optional
        From tasks to the difference that counts as none, the same under each choice; without one
        nothing is "no different".

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`. `estimate` is the difference from vanilla in the task's measure, with its
        interval, or the probability of improvement (a selected trial of the variant is better than
        one of vanilla), which has no p. `verdict` is how the variant would stand to vanilla
        (`verdicts.standing`).
    """
    rule = {"alpha": alpha, "correction": correction, "draws": DRAWS, "seed": seed}
    parts = [_compared(select(trials, each), FRACTION, f"{each:.0%}", rule) for each in FRACTIONS]
    largest = trials.groupby(["task", "variant"])["trial"].size().max()
    for number in dict.fromkeys(round(part * largest) for part in QUARTERS):
        fewer = select(trials[trials["trial"] < number], fraction)
        parts.append(_compared(fewer, TRIALS, str(number), rule))
    parts.append(_equal_parameters(trials, fraction, rule))
    parts.append(pd.DataFrame(_by_measures(trials, fraction, alpha, seed)))
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()], ignore_index=True)
    table = table.reindex(columns=list(COLUMNS)).astype(COLUMNS | {"verdict": "object"})
    names = {"estimate": "difference", "low": "ci_low", "high": "ci_high"}
    table["verdict"] = [
        "" if row["aspect"] == IMPROVEMENT else standing(row, (margins or {}).get(row["task"], 0.0))
        for row in table.rename(columns=names).to_dict("records")
    ]
    return table.astype(COLUMNS)
