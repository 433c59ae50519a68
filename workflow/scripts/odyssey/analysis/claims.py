"""The paper's statements as data, and the verdicts on them: intervals against regions.

A statement names an effect and the region in which it has to lie. It is reproduced if the effect's
whole interval lies in there, contradicted if all of it lies outside, and undecided otherwise, so
that nothing is gained by knowing little. Beside that verdict stands the one by the paper's own
rule: its test, its forest, and its way of reading them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from odyssey.analysis import effects
from odyssey.analysis.effects import change_of, rank_of, share_of
from odyssey.analysis.files import read_csv
from odyssey.analysis.samples import samples
from odyssey.analysis.surrogates import FOREST, GP
from odyssey.cells.variants import PAPER_VARIANTS

REPRODUCED, CONTRADICTED, UNDECIDED = "reproduced", "contradicted", "undecided"
PAPER_TASKS = ("timit", "iam", "jsb")
# Selected trials a group, and trials a surrogate, below which nothing is decided.
GROUP_MINIMUM, SURROGATE_MINIMUM = 10, 80
# Share of the variance explained of trials left out below which a surrogate means little.
R2_MINIMUM = 0.3
# Intervals that cover less often than this, measured on functions that are known, decide nothing.
COVERAGE_MINIMUM = 0.9

COLUMNS = {
    "claim": "str",
    "task": "str",
    "paper": "str",
    "measured": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "verdict": "str",
    "coverage": "float64",
    "paper_rule": "str",
    "paper_measured": "float64",
    "paper_low": "float64",
    "paper_high": "float64",
    "note": "str",
    "rule": "str",
}
# Of the table that benchmarks/importance_bias.py measures.
COVERAGE_COLUMNS = {
    "effect": "str",
    "coverage": "float64",
    "truth": "str",
    "kind": "str",
    "n": "int64",
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
REACHED = 1.02
# Sources that are the corpus of the paper, in its features; others do not compare with `BEST`.
PAPER_SOURCES = {
    "timit": {"ldc93s1"},
    "iam": {"iam"},
    "jsb": {"json", "pickle", "download"},
}


@dataclass(frozen=True)
class Region:
    """Where an effect has to lie.

    Parameters
    ----------
    low, high : float
        Its ends, which do not belong to it unless they are equal.
    margins : bool
        Whether the ends are multiples of the task's margin of no difference.
    """

    low: float = -math.inf
    high: float = math.inf
    margins: bool = False


@dataclass(frozen=True)
class Part:
    """An effect that a statement speaks of.

    Parameters
    ----------
    effect : str
        As `effects` names it.
    region : Region
    variant : str
    """

    effect: str
    region: Region
    variant: str = "V"


@dataclass(frozen=True)
class Claim:
    """A statement of the paper about one task or about all of them; it holds if all its parts do.

    Parameters
    ----------
    statement : str
    paper : dict of str to str
        From each task that the paper says it of to the paper's value. The task ``all`` stands for
        all three together.
    parts : tuple of Part
    rule : str
        In words, when it is reproduced.
    paper_rule : callable
        From the effect as the paper measures it to whether the statement holds by the paper's
        rule; None where that decides nothing.
    """

    statement: str
    paper: dict[str, str]
    parts: tuple[Part, ...]
    rule: str
    paper_rule: Callable[[dict], bool | None] = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """What a study says about a statement.

    Parameters
    ----------
    verdict : str
    measured, low, high : float
        The number behind it and its interval, NaN if there is none.
    note : str
    effect : str
        Whose number that is.
    """

    verdict: str
    measured: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""
    effect: str = ""


def verdict(low: float, high: float, region: Region, margin: float = 1.0) -> str:
    """Hold an interval against a region.

    Parameters
    ----------
    low, high : float
        Ends of the interval, both within it.
    region : Region
    margin : float
        The task's margin of no difference.

    Returns
    -------
    str
        ``reproduced`` if the interval lies in the region, ``contradicted`` if outside of it, else
        ``undecided``.
    """
    scale = margin if region.margins else 1.0
    bottom, top = region.low * scale, region.high * scale
    if bottom == top:
        inside, outside = low == high == bottom, high < bottom or low > top
    else:
        inside, outside = bottom < low and high < top, high <= bottom or low >= top
    return REPRODUCED if inside else CONTRADICTED if outside else UNDECIDED


def standing(row: Mapping, margin: float) -> str:
    """Say how a variant stands to vanilla.

    Parameters
    ----------
    row : mapping
        Read are `difference`, `ci_low`, `ci_high` and `significant`, as of `welch.compare`.
    margin : float
        The task's margin of no difference.

    Returns
    -------
    str
        ``worse`` or ``better`` if the difference is significant, ``no different`` if its interval
        lies within the margin to both sides, else ``open``; empty if there is no interval.
    """
    if pd.isna(row["ci_low"]):
        return ""
    if pd.notna(row["significant"]) and row["significant"]:
        return "worse" if row["difference"] > 0 else "better"
    inside = verdict(row["ci_low"], row["ci_high"], SAME, margin) == REPRODUCED
    return "no different" if inside else "open"


def _significant(holds: Callable[[float, float], bool]) -> Callable[[dict], bool]:
    """Judge by the paper's test, corrected: whether an interval for all comparisons has 0."""
    return lambda row: holds(row["family_low"], row["family_high"])


