"""Is a variant's best different from vanilla's? By how much, how sure, and by the paper's test.

The trials compared are the best of each search, and how good the best of n random trials are is
itself a matter of luck. The paper's plain Welch test, which takes them for independent draws, does
not know of that luck and finds differences between equal variants far more often than it says. Its
numbers stand in the table under its name; p values and intervals are those of `permutation`, which
shuffles whole searches and selects anew.
"""

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy

from odyssey.analysis import permutation
from odyssey.analysis.files import Row
from odyssey.quantities import count
from odyssey.seeds import analysis_generator

REFERENCE = "V"
# Chance to find a difference for which `detectable` is computed.
POWER = 0.8
COLUMNS = {
    "task": "str",
    "variant": "str",
    "n": "int64",
    "mean": "float64",
    "sd": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "family_low": "float64",
    "family_high": "float64",
    "se": "float64",
    "t": "float64",
    "p": "float64",
    "p_adjusted": "float64",
    "significant": "boolean",
    "direction": "str",
    "hedges_g": "float64",
    "detectable": "float64",
    "n_vanilla": "int64",
    "paper_low": "float64",
    "paper_high": "float64",
    "paper_family_low": "float64",
    "paper_family_high": "float64",
    "paper_t": "float64",
    "paper_df": "float64",
    "paper_p": "float64",
    "paper_p_adjusted": "float64",
    "paper_significant": "boolean",
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
        `t` and `df` (Welch-Satterthwaite), the two-sided `p`, `low` and `high` of the difference
        group - reference.

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
    half = scipy.stats.t.ppf(1 - alpha / 2, df) * error
    return {
        "t": t,
        "df": df,
        "p": 2 * scipy.stats.t.sf(abs(t), df),
        "low": difference - half,
        "high": difference + half,
    }


def selection_variance(trials: pd.DataFrame) -> float:
    """Compute what selection adds to the variance of the selected trials' test result.

    The mean over the best share p by validation has the influence function of a one-sided trimmed
    mean. Its variance is that of the selected results plus (1 - p) c², where c is how far the
    test result expected at the border of the selection lies from their mean; a straight line
    through the selected trials says where.

    Parameters
    ----------
    trials : pandas.DataFrame
        All trials of the search; read are `validation`, `test` and `selected`.

    Returns
    -------
    float
        0 if all trials are selected, or if validation does not vary.

    References
    ----------
    Huber, "Robust statistics" (1981), section 3.3; Yuen, "The two-sample trimmed t for unequal
    population variances", Biometrika 61 (1974), for trimming on both sides.
    """
    chosen = trials[trials["selected"] & trials["test"].notna()]
    left_out = trials.loc[~trials["selected"], "validation"].dropna()
    x = chosen["validation"].to_numpy(dtype=float)
    y = chosen["test"].to_numpy(dtype=float)
    if len(chosen) < 2 or not np.ptp(x):
        return 0.0
    border = (x.max() + left_out.min()) / 2 if len(left_out) else x.max()
    deviation = x - x.mean()
    slope = deviation @ y / (deviation @ deviation)
    return float((1 - len(chosen) / len(trials)) * (slope * (border - x.mean())) ** 2)


def hedges_g(group: np.ndarray, reference: np.ndarray) -> float:
    """Measure a difference in pooled standard deviations, without the bias of small samples.

    Of each there are two values at least, not all of them the same.

    References
    ----------
    Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6 (1981).
    """
    df = len(group) + len(reference) - 2
    squares = (len(group) - 1) * group.var(ddof=1) + (len(reference) - 1) * reference.var(ddof=1)
    correction = math.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2))
    correction /= math.sqrt(df / 2)
    g: float = correction * (group.mean() - reference.mean()) / math.sqrt(squares / df)
    return g


def bonferroni(p: np.ndarray, comparisons: int) -> np.ndarray:
    """Adjust p values for the number of comparisons, some of which could not be made."""
    adjusted: np.ndarray = np.minimum(1.0, p * comparisons)
    return adjusted


