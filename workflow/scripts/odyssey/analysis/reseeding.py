"""Seeds against hyperparameters: what is left of the best trials once their seeds are others.

The best of a search are best by their hyperparameters and by the luck of their seeds, on which they
were selected too. Trained again with new seeds, nothing was selected by those: their results are
what the hyperparameters give, and what is missing from the first results was luck. The runs of a
trial share its hyperparameters and are no draws of their own: each trial counts once, by the mean
over its new seeds.
"""

import math

import numpy as np
import pandas as pd
import scipy

from odyssey import seeds
from odyssey.analysis.collect import COLUMNS as TRIAL_COLUMNS
from odyssey.analysis.files import Row, typed
from odyssey.analysis.selection import SEARCH
from odyssey.analysis.welch import REFERENCE, selection_variance
from odyssey.trials import Trial

RESEEDED_COLUMNS = TRIAL_COLUMNS | {"repeat": "int64"}
COLUMNS = {
    "task": "str",
    "variant": "str",
    "trials": "int64",
    "repeats": "int64",
    "without_result": "int64",
    "selected": "float64",
    "again": "float64",
    "luck": "float64",
    "luck_low": "float64",
    "luck_high": "float64",
    "luck_median": "float64",
    "median_low": "float64",
    "median_high": "float64",
    "worst": "float64",
    "lead": "float64",
    "validation_luck": "float64",
    "validation_low": "float64",
    "validation_high": "float64",
    "sd_seeds": "float64",
    "sd_trials": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "family_low": "float64",
    "family_high": "float64",
    "first_difference": "float64",
    "note": "str",
}


def with_new_seed(trials: list[Trial], selected: set[int], repeat: int) -> list[Trial]:
    """Give the selected trials of a search, by their numbers, the seed of a repeat, from 1."""
    return [
        trial | {"seed": seeds.repeated_seed(trial["seed"], repeat)}
        for trial in trials
        if trial["trial"] in selected
    ]


def check(marked: pd.DataFrame, reseeded: pd.DataFrame) -> None:
    """Refuse new seeds of other trials than those that are selected.

    Raises
    ------
    ValueError
        If a search's new seeds are not of each of its selected trials, once a repeat.
    """
    wanted = marked[marked["selected"]].groupby(SEARCH, sort=False)["trial"].agg(set)
    for (task, variant, repeat), rows in reseeded.groupby([*SEARCH, "repeat"], sort=False):
        trials = wanted.get((task, variant), set())
        if set(rows["trial"]) != trials or len(rows) != len(trials):
            raise ValueError(
                f"{variant} on {task}, new seed {repeat}: its trials are not the selected ones; "
                "remove the study's folder reseed and run again"
            )


def _interval(gains: np.ndarray, alpha: float) -> tuple[float, float]:
    """Return where the mean of trials' changes lies; NaN with fewer than two that differ."""
    gains = gains[np.isfinite(gains)]
    if len(gains) < 2 or not np.ptp(gains):
        return math.nan, math.nan
    found = scipy.stats.ttest_1samp(gains, 0.0).confidence_interval(1 - alpha)
    return float(found.low), float(found.high)


def _median(gains: np.ndarray, alpha: float) -> tuple[float, float, float]:
    """Return the median of trials' changes and where it lies, whatever their distribution."""
    gains = np.sort(gains[np.isfinite(gains)])
    if not len(gains):
        return math.nan, math.nan, math.nan
    # As many of n draws lie under the median as heads come of n coins.
    reach = int(scipy.stats.binom.ppf(alpha / 2, len(gains), 0.5))
    low, high = (gains[reach - 1], gains[-reach]) if reach else (math.nan, math.nan)
    return float(np.median(gains)), float(low), float(high)


