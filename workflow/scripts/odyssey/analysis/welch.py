"""Is a variant's best different from vanilla's? Welch's t-test with a correction, and its size."""

import math

import numpy as np
import pandas as pd
from scipy import special, stats

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
    "p_bootstrap": "float64",
    "bootstrap_low": "float64",
    "bootstrap_high": "float64",
    "note": "str",
}


def t_test(group: np.ndarray, reference: np.ndarray, alpha: float) -> dict[str, float]:
    """Compare two means whose variances may differ.

    Parameters
    ----------
    group, reference : numpy.ndarray of float, shapes (n,) and (m,)
        At least two values each, and not both constant.
    alpha : float
        One minus the coverage of the interval.

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
    a, b = group.var(ddof=1) / len(group), reference.var(ddof=1) / len(reference)
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


def bootstrap_t_test(
    group: np.ndarray,
    reference: np.ndarray,
    alpha: float,
    resamples: int,
    generator: np.random.Generator,
) -> dict[str, float]:
    """Compare two means without assuming that results are normal.

    Parameters
    ----------
    group, reference : numpy.ndarray of float, shapes (n,) and (m,)
        At least `BOOTSTRAP_MINIMUM` values each, and not both constant.
    alpha : float
        One minus the coverage of the interval.
    resamples : int
    generator : numpy.random.Generator

    Returns
    -------
    dict of float
        `p_bootstrap`, two-sided, of the t statistic among those of resamples whose means are
        equal; `bootstrap_low` and `bootstrap_high`, the bootstrap-t interval of the difference.

    References
    ----------
    Efron, Tibshirani, "An introduction to the bootstrap" (1993), algorithm 16.2 and chapter 12.
    """

    def moments(values):
        drawn = values[generator.integers(len(values), size=(resamples, len(values)))]
        return drawn.mean(axis=1) - values.mean(), drawn.var(axis=1, ddof=1) / len(values)

    (mean_a, var_a), (mean_b, var_b) = moments(group), moments(reference)
    spread = var_a + var_b > 0
    t = (mean_a - mean_b)[spread] / np.sqrt(var_a + var_b)[spread]
    error = math.sqrt(group.var(ddof=1) / len(group) + reference.var(ddof=1) / len(reference))
    difference = group.mean() - reference.mean()
    high, low = np.quantile(t, [alpha / 2, 1 - alpha / 2])
    extreme = np.sum(np.abs(t) >= abs(difference / error))
    return {
        "p_bootstrap": (1 + extreme) / (1 + len(t)),
        "bootstrap_low": difference - low * error,
        "bootstrap_high": difference - high * error,
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


def _compare(variant: str, group: np.ndarray, reference: np.ndarray | None, alpha: float) -> dict:
    """Fill the columns of one variant, all but those that depend on the other variants."""
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
    row |= t_test(group, reference, alpha) | {"hedges_g": hedges_g(group, reference)}
    return row | {"note": note}


def compare(
    marked: pd.DataFrame,
    alpha: float = 0.05,
    correction: str = "bonferroni",
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the selected trials of each variant with vanilla's, task by task.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `selection.select` returns it; read are `task`, `variant`, `test` (lower is better) and
        `selected`.
    alpha : float
        Family-wise level of the comparisons of one task. The intervals cover 1 - alpha each.
    correction : str
        One of `CORRECTIONS`. The number of comparisons is that of the task's variants other than
        vanilla, whether or not all of them could be tested.
    resamples : int
        Of the bootstrap beside the t-test; 0 leaves it out.
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a cell. `difference` is variant - vanilla; `direction` is its sign in
        words, ``worse`` where the variant's measure is higher. Where a test is impossible its
        columns are empty and `note` says why; those of the bootstrap are empty with fewer than
        `BOOTSTRAP_MINIMUM` trials in a group. Neither p nor `p_bootstrap` is adjusted.

    Raises
    ------
    ValueError
        If the correction is unknown or alpha is not between 0 and 1.

    References
    ----------
    Greff et al. (2017), section IV-A.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"unknown correction {correction!r}: allowed are {', '.join(CORRECTIONS)}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    generator = np.random.Generator(np.random.PCG64(seed))
    parts = []
    for task, of_task in marked.groupby("task", sort=False):
        results = {
            variant: cell.loc[cell["selected"], "test"].dropna().to_numpy(dtype=float)
            for variant, cell in of_task.groupby("variant", sort=False)
        }
        reference = results.get(REFERENCE)
        rows = []
        for variant, group in results.items():
            row = {"task": task, "variant": variant} | _compare(variant, group, reference, alpha)
            if resamples and "p" in row and min(row["n"], row["n_vanilla"]) >= BOOTSTRAP_MINIMUM:
                row |= bootstrap_t_test(group, reference, alpha, resamples, generator)
            rows.append(row)
        part = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
        tested = part["p"].notna()
        comparisons = len(results) - (reference is not None)
        p = part.loc[tested, "p"].to_numpy(dtype=float)
        part.loc[tested, "p_adjusted"] = CORRECTIONS[correction](p, comparisons)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    tested = table["p"].notna()
    table["significant"] = (table["p_adjusted"] < alpha).astype("boolean").where(tested)
    sign = np.sign(table["difference"].where(tested))
    table["direction"] = np.select([sign > 0, sign < 0], ["worse", "better"], default="")
    return table.astype(COLUMNS)
