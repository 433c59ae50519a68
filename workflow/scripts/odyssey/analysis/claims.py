"""The paper's statements as functions of the study's tables, each with a rule for its verdict."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from odyssey.analysis import fanova
from odyssey.cells.variants import PAPER_VARIANTS

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided"
PAPER_TASKS = ("timit", "iam", "jsb")
# Selected trials a group, and trials a forest, below which nothing is decided.
GROUP_MINIMUM, FOREST_MINIMUM = 10, 80
# Out-of-bag R² below which a forest's shares and curves mean little.
R2_MINIMUM = 0.3

COLUMNS = {
    "claim": "str",
    "task": "str",
    "paper": "str",
    "measured": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "verdict": "str",
    "note": "str",
    "rule": "str",
}

# Variants that the paper found significantly worse than V ("Comparison of the variants"); it found
# the other of its eight not different.
WORSE = {
    "timit": ("NOG", "NIAF", "NIG", "NFG", "NOAF"),
    "iam": ("NOG", "NIAF", "NIG", "NFG", "NOAF"),
    "jsb": ("NFG", "NOAF", "FGR"),
}
OTHERS = tuple(variant for variant in PAPER_VARIANTS if variant != "V")
# Test results of the paper: frames wrong in per cent, characters wrong in per cent, nats a frame.
# These and the share of learning rate × momentum are recalled, not checked against its text.
BEST = {"timit": 29.6, "iam": 9.26, "jsb": 8.38}
# Sources that are the corpus of the paper, in its features; others do not compare with `BEST`.
PAPER_SOURCES = {
    "timit": {"ldc93s1"},
    "iam": {"iam"},
    "jsb": {"json", "pickle", "download"},
}
# Sources of real data that are no more than a stand-in, and what is said of them.
SAMPLES = {("timit", "nltk"): "sample of 160 utterances"}


@dataclass(frozen=True)
class Tables:
    """What claims are read off.

    Parameters
    ----------
    distributions : pandas.DataFrame
        As `selection.distributions` returns it.
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    importance, marginals : pandas.DataFrame
        As `fanova.analyse_cell` returns them, of all cells.
    """

    distributions: pd.DataFrame
    welch: pd.DataFrame
    importance: pd.DataFrame
    marginals: pd.DataFrame


@dataclass(frozen=True)
class Finding:
    """What a study says about a claim.

    Parameters
    ----------
    holds : bool or None
        None where the study is too small to say, or lacks what it takes.
    measured, low, high : float
        The number behind it and its interval, NaN if there is none.
    note : str
    """

    holds: bool | None
    measured: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""


Judge = Callable[[Tables, str], Finding]
"""From the tables and a task to a finding; raises `Undecided` where they do not suffice."""


class Undecided(Exception):  # noqa: N818
    """A study is too small for a claim, or lacks what it takes.

    Parameters
    ----------
    note : str
        Why.
    measured : float
        Up to three: the number behind the claim and its interval, if there is one all the same.
    """

    def __init__(self, note: str, *measured: float):
        super().__init__(note)
        self.finding = Finding(None, *measured, note=note)


@dataclass(frozen=True)
class Claim:
    """A statement of the paper about one task or about all of them.

    Parameters
    ----------
    statement : str
    paper : dict of str to str
        From each task that the paper says it of to the paper's value. The task ``all`` stands for
        all three together.
    rule : str
        When the verdict is "reproduced"; where the finding is the contrary, it is "not reproduced".
    judge : callable
        From the tables and a task to a finding.
    """

    statement: str
    paper: dict[str, str]
    rule: str
    judge: Judge = field(repr=False)


def _row(table: pd.DataFrame, **keys: str) -> pd.Series | None:
    chosen = table
    for column, value in keys.items():
        chosen = chosen[chosen[column] == value]
    return chosen.iloc[0] if len(chosen) else None


def _compared(tables: Tables, task: str, variant: str) -> pd.Series:
    """Return the row of a comparison that is large enough to decide."""
    row = _row(tables.welch, task=task, variant=variant)
    if row is None:
        raise Undecided(f"{variant} is not in the study")
    found = (row["difference"], row["ci_low"], row["ci_high"])
    if pd.isna(row["p"]):
        raise Undecided(row["note"], *found)
    smaller = min(row["n"], row["n_vanilla"])
    if smaller < GROUP_MINIMUM:
        raise Undecided(f"too few trials: {smaller} selected, {GROUP_MINIMUM} are needed", *found)
    return row


def _is_worse(row: pd.Series) -> bool:
    return bool(row["significant"]) and row["difference"] > 0


def beside_vanilla(variant: str, holds: Callable[[pd.Series], bool]) -> Judge:
    """Judge how a variant compares with V.

    Parameters
    ----------
    variant : str
        One of `OTHERS`.
    holds : callable
        From the row of their comparison, as `welch.compare` makes it, to whether the claim holds.

    Returns
    -------
    callable
        From `Tables` and a task to a `Finding`. Measured is the difference of
        the mean test results, variant less V, in the task's measure (an error in per cent, or a
        negative log-likelihood in nats).
    """

    def judge(tables: Tables, task: str) -> Finding:
        row = _compared(tables, task, variant)
        return Finding(holds(row), row["difference"], row["ci_low"], row["ci_high"])

    return judge


def none_better(tables: Tables, task: str) -> Finding:
    """Judge that no variant is significantly better than V.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is how many of the paper's eight are, of those that can be compared; the note names
        them, or those that cannot, and why.
    """
    undecided, better = {}, []
    for variant in OTHERS:
        try:
            row = _compared(tables, task, variant)
        except Undecided as reason:
            undecided.setdefault(str(reason).removeprefix(f"{variant} is "), []).append(variant)
            continue
        if bool(row["significant"]) and row["difference"] < 0:
            better.append(variant)
    count = float(len(better))
    if better:
        return Finding(holds=False, measured=count, note=", ".join(better))
    if undecided:
        reasons = (f"{', '.join(names)}: {reason}" for reason, names in undecided.items())
        raise Undecided("; ".join(reasons), count)
    return Finding(holds=True, measured=count)


def most_critical(tables: Tables, task: str) -> Finding:
    """Judge that NFG and NOAF are both significantly worse than V.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the smaller of the two differences from V, in the task's measure.
    """
    rows = [_compared(tables, task, variant) for variant in ("NFG", "NOAF")]
    row = min(rows, key=lambda row: row["difference"])
    return Finding(all(map(_is_worse, rows)), row["difference"], row["ci_low"], row["ci_high"])


def best_result(tables: Tables, task: str) -> Finding:
    """Judge that the best of the paper's variants reaches the paper's best.

    On another corpus than the paper's the numbers do not compare, and nothing is decided.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the least test result of all selected trials, in the units of `BEST`; the note
        names its variant, or the corpus where it is not the paper's.
    """
    rows = tables.distributions
    rows = rows[(rows["task"] == task) & (rows["trials"] == "selected") & (rows["n"] > 0)]
    rows = rows[rows["variant"].isin(PAPER_VARIANTS)]
    if rows.empty:
        raise Undecided("no trial has a result")
    row = rows.loc[rows["minimum"].idxmin()]
    others = sorted(set(rows["source"].fillna("unknown")) - PAPER_SOURCES[task])
    if others:
        raise Undecided(f"another corpus than the paper's: {'; '.join(others)}", row["minimum"])
    reached = row["minimum"] <= 1.02 * BEST[task]
    if not reached and row["n"] < GROUP_MINIMUM:
        note = f"too few trials: {row['n']} selected, {GROUP_MINIMUM} are needed"
        raise Undecided(note, row["minimum"])
    return Finding(bool(reached), row["minimum"], note=row["variant"])


def _forest(tables: Tables, task: str, response: str = "test") -> pd.DataFrame:
    """Return vanilla's importances, if its forest can be trusted."""
    table = tables.importance
    if table.empty:
        raise Undecided("no importances")
    for column, value, note in (
        ("task", task, "the task is not in the study"),
        ("variant", "V", "V is not in the study"),
        ("response", response, f"no importances for the response {response}"),
    ):
        table = table[table[column] == value]
        if table.empty:
            raise Undecided(note)
    first = table.iloc[0]
    if table["share"].isna().all():
        raise Undecided(first["note"])
    if first["n"] < FOREST_MINIMUM:
        raise Undecided(f"too few trials: {first['n']} of V, {FOREST_MINIMUM} are needed")
    if not first["oob_r2"] >= R2_MINIMUM:
        raise Undecided(f"the forest explains too little: out-of-bag R² {first['oob_r2']:.2f}")
    return table


