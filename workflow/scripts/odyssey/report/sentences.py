"""What a study found, in sentences made from its tables."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from odyssey.analysis import effects
from odyssey.analysis.fanova import BEYOND_PAIRS, HIGHER, of_order
from odyssey.analysis.surrogates import FOREST, GP
from odyssey.analysis.tables import STAND_IN
from odyssey.analysis.verdicts import (
    BETTER,
    NO_DIFFERENT,
    OPEN,
    VERDICTS,
    WORSE,
    differs,
    is_found,
    standing,
)
from odyssey.hyperparameters import BY_NAME, HYPERPARAMETERS, Hyperparameter
from odyssey.quantities import count, duration, percent, short

REFERENCE = "V"
SURROGATES = {GP: "Gaussian process", FOREST: "forest"}
# What `significant` goes by: whether it counts the luck of selection.
TESTS = {True: "permutation of whole searches", False: "Welch’s t-test, as in the paper"}
Named = Any  # a row as pandas' `itertuples` makes it, with its columns as attributes
# Numbers of trials for which the captions say what to expect.
BUDGETS = (5, 20, 100)


def task_labels(trials: pd.DataFrame, titles: Mapping[str, str]) -> dict[str, str]:
    """Name the tasks of a study, those with a stand-in corpus as such.

    Parameters
    ----------
    trials : pandas.DataFrame
        Read are `task` and `synthetic`.
    titles : mapping of str to str
        From tasks to their titles.

    Returns
    -------
    dict of str to str
        In the study's order.
    """
    synthetic = trials.groupby("task", sort=False)["synthetic"].any()
    return {
        task: f"{titles[task]} ({STAND_IN})" if made_up else titles[task]
        for task, made_up in synthetic.items()
    }


def listed(parts: Iterable[str]) -> str:
    """Join words as a sentence lists them: ``a, b and c``."""
    words = list(parts)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def quantity(measure: str, value: float) -> str:
    """Write a result with its name and unit.

    Parameters
    ----------
    measure : str
        Such as ``frame error (%)``.

    Returns
    -------
    str
        Such as ``frame error 31.2 %``.
    """
    name, _, unit = measure.removesuffix(")").partition(" (")
    return f"{name} {short(value)} {unit}".strip()


def what_ran(trials: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say in one sentence how much was trained, how much failed, and which searches as a whole.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial.
    labels : mapping of str to str
        From tasks to their names.
    """
    sizes = [
        count(len(trials), "trial"),
        count(trials["variant"].nunique(), "variant"),
        count(trials["task"].nunique(), "task"),
    ]
    time = duration(trials["train_seconds"].sum())
    text = f"{sizes[0]} of {sizes[1]} on {sizes[2]} took {time} of training"
    lost = []
    for status in ("diverged", "failed"):
        number = int((trials["status"] == status).sum())
        if number:
            lost.append(f"{number:,} ({percent(number / len(trials))}) {status}")
    text += f"; {listed(lost)}" if lost else "; all of them ran to their end"
    names = [
        f"{variant} on {labels[task]}"
        for (task, variant), own in trials.groupby(["task", "variant"], sort=False)
        if own["status"].eq("failed").all()
    ]
    return f"{text}, among them all trials of {listed(names)}." if names else f"{text}."


def engines(by: Mapping[str, str]) -> str:
    """Say in one sentence that seconds of a study do not compare, if they do not.

    Parameters
    ----------
    by : mapping of str to str
        As `selection.engines` returns it.

    Returns
    -------
    str
        Empty for a study of one engine.
    """
    if not by:
        return ""
    variants: dict[str, list[str]] = {}
    for variant, engine in by.items():
        variants.setdefault(engine, []).append(variant)
    each = (f"{engine} ({listed(names)})" for engine, names in variants.items())
    return f"Trained by different engines, whose seconds do not compare: {'; '.join(each)}."