def holm(p: np.ndarray, comparisons: int) -> np.ndarray:
    """Adjust p values step by step from the smallest; comparisons not made come last.

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


def _obstacle(variant: str, group: np.ndarray, reference: np.ndarray | None) -> str:
    """Say why two groups cannot be tested, or nothing."""
    if reference is None:
        return f"no test: the task has no {REFERENCE}"
    for name, values in ((variant, group), (REFERENCE, reference)):
        if len(values) < 2:
            trials = count(len(values), "selected trial")
            return f"no test: {name} has {trials} with a test result, two are needed"
    if not np.ptp(group) and not np.ptp(reference):
        return f"no test: neither {variant} nor {REFERENCE} varies"
    return ""


def _selected(trials: pd.DataFrame) -> np.ndarray:
    results: np.ndarray = trials.loc[trials["selected"], "test"].dropna().to_numpy(dtype=float)
    return results


def _ordered(trials: pd.DataFrame) -> permutation.Ordered:
    return permutation.ordered(trials["validation"], trials["test"], int(trials["selected"].sum()))


@lru_cache(maxsize=4)
def _shuffles(
    sizes: tuple[int, int], selected: tuple[int, int], draws: int, seed: int, task: str
) -> permutation.Shuffles:
    """Draw shuffles, which no result and no other variant changes."""
    generator = analysis_generator(seed, task, "permutation")
    return permutation.shuffle(sizes, selected, draws, generator)


def _permuted(
    group: pd.DataFrame, reference: pd.DataFrame, levels: tuple[float, float], draws: int, seed: int
) -> dict[str, float]:
    """Compare two searches by shuffling them; the second level is that of one of a family."""
    task = group["task"].iloc[0]
    ours, theirs = _ordered(group), _ordered(reference)
    sizes, selected = (len(group), len(reference)), (ours.selected, theirs.selected)
    shuffles = _shuffles(sizes, selected, draws, seed, str(task))
    difference, error = permutation.difference(ours, theirs)
    null = permutation.null_distribution(ours, theirs, shuffles)
    row = {"se": error, "t": difference / error, "p": permutation.p_value(difference / error, null)}
    for name, level in zip(("ci", "family"), levels, strict=True):
        low, high = permutation.interval(ours, theirs, shuffles, level)
        row |= {f"{name}_low": low, f"{name}_high": high}
    reach = permutation.critical(null, levels[1])
    return row | {"detectable": (reach + scipy.stats.norm.ppf(POWER)) * error}


def _compare(
    variant: str,
    group: pd.DataFrame,
    reference: pd.DataFrame | None,
    levels: tuple[float, float],
    draws: int,
    seed: int,
) -> Row:
    """Fill the columns of one variant, all but those that depend on the other variants."""
    ours, theirs = _selected(group), None if reference is None else _selected(reference)
    row: Row = {
        "n": len(ours),
        "mean": ours.mean() if len(ours) else math.nan,
        "sd": ours.std(ddof=1) if len(ours) > 1 else math.nan,
        "n_vanilla": 0 if theirs is None else len(theirs),
    }
    if variant == REFERENCE:
        return row | {"note": "reference"}
    if theirs is not None and len(ours) and len(theirs):
        row["difference"] = ours.mean() - theirs.mean()
    obstacle = _obstacle(variant, ours, theirs)
    if obstacle or theirs is None or reference is None:
        return row | {"note": obstacle}
    constant = [n for n, g in ((variant, ours), (REFERENCE, theirs)) if not np.ptp(g)]
    note = f"the selected trials of {constant[0]} all have the same result" if constant else ""
    plain = {f"paper_{name}": value for name, value in t_test(ours, theirs, levels[0]).items()}
    family = t_test(ours, theirs, levels[1])
    plain |= {f"paper_family_{end}": family[end] for end in ("low", "high")}
    row |= _permuted(group, reference, levels, draws, seed)
    return row | plain | {"hedges_g": hedges_g(ours, theirs), "note": note}


def compare(
    marked: pd.DataFrame,
    alpha: float = 0.05,
    correction: str = "bonferroni",
    selection_luck: bool = True,
    draws: int = permutation.DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the selected trials of each variant with vanilla's, task by task.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `selection.select` returns it, with all trials; read are `task`, `variant`,
        `validation`, `test` (lower is better) and `selected`.
    alpha : float
        Family-wise level of the comparisons of one task.
    correction : str
        One of `CORRECTIONS`. The number of comparisons is that of the task's variants other than
        vanilla, whether or not all of them could be tested.
    selection_luck : bool
        Whether `significant` goes by the permutation of whole searches, which keeps the level;
        without it, by the paper's plain test, which does not.
    draws : int
        Shuffles of each pair of searches.
    seed : int
        The study's; the shuffles follow from it.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a search. `difference` is variant - vanilla, `se` its standard error with
        the luck of selection, `t` their ratio and `p` its permutation p value; `ci_low` and
        `ci_high` cover 1 - alpha, `family_low` and `family_high` do so for all comparisons of the
        task together (after Bonferroni). `detectable` is the difference that is found with
        `POWER`, in a family. Columns in ``paper_`` are those of the plain Welch test. `direction`
        is the sign of the difference in words, ``worse`` where the variant's measure is higher.
        Where a test is impossible its columns are empty and `note` says why.

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
        searches = dict(list(of_task.groupby("variant", sort=False)))
        vanilla = searches.get(REFERENCE)
        comparisons = len(searches) - (vanilla is not None)
        levels = (alpha, alpha / max(1, comparisons))
        rows = [
            {"task": task, "variant": variant}
            | _compare(variant, own, vanilla, levels, draws, seed)
            for variant, own in searches.items()
        ]
        part = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
        tested = part["p"].notna()
        for prefix in ("", "paper_"):
            p = part.loc[tested, f"{prefix}p"].to_numpy(dtype=float)
            part.loc[tested, f"{prefix}p_adjusted"] = CORRECTIONS[correction](p, comparisons)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    tested = table["p"].notna()
    for name, p in (
        ("significant", "p_adjusted" if selection_luck else "paper_p_adjusted"),
        ("paper_significant", "paper_p_adjusted"),
    ):
        table[name] = (table[p] < alpha).astype("boolean").where(tested)
    sign = np.sign(table["difference"].where(tested))
    table["direction"] = np.select([sign > 0, sign < 0], ["worse", "better"], default="")
    return table.astype(COLUMNS)
