"""Is a variant's best different from vanilla's? Welch's t-test with a correction, and its size.

The trials compared are the best of each cell, and how good the best of n random trials are is
itself a matter of luck. The plain test, which takes them for independent draws, does not know of
that luck and finds differences between equal variants far more often than it says. Its numbers
stand in the table as the paper has them; beside them stands the p value that counts the luck of
selection in, and unless told otherwise a difference is significant only if it passes both.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from odyssey.seeds import analysis_generator

REFERENCE = "V"
# Of fewer values there are too few different resamples.
BOOTSTRAP_MINIMUM = 4
COLUMNS = {
    "task": "str",
    "variant": "str",
    "n": "int64",
    "mean": "float64",
    "sd": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "t": "float64",
    "df": "float64",
    "p": "float64",
    "p_adjusted": "float64",
    "significant": "boolean",
    "direction": "str",
    "hedges_g": "float64",
    "n_vanilla": "int64",
    "p_selection": "float64",
    "p_bootstrap": "float64",
    "bootstrap_low": "float64",
    "bootstrap_high": "float64",
    "note": "str",
}


def t_test(
    group: np.ndarray,
    reference: np.ndarray,
    alpha: float,
    extra: tuple[float, float] = (0.0, 0.0),
) -> dict[str, float]:
    """Compare two means whose variances may differ.

    Parameters
    ----------
    group, reference : numpy.ndarray of float, shapes (n,) and (m,)
        At least two values each, and not both constant.
    alpha : float
        One minus the coverage of the interval.
    extra : tuple of float
        Added to the variances of the two groups (`selection_variance`).

    Returns
    -------
    dict of float
        `t` and `df` (Welch-Satterthwaite), the two-sided `p`, `ci_low` and `ci_high` of the
        difference group - reference.

    References
    ----------
    Welch, "The generalization of 'Student's' problem when several different population variances
    are involved", Biometrika 34 (1947).
    """
    difference = group.mean() - reference.mean()
    a = (group.var(ddof=1) + extra[0]) / len(group)
    b = (reference.var(ddof=1) + extra[1]) / len(reference)
    error = math.sqrt(a + b)
    # In shares of the squared error, so that tiny variances do not underflow when squared.
    share = a / (a + b)
    df = 1 / (share**2 / (len(group) - 1) + (1 - share) ** 2 / (len(reference) - 1))
    t = difference / error
    half = stats.t.ppf(1 - alpha / 2, df) * error
    return {
        "t": t,
        "df": df,
        "p": 2 * stats.t.sf(abs(t), df),
        "ci_low": difference - half,
        "ci_high": difference + half,
    }


def selection_variance(cell: pd.DataFrame) -> float:
    """Compute what selection adds to the variance of the selected trials' test result.

    The mean over the best share p by validation has the influence function of a one-sided trimmed
    mean. Its variance is that of the selected results plus (1 - p) c², where c is how far the
    test result expected at the border of the selection lies from their mean; a straight line
    through the selected trials says where.

    Parameters
    ----------
    cell : pandas.DataFrame
        All trials of the cell; read are `validation`, `test` and `selected`.

    Returns
    -------
    float
        0 if all trials are selected, or if validation does not vary.

    References
    ----------
    Huber, "Robust statistics" (1981), section 3.3; Yuen, "The two-sample trimmed t for unequal
    population variances", Biometrika 61 (1974), for trimming on both sides.
    """
    chosen = cell[cell["selected"] & cell["test"].notna()]
    left_out = cell.loc[~cell["selected"], "validation"].dropna()
    x = chosen["validation"].to_numpy(dtype=float)
    y = chosen["test"].to_numpy(dtype=float)
    if len(chosen) < 2 or not np.ptp(x):
        return 0.0
    border = (x.max() + left_out.min()) / 2 if len(left_out) else x.max()
    deviation = x - x.mean()
    slope = deviation @ y / (deviation @ deviation)
    return float((1 - len(chosen) / len(cell)) * (slope * (border - x.mean())) ** 2)


def resampled_means(
    cell: pd.DataFrame, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw a cell's trials again, with replacement, and select anew, many times.

    Parameters
    ----------
    cell : pandas.DataFrame
        All trials of the cell; read are `validation`, `test` and `selected`.
    resamples : int
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of float, shape (resamples,)
        Mean test result of the selected; NaN where none of them has one.
    """
    validation = cell["validation"].fillna(np.inf).to_numpy(dtype=float)
    drawn = generator.integers(len(cell), size=(resamples, len(cell)))
    best = np.argsort(validation[drawn], axis=1, kind="stable")[:, : cell["selected"].sum()]
    chosen = cell["test"].to_numpy(dtype=float)[np.take_along_axis(drawn, best, axis=1)]
    known = np.isfinite(chosen)
    total = np.where(known, chosen, 0.0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.full(resamples, np.nan), where=known.any(1))


