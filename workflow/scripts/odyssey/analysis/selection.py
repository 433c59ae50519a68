"""Which trials of a search are its best, by validation, and how their results are spread."""

import math
import os

import pandas as pd

from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv

SEARCH = ["task", "variant"]  # what names one
MARK_COLUMNS = {
    "task": "str",
    "variant": "str",
    "trial": "int64",
    "rank": "Int64",
    "selected": "bool",
}
DISTRIBUTION_COLUMNS = {
    "task": "str",
    "variant": "str",
    "trials": "str",
    "n": "int64",
    "without_result": "int64",
    "diverged": "int64",
    "failed": "int64",
    "mean": "float64",
    "minimum": "float64",
    "q25": "float64",
    "median": "float64",
    "q75": "float64",
    "maximum": "float64",
    "parameters": "float64",
    "source": "str",
    "synthetic": "bool",
}


def number_selected(trials: int, fraction: float) -> int:
    """Say how many trials are the best `fraction` of a search, those without a result included.

    Rounded to the nearest, halves up, and at least 1.

    Raises
    ------
    ValueError
        If `fraction` is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"the selected fraction must be in (0, 1], not {fraction}")
    # The small summand keeps 0.7 · 5 = 3.4999... a half.
    return max(1, math.floor(fraction * trials + 0.5 + 1e-9))


def select(trials: pd.DataFrame, fraction: float = 0.1) -> pd.DataFrame:
    """Mark the best trials of each search by their validation result.

    A trial without a validation result (diverged in its first epoch, or failed) ranks behind all
    others and is never selected, but counts among the trials of which the fraction is taken.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial; read are `task`, `variant`, `trial` and `validation` (lower is better).
    fraction : float
        In (0, 1].

    Returns
    -------
    pandas.DataFrame
        `trials` with two more columns: `rank`, from 1 within the search, equal results in the order
        of their trial numbers, missing without a result; and `selected`, bool.

    References
    ----------
    Greff et al. (2017), "Comparison of the variants".
    """
    marked = trials.reset_index(drop=True)
    ordered = marked[marked["validation"].notna()].sort_values(["validation", "trial"])
    rank = ordered.groupby(SEARCH, sort=False).cumcount() + 1
    marked["rank"] = rank.reindex(marked.index).astype("Int64")
    count = marked.groupby(SEARCH, sort=False)["trial"].transform("size")
    allowed = count.map(lambda trials: number_selected(trials, fraction))
    marked["selected"] = (marked["rank"] <= allowed).fillna(value=False).astype(bool)
    return marked


def read_marked(trials: str | os.PathLike[str], marks: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what `select` made, of which the trials and `MARK_COLUMNS` lie in a file each.

    Raises
    ------
    ValueError
        If a file is no such table, or if they are not of the same trials.
    """
    of_trials, of_marks = read_trials(trials), read_csv(marks, MARK_COLUMNS)
    keys = [*SEARCH, "trial"]
    if not of_trials[keys].equals(of_marks[keys]):
        raise ValueError(f"{marks} does not mark the trials of {trials}")
    return of_trials.join(of_marks.drop(columns=keys))


def engines(trials: pd.DataFrame) -> dict[str, str]:
    """Say what trained each variant, where it was not the same engine for all.

    Seconds of different engines do not compare. A variant that several have trained has both names.
    """
    if trials["engine"].nunique() < 2:
        return {}
    of_variants = trials.groupby("variant", sort=False)["engine"]
    names: dict[str, str] = of_variants.agg(lambda each: " and ".join(each.unique())).to_dict()
    return names


def distributions(marked: pd.DataFrame) -> pd.DataFrame:
    """Summarise the test results of every search: of all its trials, and of the selected ones.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `select` returns it.

    Returns
    -------
    pandas.DataFrame
        Two rows a search, `trials` being ``all`` or ``selected``. `n` counts the trials with a test
        result, `without_result` those that have none, `diverged` and `failed` those of that
        status; `mean`, `minimum`, `q25`, `median`, `q75` and `maximum` are of the test result;
        `parameters` is the mean number of parameters. `source` and `synthetic` are the corpus's.
    """
    rows = []
    for (task, variant), own in marked.groupby(SEARCH, sort=False):
        for trials, group in (("all", own), ("selected", own[own["selected"]])):
            test = group["test"].dropna()
            quantiles = test.quantile([0, 0.25, 0.5, 0.75, 1]).to_list()
            rows.append(
                {
                    "task": task,
                    "variant": variant,
                    "trials": trials,
                    "n": len(test),
                    "without_result": len(group) - len(test),
                    "diverged": int((group["status"] == "diverged").sum()),
                    "failed": int((group["status"] == "failed").sum()),
                    "mean": test.mean(),
                    **dict(
                        zip(("minimum", "q25", "median", "q75", "maximum"), quantiles, strict=True)
                    ),
                    "parameters": group["parameters"].mean(),
                    "source": own["source"].iloc[0],
                    "synthetic": bool(own["synthetic"].any()),
                }
            )
    return pd.DataFrame(rows).astype(DISTRIBUTION_COLUMNS)
