"""Seeds against hyperparameters: what is left of the best trials once their seeds are others.

The best of a cell are best by their hyperparameters and by the luck of their seeds, on which they
were selected too. Trained again with new seeds, nothing was selected by those: their results are
what the hyperparameters give, and what is missing from the first results was luck.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from odyssey import seeds
from odyssey.analysis.collect import COLUMNS as TRIAL_COLUMNS
from odyssey.analysis.welch import REFERENCE, t_test

RESEEDED_COLUMNS = TRIAL_COLUMNS | {"repeat": "int64"}
COLUMNS = {
    "task": "str",
    "variant": "str",
    "trials": "int64",
    "repeats": "int64",
    "selected": "float64",
    "again": "float64",
    "luck": "float64",
    "luck_low": "float64",
    "luck_high": "float64",
    "sd_seeds": "float64",
    "sd_trials": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "first_difference": "float64",
    "note": "str",
}


def with_new_seed(trials: list[dict], selected: set[int], repeat: int) -> list[dict]:
    """Give the selected trials of a cell another seed.

    Parameters
    ----------
    trials : list of dict
        All of the cell, as `odyssey.search.draw_cell` returns them.
    selected : set of int
        Their numbers.
    repeat : int
        From 1; which of the new seeds.

    Returns
    -------
    list of dict
        With all else as it was.
    """
    return [
        trial | {"seed": seeds.repeated_seed(trial["seed"], repeat)}
        for trial in trials
        if trial["trial"] in selected
    ]


def _cell(first: pd.DataFrame, again: pd.DataFrame, alpha: float) -> tuple[dict, np.ndarray]:
    """Sum up a cell; also the mean of each trial over its new seeds."""
    results = again.pivot_table(index="trial", columns="repeat", values="test")
    known = first.set_index("trial")["test"].reindex(results.index)
    means = results.mean(axis=1).to_numpy()
    row = {
        "trials": len(results),
        "repeats": results.shape[1],
        "selected": known.mean(),
        "again": means.mean(),
        "luck": (means - known).mean(),
        "sd_seeds": math.sqrt(results.var(axis=1, ddof=1).mean()),
        "sd_trials": means.std(ddof=1) if len(means) > 1 else math.nan,
    }
    gains = (means - known.to_numpy())[np.isfinite(known.to_numpy())]
    if len(gains) > 1 and np.ptp(gains):
        interval = stats.ttest_1samp(gains, 0.0).confidence_interval(1 - alpha)
        row |= {"luck_low": interval.low, "luck_high": interval.high}
    return row, means


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
        `COLUMNS`, one row a cell. `selected` is the mean test result of the selected trials as they
        were selected, `again` with the new seeds, `luck` the second less the first: how far they
        regress to the mean. `sd_seeds` is the standard deviation over the seeds of a trial,
        `sd_trials` that of the trials' means over their seeds. `difference` is variant - vanilla
        with the new seeds alone; its interval takes the selected trials' means as draws (Welch).
        `first_difference` is the one of the selected trials as they were.
    """
    parts = []
    for task, of_task in reseeded.groupby("task", sort=False):
        rows, means = [], {}
        for variant, again in of_task.groupby("variant", sort=False):
            first = marked[(marked["task"] == task) & (marked["variant"] == variant)]
            row, means[variant] = _cell(first[first["selected"]], again, alpha)
            rows.append({"task": task, "variant": variant, "note": ""} | row)
        vanilla = next((row for row in rows if row["variant"] == REFERENCE), None)
        for row in rows:
            if row is vanilla:
                row["note"] = "reference"
            elif vanilla is None:
                row["note"] = f"no test: the task has no {REFERENCE}"
            else:
                row["difference"] = row["again"] - vanilla["again"]
                row["first_difference"] = row["selected"] - vanilla["selected"]
                pair = means[row["variant"]], means[REFERENCE]
                if min(map(len, pair)) > 1 and any(map(np.ptp, pair)):
                    found = t_test(*pair, alpha)
                    row |= {"ci_low": found["low"], "ci_high": found["high"]}
        parts += rows
    return pd.DataFrame(parts).reindex(columns=list(COLUMNS)).astype(COLUMNS)