def bootstrap(
    group: np.ndarray, reference: np.ndarray, difference: float, alpha: float
) -> dict[str, float]:
    """Compare two means without a formula for their variance.

    Parameters
    ----------
    group, reference : numpy.ndarray of float, shape (resamples,)
        As `resampled_means` returns them.
    difference : float
        Of the two means as they were measured.
    alpha : float
        One minus the coverage of the interval.

    Returns
    -------
    dict of float
        `p_bootstrap`, the share of resampled differences that lie as far from the measured one as
        that lies from 0; `bootstrap_low` and `bootstrap_high`, their percentiles.

    References
    ----------
    Efron, Tibshirani, "An introduction to the bootstrap" (1993), chapter 13.
    """
    differences = group - reference
    differences = differences[np.isfinite(differences)]
    extreme = np.sum(np.abs(differences - difference) >= abs(difference))
    low, high = np.quantile(differences, [alpha / 2, 1 - alpha / 2])
    return {
        "p_bootstrap": (1 + extreme) / (1 + len(differences)),
        "bootstrap_low": low,
        "bootstrap_high": high,
    }


def hedges_g(group: np.ndarray, reference: np.ndarray) -> float:
    """Measure a difference in pooled standard deviations, without the bias of small samples.

    Parameters
    ----------
    group, reference : numpy.ndarray of float, shapes (n,) and (m,)
        At least two values each, and not both constant.

    Returns
    -------
    float
        Positive where the group's mean is above the reference's.

    References
    ----------
    Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6 (1981).
    """
    df = len(group) + len(reference) - 2
    squares = (len(group) - 1) * group.var(ddof=1) + (len(reference) - 1) * reference.var(ddof=1)
    correction = math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))
    correction /= math.sqrt(df / 2)
    return correction * (group.mean() - reference.mean()) / math.sqrt(squares / df)


def bonferroni(p: np.ndarray, comparisons: int) -> np.ndarray:
    """Adjust p values for the number of comparisons.

    Parameters
    ----------
    p : numpy.ndarray of float, shape (k,)
        k may be smaller than `comparisons`, where some could not be made.
    comparisons : int

    Returns
    -------
    numpy.ndarray of float, shape (k,)
    """
    return np.minimum(1.0, p * comparisons)


