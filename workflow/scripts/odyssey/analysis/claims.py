"""The verdicts on the paper's statements: a study's effects held against their regions.

A statement is reproduced if the whole intervals of its effects lie in their regions, contradicted
if one lies outside, and else undecided. Beside that verdict stands the one by the paper's own rule:
its test, its forest, and its way of reading them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from odyssey.analysis import effects
from odyssey.analysis.files import Row, read_csv, typed
from odyssey.analysis.samples import samples
from odyssey.analysis.statements import (
    BEST_RESULT,
    CLAIMS,
    COMPARED,
    GROUP_MINIMUM,
    KIN_CLAIMS,
    LARGEST,
    NUMBER,
    PAPER_BEST,
    PAPER_SOURCES,
    PAPER_TASKS,
    R2_MINIMUM,
    REACHED,
    SHARE,
    SIGN,
    SURROGATE_MINIMUM,
    Claim,
    Part,
)
from odyssey.analysis.surrogates import FOREST, GP
from odyssey.analysis.verdicts import CONTRADICTED, REPRODUCED, UNDECIDED, Region, verdict
from odyssey.cells.variants import PAPER_VARIANTS

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

Known = dict[tuple[str, str, str, str], Row]
"""From task, variant, effect and method to the effect, a row of `effects.COLUMNS`."""


@dataclass(frozen=True)
class Finding:
    """What a study says about a statement: the number behind it, NaN if there is none."""

    verdict: str
    measured: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""
    effect: str = ""  # whose number that is


class Undecided(Exception):  # noqa: N818
    """A study is too small for a statement, or lacks what it takes; the effect that there is."""

    def __init__(self, note: str, row: Row | None = None):
        super().__init__(note)
        row = row or {}
        estimate, low, high = (row.get(name, math.nan) for name in ("estimate", "low", "high"))
        self.finding = Finding(UNDECIDED, estimate, low, high, note, row.get("effect", ""))


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


def _least_favourable(findings: list[Finding]) -> Finding:
    """Pick the finding that decides on all parts; of several, that of the least number."""
    for made in (CONTRADICTED, UNDECIDED, REPRODUCED):
        chosen = [finding for finding in findings if finding.verdict == made]
        if chosen:
            break
    return min(chosen, key=lambda one: math.inf if math.isnan(one.measured) else one.measured)


def _by_interval(claim: Claim, known: Known, task: str) -> Finding:
    """Judge each part, and let the least favourable speak."""
    margin = _margin(known, task)
    findings: list[Finding] = []
    missing: dict[str, list[str]] = {}
    compared, several = claim.judge == COMPARED, len(claim.parts) > 1
    for part in claim.parts:
        try:
            row = _effect(known, task, part, effects.PERMUTATION if compared else GP)
        except Undecided as reason:
            text = str(reason).removeprefix(f"{part.variant} is ")
            missing.setdefault(text, []).append(part.variant)
            findings.append(reason.finding)
            continue
        # A difference that is claimed was looked for among all variants; that there is none is
        # asked of each alone.
        searched = compared and not part.region.margins
        low, high = (row[f"{'family_' if searched else ''}{end}"] for end in ("low", "high"))
        made = verdict(low, high, part.region, margin)
        if made == CONTRADICTED and compared and several:
            # One of several parts is enough, and each has its chance to err.
            made = verdict(row["family_low"], row["family_high"], part.region, margin)
        note = part.variant if several else ""
        findings.append(Finding(made, row["estimate"], low, high, note, part.effect))
    found = _least_favourable(findings)
    if found.verdict == UNDECIDED and missing and several:
        note = "; ".join(f"{', '.join(names)}: {text}" for text, names in missing.items())
        return Finding(UNDECIDED, note=note)
    return found


def _test_holds(row: Row, region: Region) -> bool:
    """Judge by the paper's test, corrected: a difference that it does not find is none."""
    found = int(row["family_low"] > 0) - int(row["family_high"] < 0)
    return region.low < found < region.high


def _share_holds(row: Row, region: Region) -> bool | None:
    """Judge by a share; one outside the region whose interval reaches there decides nothing."""
    if region.holds(row["estimate"]):
        return True
    return None if row["low"] <= region.high and row["high"] >= region.low else False


def _number_holds(row: Row, region: Region) -> bool:
    """Judge by the number alone."""
    return region.holds(row["estimate"])


def _sign_holds(row: Row, region: Region) -> bool | None:
    """Judge by a change's sign; one whose interval spans 0 decides nothing."""
    return None if row["low"] <= 0 <= row["high"] else region.holds(row["estimate"])


# From judges to what takes an effect as the paper measures it to whether it lies in the region by
# the paper's rule; None where that decides nothing.
PAPER_RULES = {
    COMPARED: _test_holds,
    SHARE: _share_holds,
    NUMBER: _number_holds,
    SIGN: _sign_holds,
}