def _summed(own: pd.DataFrame, again: pd.DataFrame, alpha: float) -> tuple[Row, tuple[float, int]]:
    """Sum up a search; also the squared standard error of its mean, and the trials behind it."""
    first = own[own["selected"]].set_index("trial").sort_index()
    by_trial = {name: again.groupby("trial")[name] for name in ("test", "validation")}
    means = {name: group.mean().reindex(first.index) for name, group in by_trial.items()}
    gains = {name: (means[name] - first[name]).to_numpy(dtype=float) for name in means}
    test = means["test"].dropna()
    row = {
        "trials": len(test),
        "repeats": again["repeat"].nunique(),
        "without_result": int(again["test"].isna().sum()),
        "selected": first["test"].mean(),
        "again": test.mean(),
        "luck": np.nanmean(gains["test"]) if len(test) else math.nan,
        "worst": again["test"].max(),
        "lead": own["test"].median() - first["test"].mean(),
        "validation_luck": np.nanmean(gains["validation"]) if len(test) else math.nan,
        "sd_seeds": math.sqrt(by_trial["test"].var(ddof=1).mean()),
        "sd_trials": test.std(ddof=1),
    }
    row |= dict(zip(("luck_low", "luck_high"), _interval(gains["test"], alpha), strict=True))
    middle = _median(gains["test"], alpha)
    row |= dict(zip(("luck_median", "median_low", "median_high"), middle, strict=True))
    ends = _interval(gains["validation"], alpha)
    row |= dict(zip(("validation_low", "validation_high"), ends, strict=True))
    # How good the best of the trials drawn are is luck that new seeds do not take away.
    renewed = own.assign(test=own["trial"].map(test).where(own["selected"], own["test"]))
    error = (test.var(ddof=1) + selection_variance(renewed)) / len(test) if len(test) else math.nan
    return row, (error, len(test))


def _difference(
    row: Row, error: tuple[float, int], vanilla: tuple[float, int], levels: tuple[float, float]
) -> dict[str, float]:
    """Return the intervals of a difference between two searches, of one and of one of a family."""
    (a, n), (b, m) = error, vanilla
    if not (n > 1 and m > 1 and a + b > 0):
        return {}
    share = a / (a + b)
    df = 1 / (share**2 / (n - 1) + (1 - share) ** 2 / (m - 1))
    found: dict[str, float] = {}
    for name, level in zip(("ci", "family"), levels, strict=True):
        half = scipy.stats.t.ppf(1 - level / 2, df) * math.sqrt(a + b)
        middle = row["difference"]
        found |= {f"{name}_low": middle - half, f"{name}_high": middle + half}
    return found


def compare(marked: pd.DataFrame, reseeded: pd.DataFrame, alpha: float = 0.05) -> pd.DataFrame:
    """Say how much of the selected trials' results was the luck of their seeds.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `selection.select` returns it.
    reseeded : pandas.DataFrame
        The selected trials with new seeds, `RESEEDED_COLUMNS`.
    alpha : float
        One minus the coverage of each interval.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a search. `selected` is the mean test result of the selected trials as
        they were selected, `again` with the new seeds, `luck` the mean over trials of the second
        less the first: how far they regress to the mean; `luck_median` is the median over trials,
        which one run that explodes does not move, with an interval of order statistics, and `worst`
        the worst of the new results; `validation_luck` is the mean change of the validation
        results, by which they were selected. `lead` is how far the selected are before the median
        of all the search's trials. `sd_seeds` is the standard deviation over the seeds of a trial,
        `sd_trials` that of the trials' means over their seeds. `without_result` counts runs that
        have none; a trial counts by those that have one. `difference` is variant - vanilla with
        the new seeds alone; its interval counts that the best of other draws would be others
        (`welch.selection_variance`, Welch's degrees of freedom), `family_low` and `family_high`
        for all comparisons of the task together (Bonferroni). `first_difference` is the one of the
        selected trials as they were.

    Raises
    ------
    ValueError
        If the trials with new seeds are not those selected.
    """
    check(marked, reseeded)
    parts = []
    for task, of_task in reseeded.groupby("task", sort=False):
        rows, errors = [], {}
        for variant, again in of_task.groupby("variant", sort=False):
            own = marked[(marked["task"] == task) & (marked["variant"] == variant)]
            row, errors[variant] = _summed(own, again, alpha)
            rows.append({"task": task, "variant": variant, "note": ""} | row)
        vanilla = next((row for row in rows if row["variant"] == REFERENCE), None)
        levels = (alpha, alpha / max(1, len(rows) - 1))
        for row in rows:
            if row is vanilla:
                row["note"] = "reference"
            elif vanilla is None:
                row["note"] = f"no test: the task has no {REFERENCE}"
            else:
                row["difference"] = row["again"] - vanilla["again"]
                row["first_difference"] = row["selected"] - vanilla["selected"]
                row |= _difference(row, errors[row["variant"]], errors[REFERENCE], levels)
        parts += rows
    return typed(pd.DataFrame(parts), COLUMNS)