def _in_range(low: float, high: float) -> Callable[[dict], bool | None]:
    """Judge by a share in a range; one whose interval merely reaches there decides nothing."""

    def holds(row: dict) -> bool | None:
        if low <= row["estimate"] <= high:
            return True
        return None if row["low"] <= high and row["high"] >= low else False

    return holds


def _point(low: float = -math.inf, high: float = math.inf) -> Callable[[dict], bool]:
    """Judge by the number alone."""
    return lambda row: low <= row["estimate"] <= high


def _sign(positive: bool) -> Callable[[dict], bool | None]:
    """Judge by a change's sign; one whose interval spans 0 decides nothing."""

    def holds(row: dict) -> bool | None:
        if row["low"] <= 0 <= row["high"]:
            return None
        return (row["estimate"] > 0) == positive

    return holds


def _all(value: str) -> dict[str, str]:
    return dict.fromkeys(PAPER_TASKS, value)


def _of_v(effect: str, low: float = -math.inf, high: float = math.inf) -> tuple[Part, ...]:
    return (Part(effect, Region(low, high)),)


RISES, FALLS = Region(low=0.0), Region(high=0.0)
SAME, NOT_BETTER = Region(-1, 1, margins=True), Region(low=-1, margins=True)
ENOUGH = f"at least {GROUP_MINIMUM} selected trials a group"
TRUSTED = (
    f"Gaussian process of V with at least {SURROGATE_MINIMUM} trials that explains at least "
    f"{R2_MINIMUM} of the variance of trials left out"
)
CLAIMS = (
    *(
        Claim(
            f"{variant} is significantly worse than V",
            {task: "worse" for task in PAPER_TASKS if variant in WORSE[task]},
            (Part(effects.DIFFERENCE, RISES, variant),),
            f"interval of the difference, for all comparisons of the task, above 0; {ENOUGH}",
            _significant(lambda low, high: low > 0),
        )
        for variant in OTHERS
        if any(variant in WORSE[task] for task in PAPER_TASKS)
    ),
    *(
        Claim(
            f"{variant} does not differ significantly from V",
            {task: "no difference" for task in PAPER_TASKS if variant not in WORSE[task]},
            (Part(effects.DIFFERENCE, SAME, variant),),
            "interval of the difference within the margin to both sides, which is a tenth of what "
            f"search gains over V's median trial unless set otherwise; {ENOUGH}",
            _significant(lambda low, high: low <= 0 <= high),
        )
        for variant in OTHERS
        if any(variant not in WORSE[task] for task in PAPER_TASKS)
    ),
    Claim(
        "No variant is significantly better than V",
        _all("0"),
        tuple(Part(effects.DIFFERENCE, NOT_BETTER, variant) for variant in OTHERS),
        f"no interval of a difference reaches below 0 by more than the margin; {ENOUGH}, all eight",
        _significant(lambda low, high: high >= 0),
    ),
    Claim(
        "Forget gate and output activation are the most critical parts",
        _all("both worse"),
        tuple(Part(effects.DIFFERENCE, RISES, variant) for variant in ("NFG", "NOAF")),
        f"NFG and NOAF both significantly worse than V; {ENOUGH}",
        _significant(lambda low, high: low > 0),
    ),
    Claim(
        "Best test result",
        {task: f"{value:g}" for task, value in BEST.items()},
        tuple(Part(effects.BEST, Region(), variant) for variant in PAPER_VARIANTS),
        "best selected trial of the paper's variants at most 2 % (relative) above the paper's, as "
        "recalled; what one network did, picked by its test result as the paper's was, is no "
        "estimate and has no interval; undecided on another corpus than the paper's; contradicted "
        f"only with {ENOUGH}",
        _point(),
    ),
    Claim(
        "The learning rate explains more than two thirds of the variance of the error",
        _all("> 0.667"),
        _of_v(share_of("learning_rate"), 2 / 3),
        f"interval of the share of its main effect above 2/3; {TRUSTED}",
        _in_range(2 / 3, math.inf),
    ),
    Claim(
        "Hidden size is the second most important hyperparameter",
        _all("rank 2"),
        _of_v(rank_of("hidden_size"), 2, 2),
        f"second largest main effect, whatever the intervals of the shares allow; {TRUSTED}",
        _point(2, 2),
    ),
    Claim(
        "Input noise is the third most important hyperparameter",
        _all("rank 3"),
        _of_v(rank_of("input_noise"), 3, 3),
        f"third largest main effect, whatever the intervals of the shares allow; {TRUSTED}",
        _point(3, 3),
    ),
    Claim(
        "Momentum explains less than one per cent",
        _all("< 0.01"),
        _of_v(share_of("momentum"), high=0.01),
        f"interval of the share of its main effect below 0.01; {TRUSTED}",
        _in_range(0.0, 0.01),
    ),
    Claim(
        "Interactions explain 5 to 20 per cent",
        _all("0.05 to 0.2"),
        _of_v(effects.INTERACTIONS, 0.05, 0.2),
        f"interval of the share of all interactions between 0.05 and 0.2; {TRUSTED}",
        _in_range(0.05, 0.2),
    ),
    Claim(
        "Interactions are largest on TIMIT",
        {"all": "timit"},
        _of_v(effects.INTERACTIONS),
        f"interval of the share of all interactions above those of IAM and JSB; {TRUSTED}",
        _point(),
    ),
    Claim(
        "Learning rate and momentum hardly interact",
        {"timit": "0.025"},
        _of_v(share_of("learning_rate × momentum"), high=0.05),
        "interval of the share of the pair below 0.05, twice the paper's, as recalled; " + TRUSTED,
        _in_range(0.0, 0.05),
    ),
    Claim(
        "Good learning rates form a basin up to two orders of magnitude wide",
        _all("up to 2"),
        _of_v(effects.BASIN_WIDTH, 0.5, 2.5),
        "interval between half a decade and 2.5 decades around the best rate in which the marginal "
        f"error is within a tenth of its range from its minimum; {TRUSTED}",
        _point(0.5, 2.5),
    ),
    Claim(
        "The best learning rates lie at the high end of the range or beyond it",
        {"iam": "last decade", "jsb": "last decade"},
        _of_v(effects.BELOW_END, high=1),
        f"interval of the least marginal error in the last decade of the range; {TRUSTED}",
        _point(high=1.0),
    ),
    Claim(
        "Larger networks are better",
        _all("error falls"),
        (Part(change_of("test", "hidden_size"), FALLS),),
        "interval of the marginal error in the last tenth of sizes less that in the first below 0; "
        + TRUSTED,
        _sign(positive=False),
    ),
    Claim(
        "Larger networks bring diminishing returns",
        _all("ratio < 1"),
        _of_v(effects.RETURNS, high=1),
        "interval of the gain per block above the middle size over that under it below 1; "
        + TRUSTED,
        _point(high=1.0),
    ),
    Claim(
        "Larger networks take longer to train",
        _all("time rises"),
        (Part(change_of("train_seconds", "hidden_size"), RISES),),
        "interval of the marginal time in the last tenth of sizes less that in the first above 0; "
        + TRUSTED,
        _sign(positive=True),
    ),
    Claim(
        "Input noise hurts",
        {"iam": "error rises", "jsb": "error rises"},
        (Part(change_of("test", "input_noise"), RISES),),
        "interval of the marginal error in the last tenth of noise less that in the first above 0; "
        + TRUSTED,
        _sign(positive=True),
    ),
    Claim(
        "Some input noise helps on TIMIT",
        {"timit": "dip at 0.2 to 0.5"},
        (Part(effects.DIP, FALLS),),
        "interval of the mean marginal error at a noise of 0.2 to 0.5 less that of 0 to 0.1 below "
        f"0; {TRUSTED}",
        _sign(positive=False),
    ),
    Claim(
        "Input noise slows training",
        _all("time rises"),
        (Part(change_of("train_seconds", "input_noise"), RISES),),
        "interval of the marginal time in the last tenth of noise less that in the first above 0; "
        + TRUSTED,
        _sign(positive=True),
    ),
)