def _by_paper(claim: Claim, known: Known, task: str) -> Finding:
    """Judge each part by the paper's rule."""
    by, holds = effects.WELCH if claim.judge == COMPARED else FOREST, PAPER_RULES[claim.judge]
    findings = []
    for part in claim.parts:
        try:
            row = _effect(known, task, part, by)
        except Undecided as reason:
            findings.append(reason.finding)
            continue
        made = {True: REPRODUCED, False: CONTRADICTED, None: UNDECIDED}[holds(row, part.region)]
        findings.append(Finding(made, row["estimate"], row["low"], row["high"]))
    return _least_favourable(findings)


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
    reached = row["estimate"] <= REACHED * PAPER_BEST[task]
    if not reached and row["n"] < GROUP_MINIMUM:
        note = f"too few trials: {row['n']} selected, {GROUP_MINIMUM} are needed"
        raise Undecided(note, row)
    made = REPRODUCED if reached else CONTRADICTED
    note = f"{row['variant']}; one network's result, which has no interval"
    return Finding(made, row["estimate"], note=note, effect=effects.BEST)


def _largest(claim: Claim, known: Known, by: str) -> Finding:
    """Judge whether an effect is larger on one task, the paper's value, than on the others."""
    (task,), (part,) = claim.paper.values(), claim.parts
    rows = {}
    for each in PAPER_TASKS:
        try:
            rows[each] = _effect(known, each, part, by)
        except Undecided as reason:
            raise Undecided(f"{each}: {reason}") from None
    first, others = rows[task], [row for each, row in rows.items() if each != task]
    largest = max(rows, key=lambda each: rows[each]["estimate"])
    if by == FOREST:
        made = REPRODUCED if largest == task else CONTRADICTED
    elif all(first["low"] > other["high"] for other in others):
        made = REPRODUCED
    elif any(first["high"] < other["low"] for other in others):
        made = CONTRADICTED
    else:
        made = UNDECIDED
    estimate, low, high = (first[name] for name in ("estimate", "low", "high"))
    return Finding(made, estimate, low, high, f"largest on {largest}", part.effect)


def _findings(
    claim: Claim, known: Known, distributions: pd.DataFrame, task: str
) -> tuple[Finding, Finding]:
    """Judge a statement by its region and by the paper's rule."""
    made = []
    for by, judged in ((GP, _by_interval), (FOREST, _by_paper)):
        try:
            if claim.judge == BEST_RESULT:
                finding = _best_result(known, distributions, task)
            elif claim.judge == LARGEST:
                finding = _largest(claim, known, by)
            else:
                finding = judged(claim, known, task)
        except Undecided as reason:
            finding = reason.finding
        made.append(finding)
    return made[0], made[1]


def read_coverage() -> dict[str, float]:
    """Read of each effect how often its interval holds, on the known function where it is least.

    At the paper's number of trials; benchmarks/importance_bias.py measures it.
    """
    table = read_csv(Path(__file__).with_name("coverage.csv"), COVERAGE_COLUMNS)
    least: dict[str, float] = table.groupby("effect")["coverage"].min().to_dict()
    return least


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
        study has, the task ``all`` included, for which the first task of a kind stands. Claims of
        the kin are judged where the study has the cell.
        `paper_rule` is the verdict by the paper's own rule, with its number and interval. On a
        stand-in corpus or a mere sample of the paper's (`samples`) every verdict is "undecided".
    """
    coverage = read_coverage() if coverage is None else coverage
    kinds = {task: task for task in PAPER_TASKS} if kinds is None else kinds
    doubts = _doubts(distributions, kinds)
    of_kind = {kind: [task for task in doubts if kinds.get(task) == kind] for kind in PAPER_TASKS}
    # The paper has one task of a kind.
    of_kind["all"] = [names[0] for names in of_kind.values() if names]
    there = set(found["variant"])
    of_others = [claim for claim in KIN_CLAIMS if {part.variant for part in claim.parts} <= there]
    # From tasks that are judged together to what is known of them.
    groups = {tuple(of_kind["all"]), *((task,) for names in of_kind.values() for task in names)}
    records = found.to_dict("records")
    known = {
        tasks: {
            (kinds[row["task"]], row["variant"], row["effect"], row["by"]): row
            for row in records
            if row["task"] in tasks
        }
        for tasks in groups
    }
    spread = {tasks: distributions[distributions["task"].isin(tasks)] for tasks in groups}
    rows = []
    for claim in (*CLAIMS, *of_others):
        for kind, paper in claim.paper.items():
            whole = kind == "all"
            for tasks in [tuple(of_kind["all"])] if whole else [(one,) for one in of_kind[kind]]:
                findings = _findings(claim, known[tasks], spread[tasks], kind)
                doubt = list(dict.fromkeys(doubts[task] for task in tasks if doubts[task]))
                rows.append(
                    _row(claim, kind if whole else tasks[0], paper, findings, doubt, coverage)
                )
    return typed(pd.DataFrame(rows), COLUMNS)


def _row(
    claim: Claim,
    task: str,
    paper: str,
    findings: tuple[Finding, Finding],
    doubt: list[str],
    coverage: dict[str, float],
) -> Row:
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
