"""What results cost: the best to expect of k trials, and of so many parameters or seconds."""

import numpy as np
import pandas as pd
import scipy

from odyssey.analysis.files import typed
from odyssey.seeds import analysis_generator

COLUMNS = {
    "task": "str",
    "variant": "str",
    "k": "int64",
    "expected": "float64",
    "low": "float64",
    "high": "float64",
    "without_result": "float64",
}
FRONT_COLUMNS = {
    "task": "str",
    "cost": "str",
    "variant": "str",
    "trial": "int64",
    "value": "float64",
    "test": "float64",
}


def winning_chances(n: int) -> np.ndarray:
    """Say how likely each of n ranked trials is the best of k drawn without replacement.

    Returns
    -------
    numpy.ndarray of float, shape (n, n)
        Row k - 1, column r - 1: C(n - r, k - 1) / C(n, k), the chance that rank r wins.
    """
    k = np.arange(1, n + 1)[:, None]
    r = np.arange(1, n + 1)[None, :]
    possible = k - 1 <= n - r

    def log_choose(a: np.ndarray | int, b: np.ndarray) -> np.ndarray:
        log_gamma = scipy.special.gammaln
        log: np.ndarray = log_gamma(a + 1) - log_gamma(b + 1) - log_gamma(a - b + 1)
        return log

    log = log_choose(n - r, np.where(possible, k - 1, 0)) - log_choose(n, k)
    return np.where(possible, np.exp(log), 0.0)


def _expected(chances: np.ndarray, validation: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Average the winners' test results; rows of `validation` are samples, missing ones are inf."""
    order = np.argsort(validation, axis=1, kind="stable")
    ranked = np.take_along_axis(test, order, axis=1)
    known = np.isfinite(ranked)
    weight = known.astype(float) @ chances.T
    with np.errstate(invalid="ignore"):
        total: np.ndarray = np.where(known, ranked, 0.0) @ chances.T
        mean: np.ndarray = total / np.where(weight > 0, weight, np.nan)
        return mean


def expected_best(
    trials: pd.DataFrame, seed: int, alpha: float = 0.05, resamples: int = 1000
) -> pd.DataFrame:
    """Compute, for each search and each k, the expected test result of the best of k trials.

    The best is the one of best validation. The expectation is over which k of the search's trials
    are drawn, without replacement, and exact. Bands are percentiles over searches resampled with
    replacement; near k = n they are too narrow, as all of the trials' luck is then shared.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial; read are `task`, `variant`, `validation` and `test` (lower is better).
    seed : int
        The study's; the bands follow from it.
    alpha : float
        One minus the coverage of the band, pointwise.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`. `without_result` is the chance that none of the k trials has a result, given
        which there is nothing to average.

    References
    ----------
    Dodge et al., "Show your work: improved reporting of experimental results", EMNLP 2019, whose
    estimator draws with replacement.
    """
    parts = []
    for (task, variant), own in trials.groupby(["task", "variant"], sort=False):
        generator = analysis_generator(seed, task, variant)
        test = own["test"].to_numpy(dtype=float)
        validation = own["validation"].to_numpy(dtype=float)
        validation = np.where(np.isnan(test) | np.isnan(validation), np.inf, validation)
        test = np.where(np.isinf(validation), np.nan, test)
        n = len(test)
        chances = winning_chances(n)
        drawn = generator.integers(n, size=(resamples, n))
        curves = _expected(chances, validation[drawn], test[drawn])
        # A resample may have no finite result at all; quantiles leave it out.
        bands = np.full((2, n), np.nan)
        if np.isfinite(test).any():
            bands = np.nanquantile(curves, [alpha / 2, 1 - alpha / 2], axis=0)
        known = int(np.isfinite(test).sum())
        parts.append(
            pd.DataFrame(
                {
                    "task": task,
                    "variant": variant,
                    "k": np.arange(1, n + 1),
                    "expected": _expected(chances, validation[None], test[None])[0],
                    "low": bands[0],
                    "high": bands[1],
                    "without_result": chances[:, known:].sum(axis=1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).astype(COLUMNS)


def fronts(trials: pd.DataFrame) -> pd.DataFrame:
    """Find, in each task, the trials that no other trial beats in result and in cost.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial; read are `task`, `variant`, `trial`, `engine`, `test`, `parameters` and
        `train_seconds`; lower is better in the last three.

    Returns
    -------
    pandas.DataFrame
        `FRONT_COLUMNS`, a row for each trial of a front, by rising cost `value`. Seconds of
        different engines do not compare: in them each engine has a front of its own, one after the
        other.
    """
    parts = []
    for task, of_task in trials[trials["test"].notna()].groupby("task", sort=False):
        of_engines = [of_task[of_task["engine"] == engine] for engine in of_task["engine"].unique()]
        compared = [("parameters", of_task), *(("train_seconds", part) for part in of_engines)]
        for cost, part in compared:
            ordered = part[part[cost].notna()].sort_values([cost, "test"])
            best_before = ordered["test"].cummin().shift(fill_value=np.inf)
            front = ordered[ordered["test"] < best_before]
            parts.append(
                front[["variant", "trial", "test"]].assign(
                    task=task, cost=cost, value=front[cost].astype(float)
                )
            )
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return typed(frame, FRONT_COLUMNS)