def against_vanilla(
    welch: pd.DataFrame, labels: Mapping[str, str], alpha: float, selection_luck: bool = True
) -> str:
    """Say which variants differ from vanilla, and which only the paper's test would tell apart.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    labels : mapping of str to str
        From tasks to their names.
    alpha : float
        The level of the tests.
    selection_luck : bool
        Whether the tests count the luck of selection.
    """
    others = welch[welch["variant"] != REFERENCE]
    tested = others[others["p_adjusted"].notna()]
    if tested.empty:
        return "No variant could be compared with vanilla."
    significant = tested[differs(tested)]
    tasks = list(tested["task"].unique())
    parts = []
    better = significant[significant["direction"] == "better"]
    if better.empty:
        where = f" on {labels[tasks[0]]}" if len(tasks) == 1 else " on any task"
        parts.append(f"no variant is significantly better than vanilla{where}")
    else:
        names = [f"{row.variant} on {labels[row.task]}" for row in better.itertuples()]
        parts.append(f"{_subject(names)} significantly better than vanilla")
    parts += _worse(significant[significant["direction"] == "worse"], tested, tasks)
    missing = len(others) - len(tested)
    if missing:
        parts.append(f"{count(missing, 'comparison')} could not be made")
    text = "; ".join(parts)
    text = f"{text[0].upper()}{text[1:]} ({TESTS[selection_luck]}, α = {alpha:g})."
    lucky = differs(tested, "paper_") & ~differs(tested)
    if selection_luck and lucky.any():
        names = [
            row.variant if len(tasks) == 1 else f"{row.variant} on {labels[row.task]}"
            for row in tested[lucky].itertuples()
        ]
        text += " The paper’s test, which knows nothing of the luck of selection, would also tell "
        text += f"{listed(names)} from vanilla."
    return text


def _worse(worse: pd.DataFrame, tested: pd.DataFrame, tasks: Sequence[str]) -> list[str]:
    if worse.empty:
        return ["none is significantly worse"]
    of_variant = worse.groupby("variant", sort=False)["task"].nunique()
    possible = tested.groupby("variant", sort=False)["task"].nunique()
    everywhere = [v for v, n in of_variant.items() if n == len(tasks) == possible[v]]
    somewhere = [v for v in of_variant.index if v not in everywhere]
    if len(tasks) == 1:
        return [f"significantly worse {_are(everywhere)}"]
    parts = []
    if everywhere:
        number = "both" if len(tasks) == 2 else f"all {len(tasks)}"
        parts.append(f"{_subject(everywhere)} significantly worse on {number} tasks")
    if somewhere:
        where = "on some" if everywhere else "significantly worse on some of them"
        parts.append(f"{listed(somewhere) if everywhere else _subject(somewhere)} {where}")
    return [", ".join(parts)]


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _subject(names: Sequence[str]) -> str:
    return f"{listed(names)} {_is(names)}"


def _are(names: Sequence[str]) -> str:
    return f"{_is(names)} {listed(names)}"


def comparisons(
    welch: pd.DataFrame,
    labels: Mapping[str, str],
    measures: Mapping[str, str],
    alpha: float,
    margins: Mapping[str, float],
    selection_luck: bool = True,
) -> list[str]:
    """Say for each task which variants differ from vanilla, which do not, and by how much.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    labels, measures : mapping of str to str
        From tasks to their names and to what their results measure.
    alpha : float
        The level of the tests; their intervals cover 1 - alpha.
    margins : mapping of str to float
        From tasks to the difference that counts as none; without one nothing is "no different".
    selection_luck : bool
        Whether the tests count the luck of selection.

    Returns
    -------
    list of str
        A few sentences a task.
    """
    sentences = []
    for task, rows in welch.groupby("task", sort=False):
        reference = rows[rows["variant"] == REFERENCE]
        margin = margins.get(task, 0.0)
        means = rows.dropna(subset=["mean"])
        if means.empty:
            sentences.append(f"{labels[task]}: no selected trial has a test result.")
            continue
        best = means.loc[means["mean"].idxmin()]
        text = f"{labels[task]}: the selected trials of {best['variant']} are best on average, "
        text += f"with {quantity(measures[task], best['mean'])}"
        if best["variant"] != REFERENCE and reference["mean"].notna().any():
            text += f"; vanilla has {short(reference['mean'].iloc[0])}"
            text += "" if is_found(best) else ", and that may be chance"
        said = _differences(rows, alpha, margin, TESTS[selection_luck])
        sentences.append(f"{text}. {said}".strip())
    return sentences