Row = dict
"""A row of `effects.COLUMNS`."""


class Undecided(Exception):  # noqa: N818
    """A study is too small for a statement, or lacks what it takes.

    Parameters
    ----------
    note : str
        Why.
    row : dict, optional
        The effect that there is all the same.
    """

    def __init__(self, note: str, row: Row | None = None):
        super().__init__(note)
        row = row or {}
        numbers = (row.get(name, math.nan) for name in ("estimate", "low", "high"))
        self.finding = Finding(UNDECIDED, *numbers, note=note, effect=row.get("effect", ""))


Known = dict[tuple[str, str, str, str], Row]
"""From task, variant, effect and method to the effect."""


def _effect(known: Known, task: str, part: Part, by: str) -> Row:
    """Return an effect that is known well enough to decide."""
    if not any(key[:2] == (task, part.variant) for key in known):
        raise Undecided(f"{part.variant} is not in the study")
    row = known.get((task, part.variant, part.effect, by))
    if row is None:
        raise Undecided(f"no {part.effect}")
    if part.effect == effects.DIFFERENCE:
        if pd.isna(row["low"]):
            raise Undecided(row["note"] or "not in the study", row)
        if row["n"] < GROUP_MINIMUM:
            note = f"too few trials: {row['n']} selected, {GROUP_MINIMUM} are needed"
            raise Undecided(note, row)
    elif by in (GP, FOREST):
        if row["n"] < SURROGATE_MINIMUM:
            note = f"too few trials: {row['n']} of V, {SURROGATE_MINIMUM} are needed"
            raise Undecided(note, row)
        if not row["r2"] >= R2_MINIMUM:
            raise Undecided(f"too little is explained of trials left out: R² {row['r2']:.2f}", row)
    return row