def holm(p: np.ndarray, comparisons: int) -> np.ndarray:
    """Adjust p values for the number of comparisons, step by step from the smallest.

    Parameters
    ----------
    p : numpy.ndarray of float, shape (k,)
        k may be smaller than `comparisons`: those that could not be made come last.
    comparisons : int

    Returns
    -------
    numpy.ndarray of float, shape (k,)

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (comparisons - np.arange(len(p))))
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


CORRECTIONS = {"bonferroni": bonferroni, "holm": holm}


def _plural(count: int) -> str:
    return f"{count} selected trial{'' if count == 1 else 's'} with a test result"


def _obstacle(variant: str, group: np.ndarray, reference: np.ndarray | None) -> str:
    """Say why two groups cannot be tested, or nothing."""
    if reference is None:
        return f"no test: the task has no {REFERENCE}"
    for name, values in ((variant, group), (REFERENCE, reference)):
        if len(values) < 2:
            return f"no test: {name} has {_plural(len(values))}, two are needed"
    if not np.ptp(group) and not np.ptp(reference):
        return f"no test: neither {variant} nor {REFERENCE} varies"
    return ""


@dataclass(frozen=True)
class _Cell:
    """The selected test results of a cell, and how much the luck of selection adds."""

    test: np.ndarray
    extra: float
    resampled: np.ndarray


def _cell(trials: pd.DataFrame, resamples: int, generator: np.random.Generator) -> _Cell:
    test = trials.loc[trials["selected"], "test"].dropna().to_numpy(dtype=float)
    enough = len(test) >= BOOTSTRAP_MINIMUM
    resampled = resampled_means(trials, resamples if enough else 0, generator)
    return _Cell(test, selection_variance(trials), resampled)


def _compare(variant: str, cell: _Cell, vanilla: _Cell | None, alpha: float) -> dict:
    """Fill the columns of one variant, all but those that depend on the other variants."""
    group, reference = cell.test, None if vanilla is None else vanilla.test
    row = {
        "n": len(group),
        "mean": group.mean() if len(group) else math.nan,
        "sd": group.std(ddof=1) if len(group) > 1 else math.nan,
        "n_vanilla": 0 if reference is None else len(reference),
    }
    if variant == REFERENCE:
        return row | {"note": "reference"}
    if reference is not None and len(group) and len(reference):
        row["difference"] = group.mean() - reference.mean()
    obstacle = _obstacle(variant, group, reference)
    if obstacle:
        return row | {"note": obstacle}
    constant = [n for n, g in ((variant, group), (REFERENCE, reference)) if not np.ptp(g)]
    note = f"the selected trials of {constant[0]} all have the same result" if constant else ""
    row |= t_test(group, reference, alpha)
    row |= {
        "p_selection": t_test(group, reference, alpha, (cell.extra, vanilla.extra))["p"],
        "hedges_g": hedges_g(group, reference),
        "note": note,
    }
    if len(cell.resampled) and len(vanilla.resampled):
        row |= bootstrap(cell.resampled, vanilla.resampled, row["difference"], alpha)
    return row


def compare(
    marked: pd.DataFrame,
    alpha: float = 0.05,
    correction: str = "bonferroni",
    selection_luck: bool = True,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the selected trials of each variant with vanilla's, task by task.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `selection.select` returns it, with all trials; read are `task`, `variant`,
        `validation`, `test` (lower is better) and `selected`.
    alpha : float
        Family-wise level of the comparisons of one task. The intervals cover 1 - alpha each.
    correction : str
        One of `CORRECTIONS`. The number of comparisons is that of the task's variants other than
        vanilla, whether or not all of them could be tested.
    selection_luck : bool
        Call a difference significant only if `p_selection` is below alpha too, which keeps the
        level; without it, as in the paper, which takes the selected trials for independent draws,
        the level is not kept.
    resamples : int
        Of the bootstrap beside the t-test; 0 leaves it out.
    seed : int
        The study's; the bootstrap follows from it.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a cell. `difference` is variant - vanilla; `direction` is its sign in
        words, ``worse`` where the variant's measure is higher. Where a test is impossible its
        columns are empty and `note` says why; those of the bootstrap are empty with fewer than
        `BOOTSTRAP_MINIMUM` trials in a group. t, df, p and the interval are the plain test's.
        `p_adjusted` is p and `p_selection` is p with the luck of selection counted in, both
        corrected for the number of comparisons.

    Raises
    ------
    ValueError
        If the correction is unknown or alpha is not between 0 and 1.

    References
    ----------
    Greff et al. (2017), "Comparison of the variants".
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"unknown correction {correction!r}: allowed are {', '.join(CORRECTIONS)}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    parts = []
    for task, of_task in marked.groupby("task", sort=False):
        cells = {
            variant: _cell(trials, resamples, analysis_generator(seed, task, variant))
            for variant, trials in of_task.groupby("variant", sort=False)
        }
        vanilla = cells.get(REFERENCE)
        rows = [
            {"task": task, "variant": variant} | _compare(variant, cell, vanilla, alpha)
            for variant, cell in cells.items()
        ]
        part = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
        tested = part["p"].notna()
        comparisons = len(cells) - (vanilla is not None)
        for source, corrected in (("p", "p_adjusted"), ("p_selection", "p_selection")):
            p = part.loc[tested, source].to_numpy(dtype=float)
            part.loc[tested, corrected] = CORRECTIONS[correction](p, comparisons)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    tested = table["p"].notna()
    deciding = ["p_adjusted", "p_selection"] if selection_luck else ["p_adjusted"]
    significant = (table[deciding] < alpha).all(axis=1)
    table["significant"] = significant.astype("boolean").where(tested)
    sign = np.sign(table["difference"].where(tested))
    table["direction"] = np.select([sign > 0, sign < 0], ["worse", "better"], default="")
    return table.astype(COLUMNS)
