"""The verdicts on the paper's statements, on effects made so that each one comes out each way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from odyssey.analysis import claims, effects, selection, statements
from odyssey.analysis.effects import FOREST, GP, PERMUTATION, WELCH, change_of, rank_of, share_of
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.statements import BEST_RESULT, CLAIMS, COMPARED, LARGEST, PAPER_TASKS
from odyssey.analysis.verdicts import CONTRADICTED, REPRODUCED, UNDECIDED, Region

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
VARIANTS = ("V", *statements.OTHERS)
SOURCES = {"timit": "ldc93s1", "iam": "iam", "jsb": "pickle"}
MARGIN = 0.5
INSIDE, OUTSIDE, ACROSS = "inside", "outside", "across"


def placed(region: Region, where: str) -> tuple[float, float]:
    """Place an effect to a region: its estimate, and half the width of its interval."""
    low, high = (end * (MARGIN if region.margins else 1) for end in (region.low, region.high))
    if low == high:
        return {INSIDE: (low, 0), OUTSIDE: (low + 1, 0), ACROSS: (low, 1)}[where]
    if np.isfinite(high - low):
        size, end, inwards = high - low, high, (low - high) / 2
    else:
        end = low if np.isfinite(low) else high
        size = abs(end) / 2 or 1.0
        inwards = size if end == low else -size
    return {
        INSIDE: (end + inwards, size / 20),
        OUTSIDE: (end - inwards, size / 20),
        ACROSS: (end, size / 2),
    }[where]


JUDGED = [claim for claim in CLAIMS if claim.judge not in (BEST_RESULT, LARGEST)]
# Of vanilla, an estimate and half the width of its interval: as the paper found them, where it did.
FOUND = {
    part.effect: placed(part.region, INSIDE)
    for claim in JUDGED
    if claim.judge != COMPARED
    for part in claim.parts
} | {
    share_of("learning_rate"): (0.75, 0.02),
    share_of("momentum"): (0.004, 0.002),
    share_of("learning_rate × momentum"): (0.025, 0.01),
    rank_of("hidden_size"): (2, 0),
    rank_of("input_noise"): (3, 0),
    effects.INTERACTIONS: (0.1, 0.02),
    effects.BASIN_WIDTH: (1.8, 0.2),
    effects.BELOW_END: (0.3, 0.2),
    change_of("test", "hidden_size"): (-1.0, 0.5),
    effects.RETURNS: (0.3, 0.2),
    change_of("train_seconds", "hidden_size"): (50.0, 10.0),
    change_of("test", "input_noise"): (1.0, 0.5),
    effects.DIP: (-0.5, 0.2),
    change_of("train_seconds", "input_noise"): (5.0, 2.0),
}
TIMIT = {effects.INTERACTIONS: (0.16, 0.02)}


def row(task, variant, effect, by, estimate, half, n, r2=0.9) -> dict:
    ends = {"low": estimate - half, "high": estimate + half}
    family = {f"family_{end}": estimate + 1.2 * (value - estimate) for end, value in ends.items()}
    key = {"task": task, "variant": variant, "effect": effect, "by": by}
    return key | {"estimate": estimate, "n": n, "r2": r2} | ends | family


def study(n=20, trials=200, r2=0.9, minimum=1.0, half=0.2, **changes) -> pd.DataFrame:
    """Make the effects of a study that found all that the paper found, but for the changes.

    Changes are from effects, or variants, to an estimate and half the width of its interval.
    """
    rows = []
    for task in PAPER_TASKS:
        rows.append(row(task, "V", effects.MARGIN, effects.TRIALS, MARGIN, np.nan, 200))
        for variant in VARIANTS:
            best = minimum * statements.PAPER_BEST[task]
            rows.append(row(task, variant, effects.BEST, effects.TRIALS, best, np.nan, n))
            if variant != "V":
                worse = variant in statements.FOUND_WORSE[task]
                found = changes.get(variant, (1.0 if worse else 0.01, half))
                rows += [
                    row(task, variant, effects.DIFFERENCE, by, *found, n)
                    for by in (PERMUTATION, WELCH)
                ]
        known = FOUND | (TIMIT if task == "timit" else {}) | changes
        rows += [
            row(task, "V", effect, by, *known[effect], trials, r2)
            for effect in FOUND
            for by in (GP, FOREST)
        ]
    return effects.table(rows)


def spreads(synthetic=False, **sources) -> pd.DataFrame:
    """Name the corpora."""
    rows = [
        {"task": task, "variant": variant, "trials": trials, "synthetic": synthetic}
        | {"source": (SOURCES | sources)[task]}
        for task in PAPER_TASKS
        for variant in VARIANTS
        for trials in ("all", "selected")
    ]
    return pd.DataFrame(rows).reindex(columns=list(selection.DISTRIBUTION_COLUMNS))


def judge(found: pd.DataFrame, distributions: pd.DataFrame | None = None, **coverage):
    return claims.judge(found, spreads() if distributions is None else distributions, coverage)


def changed(claim: statements.Claim, where: str) -> dict[str, tuple[float, float]]:
    """Change one effect that a statement speaks of, so that it lies somewhere else."""
    part = claim.parts[0]
    name = part.variant if claim.judge == COMPARED else part.effect
    return {name: placed(part.region, where)}


def statement_of(claim: statements.Claim) -> str:
    return claim.statement


BEST, MOST_ON_TIMIT = "Best test result", "Interactions are largest on TIMIT"
NOISE_HURTS = next(claim for claim in CLAIMS if claim.statement == "Input noise hurts")


def verdicts(table: pd.DataFrame, statement: str) -> set[str]:
    """Return the verdicts on a statement, of all tasks."""
    return set(table.loc[table["claim"] == statement, "verdict"])


def test_each_task_of_a_kind_of_the_papers_is_judged_by_its_own_name():
    one, two = (study().query("task == 'jsb'").assign(task=name) for name in ("jsb", "bach"))
    other = study(NFG=(-1.0, 0.1)).query("task == 'iam'").assign(task="texts")
    found = pd.concat([one, two, other, study().query("task == 'timit'")])
    spread = spreads()
    of_jsb = spread.query("task == 'jsb'")
    distributions = pd.concat([spread, of_jsb.assign(task="bach"), of_jsb.assign(task="texts")])
    kinds = {"timit": "timit", "jsb": "jsb", "bach": "jsb", "texts": "text"}
    table = claims.judge(found, distributions, {}, kinds)
    assert set(table["task"]) == {"timit", "jsb", "bach", "all"}
    first, second = (table[table["task"] == t].drop(columns="task") for t in ("jsb", "bach"))
    assert first.reset_index(drop=True).equals(second.reset_index(drop=True))
    assert len(first) == len(claims.judge(one, of_jsb, {}).query("task != 'all'"))


def test_all_that_the_paper_found_is_reproduced_by_both_rules():
    table = judge(study())
    assert set(table["verdict"]) == {REPRODUCED}
    assert set(table["paper_rule"]) == {REPRODUCED}
    assert len(table) == sum(len(claim.paper) for claim in CLAIMS)


@pytest.mark.parametrize("claim", JUDGED, ids=statement_of)
def test_a_claim_is_contradicted_where_the_contrary_holds(claim):
    table = judge(study(**changed(claim, OUTSIDE)))
    assert verdicts(table, claim.statement) == {CONTRADICTED}


@pytest.mark.parametrize("claim", JUDGED, ids=statement_of)
def test_a_claim_is_undecided_where_its_interval_lies_across(claim):
    assert verdicts(judge(study(**changed(claim, ACROSS))), claim.statement) == {UNDECIDED}


def test_every_claim_is_undecided_where_there_are_too_few_trials():
    assert set(judge(study(n=5, trials=20, minimum=1.1))["verdict"]) == {UNDECIDED}


# One network is what it is, and has no interval.
@pytest.mark.parametrize(
    "claim", [claim for claim in CLAIMS if claim.judge != BEST_RESULT], ids=statement_of
)
def test_an_interval_that_covers_too_seldom_decides_nothing(claim):
    effect = claim.parts[0].effect
    table = claims.judge(study(), spreads(), {effect: 0.85})
    assert verdicts(table, claim.statement) == {UNDECIDED}
    notes = table.loc[table["claim"] == claim.statement, "note"]
    assert notes.str.contains("covers in 85% of known cases only").all()
    table = claims.judge(study(), spreads(), {effect: 0.91})
    assert verdicts(table, claim.statement) == {REPRODUCED}


def test_absence_of_evidence_is_reproduced_by_the_papers_rule_alone():
    table = judge(study(NP=(0.1, 0.6))).set_index(["claim", "task"])
    found = table.loc[("NP does not differ significantly from V", "jsb")]
    assert (found["verdict"], found["paper_rule"]) == (UNDECIDED, REPRODUCED)


def test_a_share_in_the_range_with_a_wide_interval_is_reproduced_by_the_papers_rule_alone():
    table = judge(study(**{effects.INTERACTIONS: (0.1, 0.1)}))
    rows = table[table["claim"] == "Interactions explain 5 to 20 per cent"]
    assert set(rows["verdict"]) == {UNDECIDED}
    assert set(rows["paper_rule"]) == {REPRODUCED}


def test_a_difference_is_claimed_by_the_interval_for_all_comparisons():
    # Of half-width 0.9 the single interval excludes 0, that of the family, 1.08, does not.
    table = judge(study(half=0.45, NFG=(1.0, 0.9))).set_index(["claim", "task"])
    found = table.loc[("NFG is significantly worse than V", "jsb")]
    assert found["verdict"] == UNDECIDED
    assert found["ci_low"] == pytest.approx(1.0 - 1.2 * 0.9)


def test_that_none_is_better_is_contradicted_by_the_interval_for_all_comparisons():
    # Alone the interval ends at 0.1 below the margin, for all comparisons 0.02 above it.
    margin = study().set_index("effect").loc[effects.MARGIN, "estimate"].iloc[0]
    changes = {"NP": (-margin - 0.7, 0.6)}
    statement = "No variant is significantly better than V"
    assert verdicts(judge(study(**changes)), statement) == {UNDECIDED}
    changes = {"NP": (-margin - 0.73, 0.6)}
    assert verdicts(judge(study(**changes)), statement) == {CONTRADICTED}


def test_interactions_that_are_larger_elsewhere_contradict():
    found = study()
    chosen = (found["task"] == "jsb") & (found["effect"] == effects.INTERACTIONS)
    found.loc[chosen, ["estimate", "low", "high"]] = [0.3, 0.28, 0.32]
    assert verdicts(judge(found), MOST_ON_TIMIT) == {CONTRADICTED}
    found.loc[chosen, ["estimate", "low", "high"]] = [0.13, 0.11, 0.15]
    table = judge(found)
    assert verdicts(table, MOST_ON_TIMIT) == {UNDECIDED}
    assert set(table.loc[table["claim"] == MOST_ON_TIMIT, "paper_rule"]) == {REPRODUCED}


@pytest.mark.parametrize("changes", [{}, changed(NOISE_HURTS, OUTSIDE)])
def test_nothing_is_decided_on_a_stand_in_corpus(changes):
    table = judge(study(**changes), spreads(synthetic=True))
    assert set(table["verdict"]) == set(table["paper_rule"]) == {UNDECIDED}
    assert table["note"].str.startswith("stand-in corpus").all()


def test_one_stand_in_leaves_claims_on_other_tasks_alone():
    distributions = spreads()
    distributions.loc[distributions["task"] == "iam", "synthetic"] = True
    table = judge(study(), distributions)
    decided = table.groupby("task")["verdict"].agg(lambda v: set(v) == {REPRODUCED})
    assert decided.to_dict() == {"all": False, "iam": False, "jsb": True, "timit": True}


@pytest.mark.parametrize("minimum", [1.0, 1.1])
@pytest.mark.parametrize(
    ("task", "source"),
    [
        ("timit", "ldc93s1-v2"),
        ("iam", "iam, standardised"),
        ("jsb", "music21"),
        ("jsb", "json of 92,536 frames in chorales of 100 to 640"),
    ],
)
def test_the_best_result_on_another_corpus_is_undecided(task, source, minimum):
    table = judge(study(minimum=minimum), spreads(**{task: source}))
    table = table.set_index(["claim", "task"])
    found = table.loc[(BEST, task)]
    assert found["verdict"] == UNDECIDED
    assert found["note"] == f"another corpus than the paper's: {source}"
    assert found["measured"] == pytest.approx(minimum * statements.PAPER_BEST[task])
    # All else is decided as on the paper's corpus.
    rest = table.drop(index=BEST, level="claim")
    assert set(rest["verdict"]) == {REPRODUCED}


@pytest.mark.parametrize(
    ("minimum", "n", "expected"),
    [(1.01, 5, REPRODUCED), (1.1, 20, CONTRADICTED), (1.1, 5, UNDECIDED)],
)
def test_the_best_result_is_missed_only_with_enough_trials(minimum, n, expected):
    assert verdicts(judge(study(n=n, minimum=minimum)), BEST) == {expected}


@pytest.mark.parametrize("source", ["json", "pickle", "download"])
def test_the_best_result_on_every_copy_of_the_papers_chorales_is_decided(source):
    assert verdicts(judge(study(), spreads(jsb=source)), BEST) == {REPRODUCED}


def test_a_corpus_of_unknown_source_is_not_taken_for_the_papers():
    table = judge(study(), spreads(jsb=None)).set_index(["claim", "task"])
    found = table.loc[(BEST, "jsb")]
    assert (found["verdict"], found["note"]) == (
        UNDECIDED,
        "another corpus than the paper's: unknown",
    )


def test_nothing_is_decided_on_the_sample_of_timit():
    table = judge(study(), spreads(timit="nltk"))
    touched = table[table["task"].isin(["timit", "all"])]
    assert set(touched["verdict"]) == {UNDECIDED}
    assert touched["note"].str.startswith("sample of 160 utterances").all()
    others = table[~table["task"].isin(["timit", "all"])]
    assert set(others["verdict"]) == {REPRODUCED}


def test_not_all_variants_compared_are_not_none_better():
    few = study()
    few = few[few["variant"].isin(["V", "NFG"])]
    rows = judge(few).set_index("claim").loc["No variant is significantly better than V"]
    assert set(rows["verdict"]) == {UNDECIDED}
    assert set(rows["note"]) == {"CIFG, FGR, NP, NOG, NIAF, NIG, NOAF: not in the study"}


def test_a_better_variant_refutes_whatever_the_size_of_the_others():
    found = study(NP=(-1.0, 0.2))
    found.loc[found["variant"] == "CIFG", "n"] = statements.GROUP_MINIMUM - 1
    rows = judge(found).set_index("claim").loc["No variant is significantly better than V"]
    assert set(rows["verdict"]) == {CONTRADICTED}
    assert set(rows["note"]) == {"NP"}


def test_a_variant_of_ones_own_decides_nothing_about_the_paper():
    found = study(minimum=1.1, NP=(-1.0, 0.2))
    own = found["variant"] == "NP"
    found.loc[own & (found["effect"] == effects.BEST), "estimate"] /= 2
    found.loc[own, "variant"] = "NP+NOG"
    table = judge(found).set_index("claim")
    better = table.loc["No variant is significantly better than V"]
    assert set(better["note"]) == {"NP: not in the study"}
    assert set(table.loc[BEST, "verdict"]) == {CONTRADICTED}


def test_a_surrogate_that_explains_nothing_decides_nothing():
    table = judge(study(r2=0.1))
    of_surrogate = table[table["rule"].str.contains("Gaussian process")]
    assert set(of_surrogate["verdict"]) == {UNDECIDED}
    assert of_surrogate["note"].str.contains("R² 0.10").all()


def test_a_comparison_that_could_not_be_made_is_undecided_and_says_why():
    found = study()
    numbers = ["low", "high", "family_low", "family_high"]
    of_nfg = found["variant"] == "NFG"
    found.loc[of_nfg, numbers] = np.nan
    found.loc[of_nfg, "note"] = "no test: NFG has 0 selected trials"
    table = judge(found).set_index(["claim", "task"])
    one = table.loc[("NFG is significantly worse than V", "jsb")]
    assert (one["verdict"], one["note"]) == (UNDECIDED, "no test: NFG has 0 selected trials")
    better = table.loc[("No variant is significantly better than V", "jsb")]
    assert better["verdict"] == UNDECIDED


def test_a_study_of_one_task_and_few_variants_is_judged_on_what_it_has():
    found = study().query("task == 'jsb' and variant in ('V', 'NFG')")
    table = judge(found, spreads().query("task == 'jsb'"))
    assert set(table["task"]) == {"jsb", "all"}
    missing = table[table["claim"] == "NP does not differ significantly from V"].iloc[0]
    assert (missing["verdict"], missing["note"]) == (UNDECIDED, "NP is not in the study")
    largest = table[table["claim"] == MOST_ON_TIMIT].iloc[0]
    assert (largest["verdict"], largest["note"]) == (UNDECIDED, "timit: V is not in the study")


def test_the_numbers_behind_both_verdicts_stand_beside_them():
    found = study()
    by_forest = (found["by"] == FOREST) & (found["effect"] == share_of("learning_rate"))
    found.loc[by_forest, ["estimate", "low", "high"]] = [0.7, 0.5, 0.9]
    table = judge(found).set_index(["claim", "task"])
    share = table.loc[
        ("The learning rate explains more than two thirds of the variance of the error", "iam")
    ]
    assert tuple(share[["measured", "ci_low", "ci_high"]]) == pytest.approx((0.75, 0.73, 0.77))
    assert tuple(share[["paper_measured", "paper_low", "paper_high"]]) == (0.7, 0.5, 0.9)
    assert table["rule"].str.len().min() > 20


def test_the_measured_coverage_is_there_for_every_interval_that_a_verdict_uses():
    known = claims.read_coverage()
    for claim in CLAIMS:
        for part in claim.parts:
            assert part.effect == effects.BEST or part.effect in known, part.effect


def test_the_table_reads_back_as_it_was_written(tmp_path):
    table = judge(study())
    write_csv(table, tmp_path / "claims.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "claims.csv", claims.COLUMNS), table)


@pytest.mark.parametrize("study", ["jsb", "jsb-music21", "jsb-seed2"])
def test_the_kept_verdicts_are_those_that_the_kept_effects_give(study, tmp_path):
    found = read_csv(REFERENCE / study / "effects.csv", effects.COLUMNS)
    spread = REFERENCE / study / "selection" / "distributions.csv"
    table = claims.judge(found, read_csv(spread, selection.DISTRIBUTION_COLUMNS))
    kept = REFERENCE / study / "claims.csv"
    # A statement that is new has no verdict there before `make reference`.
    old = table["claim"].isin(read_csv(kept, claims.COLUMNS)["claim"])
    write_csv(table[old], tmp_path / "claims.csv")
    assert (tmp_path / "claims.csv").read_bytes() == kept.read_bytes()


def test_a_rule_says_the_thresholds_by_which_it_judges():
    rules = {claim.statement: claim.rule for claim in CLAIMS}
    assert rules["Momentum explains less than one per cent"] == (
        "interval of the share of its main effect below 0.01; Gaussian process of V with at least "
        "80 trials that explains at least 0.3 of the variance of trials left out"
    )
    for claim in CLAIMS:
        needed = statements.ENOUGH if claim.judge in (COMPARED, BEST_RESULT) else statements.TRUSTED
        assert needed in claim.rule
        if claim.judge in (statements.SHARE, statements.SIGN):
            assert str(claim.parts[0].region) in claim.rule


def test_a_further_statement_takes_no_more_than_an_entry(monkeypatch):
    new = statements._of_v(
        "Hidden size explains less than a tenth",
        paper="< {0.high}",
        judge=statements.SHARE,
        effect=share_of("hidden_size"),
        region=Region(high=0.1),
        rule="interval of the share of its main effect {0}",
        tasks=("jsb",),
    )
    monkeypatch.setattr(claims, "CLAIMS", (*CLAIMS, new))
    shares = [row("jsb", "V", share_of("hidden_size"), by, 0.05, 0.01, 200) for by in (GP, FOREST)]
    last = judge(pd.concat([study(), pd.DataFrame(shares)])).iloc[-1]
    assert tuple(last[["claim", "task", "paper"]]) == (new.statement, "jsb", "< 0.1")
    assert (last["verdict"], last["paper_rule"]) == (REPRODUCED, REPRODUCED)


@pytest.mark.parametrize("claim", statements.KIN_CLAIMS, ids=statement_of)
def test_what_others_said_of_their_cells_is_judged_where_a_study_has_them(claim):
    (part,) = claim.parts
    verdicts = []
    for where in (INSIDE, OUTSIDE, ACROSS):
        own = placed(part.region, where)
        rows = [
            row("jsb", part.variant, effects.DIFFERENCE, by, *own, 20)
            for by in (PERMUTATION, WELCH)
        ]
        found = pd.concat([study(), effects.table(rows)])
        judged = judge(found).set_index("claim")
        verdicts.append(judged.loc[claim.statement, "verdict"])
    assert verdicts == [REPRODUCED, CONTRADICTED, UNDECIDED]
    assert claim.statement not in set(judge(study())["claim"])