def _share(table: pd.DataFrame, terms: pd.Series) -> tuple[float, float, float]:
    """Add up shares; the interval is 1.96 standard deviations over the trees, at the most."""
    chosen = table[terms]
    share = chosen["share"].sum()
    # Shares may rise and fall together from tree to tree: the deviation of their sum is bounded by
    # the sum of their deviations only, and is as large where they are fully correlated.
    half = 1.96 * chosen["sd"].sum()
    return share, max(0.0, share - half), min(1.0, share + half)


def share_between(terms: Callable[[pd.DataFrame], pd.Series], low: float, high: float) -> Judge:
    """Judge that the share of some terms in the variance of V's test error lies in a range.

    A share out of the range whose interval reaches into it decides nothing.

    Parameters
    ----------
    terms : callable
        From importances, as `fanova.analyse_cell` returns them, to a bool for each row.
    low, high : float
        Ends of the range, both within it; shares are fractions of one.

    Returns
    -------
    callable
        From `Tables` and a task to a `Finding`. Measured is the share, a fraction of one.
    """

    def judge(tables: Tables, task: str) -> Finding:
        table = _forest(tables, task)
        share, bottom, top = _share(table, terms(table))
        if low <= share <= high:
            return Finding(holds=True, measured=share, low=bottom, high=top)
        if bottom <= high and top >= low:
            raise Undecided("the interval reaches into the paper's range", share, bottom, top)
        return Finding(holds=False, measured=share, low=bottom, high=top)

    return judge