def _margin(known: Known, task: str) -> float:
    row = known.get((task, "V", effects.MARGIN, effects.TRIALS))
    return math.nan if row is None else row["estimate"]


def _by_interval(claim: Claim, known: Known, task: str) -> Finding:
    """Judge each part, and let the least favourable speak."""
    margin, findings, missing = _margin(known, task), [], {}
    for part in claim.parts:
        of_comparison = part.effect == effects.DIFFERENCE
        try:
            row = _effect(known, task, part, effects.PERMUTATION if of_comparison else GP)
        except Undecided as reason:
            text = str(reason).removeprefix(f"{part.variant} is ")
            missing.setdefault(text, []).append(part.variant)
            findings.append(reason.finding)
            continue
        # A difference that is claimed was looked for among all variants; that there is none is
        # asked of each alone.
        searched = of_comparison and not part.region.margins
        low, high = (row[f"{'family_' if searched else ''}{end}"] for end in ("low", "high"))
        made = verdict(low, high, part.region, margin)
        if made == CONTRADICTED and of_comparison and len(claim.parts) > 1:
            # One of several parts is enough, and each has its chance to err.
            made = verdict(row["family_low"], row["family_high"], part.region, margin)
        note = part.variant if len(claim.parts) > 1 else ""
        findings.append(Finding(made, row["estimate"], low, high, note, part.effect))
    for made in (CONTRADICTED, UNDECIDED, REPRODUCED):
        chosen = [finding for finding in findings if finding.verdict == made]
        if chosen:
            break
    if made == UNDECIDED and missing and len(claim.parts) > 1:
        note = "; ".join(f"{', '.join(names)}: {text}" for text, names in missing.items())
        return Finding(UNDECIDED, note=note)
    return min(chosen, key=lambda f: math.inf if math.isnan(f.measured) else f.measured)