def _with_interval(row: Named, alpha: float) -> str:
    sign = "+" if row.difference > 0 else ""
    interval = f"{short(row.ci_low)} to {short(row.ci_high)}"
    return f"{row.variant} ({sign}{short(row.difference)}, {100 * (1 - alpha):g} % {interval})"


def _differences(rows: pd.DataFrame, alpha: float, margin: float, test: str) -> str:
    tested = rows[rows["p_adjusted"].notna()]
    if tested.empty:
        return ""
    stands = pd.Series([standing(r, margin) for r in tested.to_dict("records")], tested.index)
    parts = []
    for word, text in (
        (BETTER, f"Significantly better than vanilla ({test}) "),
        (WORSE, f"Significantly worse than vanilla ({test}) "),
        (NO_DIFFERENT, f"No different by more than {short(margin)} "),
        (OPEN, "Neither shown to differ nor not to "),
    ):
        some = tested[stands == word]
        if len(some):
            ordered = some.sort_values("difference", key=abs, ascending=False)
            each = [_with_interval(r, alpha) for r in ordered.itertuples()]
            parts.append(f"{text}{_are(each)}.")
    detectable = tested["detectable"].dropna()
    if len(detectable):
        parts.append(
            f"A difference of {short(detectable.min())} to {short(detectable.max())}, depending on "
            "the variant, is found with a chance of 80 %."
        )
    return " ".join(parts)


def importances(
    importance: pd.DataFrame,
    labels: Mapping[str, str],
    variant: str = REFERENCE,
    surrogate: str = GP,
) -> list[str]:
    """Say for each task how much of the result's variance each hyperparameter explains.

    Parameters
    ----------
    importance : pandas.DataFrame
        As `fanova.analyse_search` returns it.
    labels : mapping of str to str
        From tasks to their names.

    Returns
    -------
    list of str
        A sentence or two a task.
    """
    sentences = []
    for task, rows in _of_test(importance, variant, surrogate).groupby("task", sort=False):
        first = rows.iloc[0]
        if rows["share"].isna().all():
            sentences.append(f"{labels[task]}: {first['note']}.")
            continue
        alone = of_order(rows, 1)
        main = rows[alone].sort_values("share", ascending=False)
        each = [f"{_name(r.term)} {_share(r)}" for r in main.itertuples()]
        together = next(rows[rows["term"] == HIGHER].itertuples())
        text = (
            f"{labels[task]}: shares in the variance of the test result are {listed(each)}, each "
        )
        text += f"alone, and {_share(together)} several together ({SURROGATES[surrogate]}, R² of "
        text += f"trials left out: {short(first['r2'])})."
        if surrogate == GP:
            text += _by_forest(importance, task, variant)
        if first["note"]:
            text += f" Beware: {first['note']}."
        sentences.append(text)
    return sentences


def what_matters(importance: pd.DataFrame, labels: Mapping[str, str], surrogate: str = GP) -> str:
    """Say in one sentence which hyperparameter explains most of vanilla's variance.

    Parameters
    ----------
    importance : pandas.DataFrame
        As `fanova.analyse_search` returns it.
    labels : mapping of str to str
        From tasks to their names.

    Returns
    -------
    str
        Empty without any share.
    """
    rows = _of_test(importance, REFERENCE, surrogate)
    alone = rows[(rows["order"].fillna(0) == 1) & rows["share"].notna()]
    most = alone.loc[alone.groupby("task", sort=False)["share"].idxmax()]
    each = []
    for term, rows in most.groupby("term", sort=False):
        where = (f"{labels[row.task]} ({percent(row.share)})" for row in rows.itertuples())
        each.append(f"{_name(term)} on {listed(where)}")
    return f"Most of vanilla’s variance is explained by {listed(each)}." if each else ""