def ranked(parameter: str, rank: int) -> Judge:
    """Judge that a main effect is the one of a rank.

    Parameters
    ----------
    parameter : str
        Name of a hyperparameter.
    rank : int
        From 1, the largest.

    Returns
    -------
    callable
        From `Tables` and a task to a `Finding`. Measured is the share of the main
        effect, a fraction of one; the note says its rank.
    """

    def judge(tables: Tables, task: str) -> Finding:
        table = _forest(tables, task)
        main = table[table["order"] == 1].sort_values("share", ascending=False)
        if parameter not in set(main["term"]):
            raise Undecided(f"{parameter} does not vary")
        position = main["term"].tolist().index(parameter) + 1
        found = _share(table, table["term"] == parameter)
        return Finding(position == rank, *found, note=f"rank {position}")

    return judge


def interactions_largest_on_timit(tables: Tables, _: str) -> Finding:
    """Judge that TIMIT has the largest interactions.

    Parameters
    ----------
    tables : Tables
    _ : str
        The task, ``all``; not read.

    Returns
    -------
    Finding
        Measured is the share of the interactions on TIMIT, a fraction of one; the note names the
        task with the largest.
    """
    found = {}
    for task in PAPER_TASKS:
        try:
            table = _forest(tables, task)
        except Undecided as reason:
            raise Undecided(f"{task}: {reason}") from None
        found[task] = _share(table, table["order"].ne(1).fillna(value=True))
    largest = max(found, key=lambda task: found[task][0])
    return Finding(largest == "timit", *found["timit"], note=f"largest on {largest}")