def _by_paper(claim: Claim, known: Known, task: str) -> Finding:
    """Judge each part by the paper's rule."""
    findings = []
    for part in claim.parts:
        of_comparison = part.effect == effects.DIFFERENCE
        try:
            row = _effect(known, task, part, effects.WELCH if of_comparison else FOREST)
        except Undecided as reason:
            findings.append(reason.finding)
            continue
        made = {True: REPRODUCED, False: CONTRADICTED, None: UNDECIDED}[claim.paper_rule(row)]
        findings.append(Finding(made, row["estimate"], row["low"], row["high"]))
    for made in (CONTRADICTED, UNDECIDED, REPRODUCED):
        chosen = [finding for finding in findings if finding.verdict == made]
        if chosen:
            break
    return min(chosen, key=lambda f: math.inf if math.isnan(f.measured) else f.measured)


def _best_result(known: Known, distributions: pd.DataFrame, task: str) -> Finding:
    """Judge whether the best network reaches the paper's; one network is what it is."""
    keys = [(task, variant, effects.BEST, effects.TRIALS) for variant in PAPER_VARIANTS]
    rows = [known[key] for key in keys if key in known and known[key]["n"] > 0]
    if not rows:
        raise Undecided("no trial has a result")
    row = min(rows, key=lambda row: row["estimate"])
    of_paper = distributions[distributions["variant"].isin(PAPER_VARIANTS)]
    others = sorted(set(of_paper["source"].fillna("unknown")) - PAPER_SOURCES[task])
    if others:
        raise Undecided(f"another corpus than the paper's: {'; '.join(others)}", row)
    reached = row["estimate"] <= REACHED * BEST[task]
    if not reached and row["n"] < GROUP_MINIMUM:
        note = f"too few trials: {row['n']} selected, {GROUP_MINIMUM} are needed"
        raise Undecided(note, row)
    made = REPRODUCED if reached else CONTRADICTED
    note = f"{row['variant']}; one network's result, which has no interval"
    return Finding(made, row["estimate"], note=note, effect=effects.BEST)


def _largest_on_timit(known: Known, by: str) -> Finding:
    """Judge whether interactions are larger on TIMIT than on the other tasks."""
    rows = {}
    for task in PAPER_TASKS:
        try:
            rows[task] = _effect(known, task, Part(effects.INTERACTIONS, Region()), by)
        except Undecided as reason:
            raise Undecided(f"{task}: {reason}") from None
    first, others = rows["timit"], [rows[task] for task in PAPER_TASKS if task != "timit"]
    largest = max(rows, key=lambda task: rows[task]["estimate"])
    if by == FOREST:
        made = REPRODUCED if largest == "timit" else CONTRADICTED
    elif all(first["low"] > other["high"] for other in others):
        made = REPRODUCED
    elif any(first["high"] < other["low"] for other in others):
        made = CONTRADICTED
    else:
        made = UNDECIDED
    return Finding(
        made,
        *(first[name] for name in ("estimate", "low", "high")),
        f"largest on {largest}",
        effects.INTERACTIONS,
    )


def _findings(
    claim: Claim, known: Known, distributions: pd.DataFrame, task: str
) -> tuple[Finding, Finding]:
    """Judge a statement by its region and by the paper's rule."""
    made = []
    for by, judged in ((GP, _by_interval), (FOREST, _by_paper)):
        try:
            if claim.statement == "Best test result":
                finding = _best_result(known, distributions, task)
            elif task == "all":
                finding = _largest_on_timit(known, by)
            else:
                finding = judged(claim, known, task)
        except Undecided as reason:
            finding = reason.finding
        made.append(finding)
    return made[0], made[1]