def _share(row: Named) -> str:
    return f"{percent(row.share)} ({percent(row.low)} to {percent(row.high)})"


def _by_forest(importance: pd.DataFrame, task: str, variant: str) -> str:
    rows = _of_test(importance, variant, FOREST)
    rows = rows[(rows["task"] == task) & (rows["term"] == HIGHER)]
    if rows.empty:
        return ""
    share = percent(rows["share"].iloc[0])
    return f" The paper’s forest would have given {share} to several together."


def _name(hyperparameter: str) -> str:
    return BY_NAME[hyperparameter].label


def interactions(
    importance: pd.DataFrame,
    labels: Mapping[str, str],
    variant: str = REFERENCE,
    surrogate: str = GP,
) -> list[str]:
    """Say for each task which two hyperparameters interact most.

    Parameters
    ----------
    importance : pandas.DataFrame
        As `fanova.analyse_search` returns it.

    Returns
    -------
    list of str
        One sentence a task.
    """
    sentences = []
    for task, rows in _of_test(importance, variant, surrogate).groupby("task", sort=False):
        pairs = rows[rows["order"] == 2]
        if pairs.empty:
            continue
        top = next(pairs.loc[[pairs["share"].idxmax()]].itertuples())
        open_ = (pairs.loc[pairs["term"] != top.term, "high"] >= top.low).any()
        names = listed(_name(name) for name in top.term.split(" × "))
        rest = next(rows[rows["term"] == BEYOND_PAIRS].itertuples())
        sentences.append(
            f"{labels[task]}: the strongest interaction of two is {'perhaps ' if open_ else ''}"
            f"that of {names}, with "
            f"{_share(top)} of the variance; those of three and more have {_share(rest)} together."
        )
    return sentences


def _of_test(importance: pd.DataFrame, variant: str, surrogate: str) -> pd.DataFrame:
    return importance[
        (importance["response"] == "test")
        & (importance["variant"] == variant)
        & (importance["surrogate"] == surrogate)
    ]


def marginals(
    found: pd.DataFrame,
    labels: Mapping[str, str],
    measures: Mapping[str, str],
    variant: str = REFERENCE,
    surrogate: str = GP,
) -> list[str]:
    """Say for each task where the predicted result is best, and what size and noise do.

    Parameters
    ----------
    found : pandas.DataFrame
        As `effects.table` returns it.
    labels, measures : mapping of str to str
        From tasks to their names and to what their results measure.

    Returns
    -------
    list of str
        One sentence or more a task.
    """
    chosen = found[(found["variant"] == variant) & (found["by"] == surrogate)]
    sentences = []
    for task, rows in chosen.groupby("task", sort=False):
        known = {row.effect: row for row in rows.itertuples()}
        parts = [
            text
            for text in (
                _basin(known, measures[task]),
                *map(partial(_span, known), HYPERPARAMETERS),
            )
            if text
        ]
        if parts:
            sentences.append(f"{labels[task]}: {' '.join(parts)}")
    return sentences


def _basin(known: Mapping[str, Named], measure: str) -> str:
    if effects.BEST_RATE not in known:
        return ""
    least, best, low, high, below = (
        known[name]
        for name in (
            effects.LOWEST,
            effects.BEST_RATE,
            effects.BASIN_LOW,
            effects.BASIN_HIGH,
            effects.BELOW_END,
        )
    )
    text = f"the lowest prediction, {quantity(measure, least.estimate)} ({_interval(least)}), is "
    text += f"at learning rate {short(best.estimate)} ({_interval(best)}), in a basin from "
    text += f"{short(low.estimate)} ({_interval(low)}) to {short(high.estimate)} "
    text += f"({_interval(high)})"
    # The highest rate searched, but for rounding.
    if high.estimate >= 0.999 * best.estimate * 10**below.estimate:
        text += ", which reaches the upper end of the searched range"
    return f"{text}."


def _interval(row: Named) -> str:
    return f"interval {short(row.low)} to {short(row.high)}"