def _curve(tables: Tables, task: str, parameter: str, response: str = "test") -> pd.DataFrame:
    """Return vanilla's marginal over a parameter, if its forest can be trusted."""
    _forest(tables, task, response)
    rows = tables.marginals
    rows = rows[(rows["task"] == task) & (rows["variant"] == "V") & (rows["response"] == response)]
    rows = rows[rows["parameter"] == parameter].sort_values("value")
    if rows.empty:
        raise Undecided(f"{parameter} does not vary")
    return rows


def basin(tables: Tables, task: str) -> Finding:
    """Judge the width of the basin of good learning rates.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the width, in decades of the learning rate.
    """
    curve = _curve(tables, task, "learning_rate")
    rate = np.log10(curve["value"].to_numpy())
    _, first, last = fanova.basin(curve["mean"].to_numpy())
    step = rate[1] - rate[0]
    width = rate[last] - rate[first] + step
    return Finding(bool(0.5 <= width <= 2.5), width)


def best_rate_at_the_high_end(tables: Tables, task: str) -> Finding:
    """Judge that the error is least at the high end of the range of learning rates.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the learning rate of the least marginal error.
    """
    curve = _curve(tables, task, "learning_rate")
    best = curve.loc[curve["mean"].idxmin(), "value"]
    return Finding(bool(best >= 0.1 * curve["value"].max()), best)


def _signed(change: float, half: float, negative: bool) -> Finding:
    """Judge the sign of a change, which half the width of its interval must not reach."""
    low, high = change - half, change + half
    if not (low > 0 or high < 0):
        raise Undecided("the interval spans 0", change, low, high)
    return Finding(bool((change < 0) == negative), change, low, high)