def read_coverage() -> dict[str, float]:
    """Read how often intervals have covered functions that are known.

    Returns
    -------
    dict of str to float
        From effects to the least coverage over the functions, at the paper's number of trials;
        measured by benchmarks/importance_bias.py.
    """
    table = read_csv(Path(__file__).with_name("coverage.csv"), COVERAGE_COLUMNS)
    return table.groupby("effect")["coverage"].min().to_dict()


def _doubts(distributions: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, str]:
    """Say of each task why its corpus lets nothing be decided; an empty string if it does."""
    doubts = {}
    sampled = samples(distributions, kinds)
    for task, rows in distributions.groupby("task", sort=False):
        made_up = "stand-in corpus" if rows["synthetic"].any() else ""
        doubts[task] = "; ".join(filter(None, (made_up, sampled.get(task))))
    return doubts


def judge(
    found: pd.DataFrame,
    distributions: pd.DataFrame,
    coverage: dict[str, float] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Hold the paper's statements against a study.

    Parameters
    ----------
    found : pandas.DataFrame
        As `effects.table` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it.
    coverage : dict of str to float, optional
        As `read_coverage` returns it, which is the default. An effect whose interval covers less
        often than `COVERAGE_MINIMUM` decides nothing.
    kinds : mapping of str to str, optional
        From the study's tasks to their kinds; by default each is named after its kind. Only tasks
        of the paper's kinds, `PAPER_TASKS`, are judged.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row for each claim and each task of a kind that the paper makes it of and the
        study has, the task ``all`` included, for which the first task of a kind stands.
        `paper_rule` is the verdict by the paper's own rule, with its number and interval. On a
        stand-in corpus or a mere sample of the paper's (`samples`) every verdict is "undecided".
    """
    coverage = read_coverage() if coverage is None else coverage
    kinds = {task: task for task in PAPER_TASKS} if kinds is None else kinds
    doubts = _doubts(distributions, kinds)
    of_kind = {kind: [t for t in doubts if kinds.get(t) == kind] for kind in PAPER_TASKS}
    # The paper has one task of a kind.
    of_kind["all"] = [names[0] for names in of_kind.values() if names]
    rows = []
    for claim in CLAIMS:
        for kind, paper in claim.paper.items():
            for tasks in [of_kind["all"]] if kind == "all" else [[t] for t in of_kind[kind]]:
                known = {
                    (kinds[row["task"]], row["variant"], row["effect"], row["by"]): row
                    for row in found.to_dict("records")
                    if row["task"] in tasks
                }
                of_tasks = distributions[distributions["task"].isin(tasks)]
                findings = _findings(claim, known, of_tasks, kind)
                doubt = list(dict.fromkeys(doubts[task] for task in tasks if doubts[task]))
                task = "all" if kind == "all" else tasks[0]
                rows.append(_row(claim, task, paper, findings, doubt, coverage))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _row(
    claim: Claim,
    task: str,
    paper: str,
    findings: tuple[Finding, Finding],
    doubt: list[str],
    coverage: dict[str, float],
) -> dict:
    """Write a row of `COLUMNS`: what is doubted, or covers too seldom, decides nothing."""
    ours, papers = findings
    made, made_by_paper, notes = ours.verdict, papers.verdict, [ours.note]
    held = coverage.get(ours.effect, math.nan)
    if made != UNDECIDED and held < COVERAGE_MINIMUM:
        made = UNDECIDED
        notes.append(f"its interval covers in {held:.0%} of known cases only")
    if doubt:
        made = made_by_paper = UNDECIDED
    return {
        "claim": claim.statement,
        "task": task,
        "paper": paper,
        "measured": ours.measured,
        "ci_low": ours.low,
        "ci_high": ours.high,
        "verdict": made,
        "coverage": held,
        "paper_rule": made_by_paper,
        "paper_measured": papers.measured,
        "paper_low": papers.low,
        "paper_high": papers.high,
        "note": "; ".join(note for note in (*doubt, *notes) if note),
        "rule": claim.rule,
    }