def _changes(row: Named, what: str) -> str:
    """Word a change by what its interval allows."""
    if row.low <= 0 <= row.high:
        return (
            f"{what} by {short(row.estimate)} at a guess, but perhaps not at all ({_interval(row)})"
        )
    word = "falls" if row.estimate < 0 else "rises"
    low, high = sorted((abs(row.low), abs(row.high)))
    return (
        f"{what.replace('changes', word)} by {short(abs(row.estimate))} "
        f"(interval {short(low)} to {short(high)})"
    )


def _span(known: Mapping[str, Named], along: Hyperparameter) -> str:
    """Say what the result, and the time of training, do from one end of a range to the other."""
    row = known.get(effects.change_of("test", along.name))
    if row is None:
        return ""
    text = _changes(row, f"{along.span} it changes")
    if along.name == "input_noise":
        return _noise(known, text)
    time = known.get(effects.ratio_of("train_seconds", along.name))
    if time is not None and time.estimate > 0:
        text += f", and training takes {short(time.estimate)} times as long ({_interval(time)})"
    return f"{text}."


def _noise(known: Mapping[str, Named], text: str) -> str:
    gain, best = known[effects.NOISE_GAIN], known[effects.BEST_NOISE]
    if best.low > effects.NO_NOISE[1]:
        text += f"; noise is best at {short(best.estimate)} ({_interval(best)}), which gains "
        text += f"{short(gain.estimate)} over none ({_interval(gain)})"
    else:
        text += "; that some of it helps is not clear"
    return f"{text}."


def best_trials(trials: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Say for each task which trial is best by validation, and when it was.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    list of str
        One sentence a task.
    """
    sentences = []
    for task, rows in trials.groupby("task", sort=False):
        known = rows.dropna(subset=["validation"])
        if known.empty:
            sentences.append(f"{labels[task]}: no trial has a result.")
            continue
        best = known.loc[known["validation"].idxmin()]
        sentences.append(
            f"{labels[task]}: best by validation is {best['variant']}, trial {best['trial']}, with "
            f"{short(best['validation'])} in epoch {best['best_epoch']} of {best['epochs']}, and "
            f"{short(best['test'])} in the test."
        )
    return sentences


def budgets(budget: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Say for each task which variant to expect the best result of, with few trials and with more.

    Parameters
    ----------
    budget : pandas.DataFrame
        As `budget.expected_best` returns it.

    Returns
    -------
    list of str
        One sentence a task. Budgets above half of the trials are left out, as their bands are too
        narrow.
    """
    sentences = []
    for task, rows in budget.groupby("task", sort=False):
        known = rows.dropna(subset=["expected"])
        parts = []
        for k in BUDGETS:
            of_k = known[known["k"] == k]
            if k > rows["k"].max() / 2 or of_k.empty:
                continue
            best = of_k.loc[of_k["expected"].idxmin()]
            text = f"with {count(k, 'trial')} {best['variant']} ({short(best['expected'])}, "
            text += f"interval {short(best['low'])} to {short(best['high'])}"
            reference = of_k[of_k["variant"] == REFERENCE]
            if best["variant"] != REFERENCE and len(reference):
                text += f"; vanilla {short(reference['expected'].iloc[0])}"
            parts.append(f"{text})")
        if parts:
            sentences.append(
                f"{labels[task]}: best in expectation, by these trials, is {listed(parts)}."
            )
    return sentences


def verdicts(claims: pd.DataFrame) -> str:
    """Count the verdicts, and those by the paper's own rule.

    Parameters
    ----------
    claims : pandas.DataFrame
        Read are `verdict` and `paper_rule`.

    Returns
    -------
    str
        Two sentences.
    """
    counted = []
    for column in ("verdict", "paper_rule"):
        counts = claims[column].value_counts()
        counted.append(
            listed(
                f"{counts.get(verdict, 0)} {verdict}"
                for verdict in VERDICTS
                if counts.get(verdict, 0)
            )
        )
    return (
        f"Of {count(len(claims), 'claim')}: {counted[0]}. By the paper’s own rules: {counted[1]}."
    )