def rises(parameter: str, response: str, falls: bool = False) -> Judge:
    """Judge that a response rises (or falls) with a parameter.

    A change whose interval spans 0 decides nothing.

    Parameters
    ----------
    parameter : str
        Name of a hyperparameter.
    response : str
        One of `fanova.RESPONSES`.
    falls : bool
        Whether the claim is that it falls.

    Returns
    -------
    callable
        From `Tables` and a task to a `Finding`. Measured is the marginal
        response in the last tenth of the range less that in the first, in the response's unit: the
        task's measure, or seconds.
    """

    def judge(tables: Tables, task: str) -> Finding:
        curve = _curve(tables, task, parameter, response)
        tenth = max(1, len(curve) // 10)
        start, end = curve.head(tenth), curve.tail(tenth)
        change = end["mean"].mean() - start["mean"].mean()
        half = 1.96 * math.hypot(start["sd"].mean(), end["sd"].mean())
        return _signed(change, half, negative=falls)

    return judge


def diminishing_returns(tables: Tables, task: str) -> Finding:
    """Judge that blocks added to a small network gain more than those added to a large one.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the gain per block above the middle size over that under it, without unit;
        NaN where small networks gain nothing.
    """
    curve = _curve(tables, task, "hidden_size")
    size, mean = curve["value"].to_numpy(), curve["mean"].to_numpy()
    middle = len(size) // 2
    early = (mean[0] - mean[middle]) / (size[middle] - size[0])
    late = (mean[middle] - mean[-1]) / (size[-1] - size[middle])
    if early <= 0:
        return Finding(holds=False, note="no gain at all from more blocks in a small network")
    ratio = late / early
    return Finding(bool(ratio < 1), ratio)


def dip(tables: Tables, task: str) -> Finding:
    """Judge that some input noise helps.

    A change whose interval spans 0 decides nothing.

    Parameters
    ----------
    tables : Tables
    task : str
        One of `PAPER_TASKS`.

    Returns
    -------
    Finding
        Measured is the mean marginal error at a noise (standard deviation) of 0.2 to 0.5 less
        that at 0 to 0.1, in the task's measure.
    """
    curve = _curve(tables, task, "input_noise")
    none = curve[curve["value"] <= 0.1]
    some = curve[curve["value"].between(0.2, 0.5)]
    if none.empty or some.empty:
        raise Undecided("the searched noise does not span 0.1 and 0.2 to 0.5")
    change = some["mean"].mean() - none["mean"].mean()
    half = 1.96 * math.hypot(some["sd"].mean(), none["sd"].mean())
    return _signed(change, half, negative=True)


def _named(*terms: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda table: table["term"].isin(terms)


def _all(value: str) -> dict[str, str]:
    return dict.fromkeys(PAPER_TASKS, value)


SIGNIFICANT = "significant in tests/welch.csv"
ENOUGH = f"at least {GROUP_MINIMUM} selected trials a group"
TOUCHING = "undecided if only the interval reaches there"
SPANNING = "undecided if the interval of the change spans 0"
TRUSTED = (
    f"fANOVA of V with at least {FOREST_MINIMUM} trials and an out-of-bag R² of at least "
    f"{R2_MINIMUM}"
)

CLAIMS = (
    *(
        Claim(
            f"{variant} is significantly worse than V",
            {task: "worse" for task in PAPER_TASKS if variant in WORSE[task]},
            f"{SIGNIFICANT}, and the difference above 0; {ENOUGH}",
            beside_vanilla(variant, _is_worse),
        )
        for variant in OTHERS
        if any(variant in WORSE[task] for task in PAPER_TASKS)
    ),
    *(
        Claim(
            f"{variant} does not differ significantly from V",
            {task: "no difference" for task in PAPER_TASKS if variant not in WORSE[task]},
            f"not {SIGNIFICANT}; {ENOUGH}",
            beside_vanilla(variant, lambda row: not row["significant"]),
        )
        for variant in OTHERS
        if any(variant not in WORSE[task] for task in PAPER_TASKS)
    ),
    Claim(
        "No variant is significantly better than V",
        _all("0"),
        f"no difference below 0 {SIGNIFICANT}; {ENOUGH}, and, where none is, all eight comparisons",
        none_better,
    ),
    Claim(
        "Forget gate and output activation are the most critical parts",
        _all("both worse"),
        f"NFG and NOAF both significantly worse than V; {ENOUGH}",
        most_critical,
    ),
    Claim(
        "Best test result",
        {task: f"{value:g}" for task, value in BEST.items()},
        "best selected trial of the paper's variants at most 2 % (relative) above the paper's, as "
        "recalled; undecided on another corpus than the paper's; not reproduced only with "
        f"{ENOUGH}",
        best_result,
    ),
    Claim(
        "The learning rate explains more than two thirds of the variance of the error",
        _all("> 0.667"),
        f"share of its main effect above 2/3, {TOUCHING}; {TRUSTED}",
        share_between(_named("learning_rate"), 2 / 3, math.inf),
    ),
    Claim(
        "Hidden size is the second most important hyperparameter",
        _all("rank 2"),
        f"second largest main effect; {TRUSTED}",
        ranked("hidden_size", 2),
    ),
    Claim(
        "Input noise is the third most important hyperparameter",
        _all("rank 3"),
        f"third largest main effect; {TRUSTED}",
        ranked("input_noise", 3),
    ),
    Claim(
        "Momentum explains less than one per cent",
        _all("< 0.01"),
        f"share of its main effect below 0.01, {TOUCHING}; {TRUSTED}",
        share_between(_named("momentum"), 0.0, 0.01),
    ),
    Claim(
        "Interactions explain 5 to 20 per cent",
        _all("0.05 to 0.2"),
        f"share of pairs and higher orders between 0.05 and 0.2, {TOUCHING}; {TRUSTED}",
        share_between(lambda table: table["order"].ne(1).fillna(value=True), 0.05, 0.2),
    ),
    Claim(
        "Interactions are largest on TIMIT",
        {"all": "timit"},
        f"share of pairs and higher orders larger there than on IAM and JSB; {TRUSTED}",
        interactions_largest_on_timit,
    ),
    Claim(
        "Learning rate and momentum hardly interact",
        {"timit": "0.025"},
        f"share of the pair at most 0.05, twice the paper's, as recalled, {TOUCHING}; {TRUSTED}",
        share_between(_named("learning_rate × momentum"), 0.0, 0.05),
    ),
    Claim(
        "Good learning rates form a basin up to two orders of magnitude wide",
        _all("up to 2"),
        "half a decade to 2.5 decades around the best rate in which the marginal error is within a "
        f"tenth of its range from its minimum; {TRUSTED}",
        basin,
    ),
    Claim(
        "The best learning rates lie at the high end of the range or beyond it",
        {"iam": "≥ 0.01", "jsb": "≥ 0.01"},
        f"least marginal error in the last decade of the range; {TRUSTED}",
        best_rate_at_the_high_end,
    ),
    Claim(
        "Larger networks are better",
        _all("error falls"),
        f"marginal error lower in the last tenth of sizes than in the first, {SPANNING}; {TRUSTED}",
        rises("hidden_size", "test", falls=True),
    ),
    Claim(
        "Larger networks bring diminishing returns",
        _all("ratio < 1"),
        "gain per block above the middle size below the gain per block under it; " + TRUSTED,
        diminishing_returns,
    ),
    Claim(
        "Larger networks take longer to train",
        _all("time rises"),
        f"marginal training time higher in the last tenth of sizes than in the first, "
        f"{SPANNING}; {TRUSTED}",
        rises("hidden_size", "train_seconds"),
    ),
    Claim(
        "Input noise hurts",
        {"iam": "error rises", "jsb": "error rises"},
        f"marginal error higher in the last tenth of noise than in the first, "
        f"{SPANNING}; {TRUSTED}",
        rises("input_noise", "test"),
    ),
    Claim(
        "Some input noise helps on TIMIT",
        {"timit": "dip at 0.2 to 0.5"},
        f"mean marginal error at a noise of 0.2 to 0.5 below that of 0 to 0.1, {SPANNING}; "
        f"{TRUSTED}",
        dip,
    ),
    Claim(
        "Input noise slows training",
        _all("time rises"),
        f"marginal training time higher in the last tenth of noise than in the first, "
        f"{SPANNING}; {TRUSTED}",
        rises("input_noise", "train_seconds"),
    ),
)


def _doubts(distributions: pd.DataFrame) -> dict[str, str]:
    """Say of each task why its corpus lets nothing be decided; an empty string if it does."""
    doubts = {}
    for task, rows in distributions.groupby("task", sort=False):
        samples = {SAMPLES[task, s] for s in rows["source"].unique() if (task, s) in SAMPLES}
        doubts[task] = "; ".join(
            [*(["stand-in corpus"] if rows["synthetic"].any() else []), *sorted(samples)]
        )
    return doubts


def judge(tables: Tables) -> pd.DataFrame:
    """Hold the paper's statements against a study.

    Parameters
    ----------
    tables : Tables

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row for each claim and each task that the paper makes it of and the study has,
        the task ``all`` included. On a stand-in corpus or a mere sample of the paper's, `SAMPLES`,
        every verdict is "undecided".
    """
    doubts = _doubts(tables.distributions)
    rows = []
    for claim in CLAIMS:
        for task, paper in claim.paper.items():
            if task != "all" and task not in doubts:
                continue
            try:
                finding = claim.judge(tables, task)
            except Undecided as reason:
                finding = reason.finding
            verdict = {True: REPRODUCED, False: NOT_REPRODUCED, None: UNDECIDED}[finding.holds]
            note = finding.note
            tasks = PAPER_TASKS if task == "all" else (task,)
            doubt = list(dict.fromkeys(doubts[name] for name in tasks if doubts.get(name)))
            if doubt:
                verdict = UNDECIDED
                note = "; ".join([*doubt, *([note] if note else [])])
            rows.append(
                {
                    "claim": claim.statement,
                    "task": task,
                    "paper": paper,
                    "measured": finding.measured,
                    "ci_low": finding.low,
                    "ci_high": finding.high,
                    "verdict": verdict,
                    "note": note,
                    "rule": claim.rule,
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
