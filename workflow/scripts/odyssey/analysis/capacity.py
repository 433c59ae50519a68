"""Bits that a weight holds: runs on random labels, read as what their networks have stored of them.

Of each search the selected trials are trained again with new seeds, by which nothing was selected.
Their hyperparameters are taken as they are, as the best that was found: an interval says what other
first weights and other orders of the items would change, and nothing of what other draws would
have found, which the study's test of the errors counts (`odyssey.analysis.permutation`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from odyssey.analysis import effects
from odyssey.analysis.files import Row
from odyssey.analysis.welch import REFERENCE
from odyssey.features.memory import stored_bits


def bits_a_parameter(runs: pd.DataFrame, labels: int) -> pd.Series:
    """Compute what each run has stored, over its number of weights.

    Parameters
    ----------
    runs : pandas.DataFrame
        Read are `test`, the labels that are wrong in per cent, `status` and `parameters`.
    labels : int
        Of one bit each, nearly balanced.

    Returns
    -------
    pandas.Series
        0 where a run diverged, which has stored nothing; NaN where it failed.
    """
    wrong = runs["test"].where(runs["status"] != "diverged", 100.0) / 100
    return (
        wrong.map(lambda error: stored_bits(labels, error), na_action="ignore") / runs["parameters"]
    )


@dataclass(frozen=True)
class Mean:
    """A mean of trials' means, with what each adds to its squared error, and on what grounds."""

    value: float
    errors: np.ndarray
    freedom: np.ndarray

    @property
    def runs(self) -> int:
        """How many there are behind it."""
        return int((self.freedom + 1).sum())

    def __sub__(self, other: "Mean") -> "Mean":
        """Return the difference of independent means."""
        return Mean(
            self.value - other.value,
            np.concatenate([self.errors, other.errors]),
            np.concatenate([self.freedom, other.freedom]),
        )

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return where it lies, by t with the degrees of freedom of Satterthwaite (1946)."""
        error = self.errors.sum()
        if not error > 0:  # nor is it where a trial was run once
            return math.nan, math.nan
        shares = self.errors / error
        half = scipy.stats.t.ppf(1 - alpha / 2, 1 / (shares**2 / self.freedom).sum())
        half *= math.sqrt(error)
        return self.value - half, self.value + half


def mean_of_trials(bits: pd.Series, trials: pd.Series) -> Mean:
    """Average the bits of runs over the trials that they repeat, each of which counts once."""
    by_trial = bits.dropna().groupby(trials)
    runs = by_trial.size().to_numpy()
    errors = by_trial.var(ddof=1).to_numpy() / runs / len(runs) ** 2
    return Mean(float(by_trial.mean().mean()), errors, runs - 1)


def of_runs(runs: pd.DataFrame, labels: Mapping[str, int], alpha: float = 0.05) -> list[Row]:
    """List the bits a parameter of each search, and their differences from vanilla's.

    Parameters
    ----------
    runs : pandas.DataFrame
        The selected trials with new seeds, `reseeding.RESEEDED_COLUMNS`.
    labels : mapping of str to int
        From tasks to the random labels that they ask for; runs of others are not looked at.
    alpha : float
        One minus the coverage of an interval, or of all differences of a task (Bonferroni); a
        cell's own bits have the one interval twice.

    Returns
    -------
    list of Row
        Effects, as `effects.table` takes them.
    """
    rows = []
    for task, count in labels.items():
        of_task = runs[runs["task"] == task]
        bits = bits_a_parameter(of_task, count)
        means = {
            variant: mean_of_trials(bits[own.index], own["trial"])
            for variant, own in of_task.groupby("variant", sort=False)
        }
        vanilla, others = means.get(REFERENCE), max(1, len(means) - 1)
        for variant, bits_held in means.items():
            search = {"task": task, "variant": variant, "by": effects.RESEEDED, "note": ""}
            search |= {"n": bits_held.runs, "method": effects.METHODS[f"{effects.RESEEDED} bits"]}
            rows.append(search | _row(effects.BITS, bits_held, alpha, alpha))
            if vanilla and variant != REFERENCE:
                more = bits_held - vanilla
                rows.append(search | _row(effects.BITS_MORE, more, alpha, alpha / others))
    return rows


def _row(effect: str, of: Mean, alpha: float, for_all: float) -> Row:
    (low, high), (family_low, family_high) = of.interval(alpha), of.interval(for_all)
    return {
        "effect": effect,
        "estimate": of.value,
        "low": low,
        "high": high,
        "family_low": family_low,
        "family_high": family_high,
    }
