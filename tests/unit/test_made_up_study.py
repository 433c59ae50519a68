"""The whole analysis finds, in a study of 5,400 made-up trials, what was put into it."""

import made_up_study
import pandas as pd
import pytest

from odyssey.analysis import claims, effects, fanova, selection, welch
from odyssey.analysis.statements import CLAIMS, COMPARED, FOUND_WORSE, OTHERS, PAPER_BEST


def compared(trials: pd.DataFrame) -> pd.DataFrame:
    """Compare the variants of a study with vanilla."""
    return welch.compare(selection.select(trials), draws=999)


def differing(table: pd.DataFrame) -> set[tuple[str, str, str]]:
    """List what is significant, with its direction."""
    found = table[table["significant"].fillna(value=False)]
    return set(found[["task", "variant", "direction"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("seed", range(2))
def test_exactly_the_variants_that_are_worse_are_found(seed):
    expected = {(task, variant, "worse") for task in FOUND_WORSE for variant in FOUND_WORSE[task]}
    assert differing(compared(made_up_study.trials(seed))) == expected


def test_a_variant_that_is_better_and_one_that_is_a_little_worse_are_found():
    effects_put_in = {("jsb", "NP"): -0.2, ("timit", "CIFG"): 0.1}
    trials = made_up_study.trials(3, effects=effects_put_in)
    assert differing(compared(trials)) == {("jsb", "NP", "better"), ("timit", "CIFG", "worse")}


# What was put in, besides how the variants stand to vanilla.
PUT_IN = {
    "Best test result",
    "The learning rate explains more than two thirds of the variance of the error",
    "Hidden size is the second most important hyperparameter",
    "Input noise is the third most important hyperparameter",
    "Momentum explains less than one per cent",
    "Interactions are largest on TIMIT",
    "Learning rate and momentum hardly interact",
    "Good learning rates form a basin up to two orders of magnitude wide",
    "The best learning rates lie at the high end of the range or beyond it",
    "Larger networks are better",
    "Larger networks bring diminishing returns",
    "Larger networks take longer to train",
    "Input noise hurts",
    "Some input noise helps on TIMIT",
    "Input noise slows training",
    *(claim.statement for claim in CLAIMS if claim.judge == COMPARED),
}


@pytest.fixture(scope="module")
def analysed():
    """Analyse vanilla's searches, and judge the claims: importance, verdicts."""
    trials = made_up_study.trials(1)
    vanilla = trials[trials["variant"] == "V"]
    found = [
        fanova.analyse_search(own, made_up_study.RANGES, 1, 100, "sklearn")
        for _, own in vanilla.groupby("task", sort=False)
    ]
    importance, *_, of_surrogates, _ = (pd.concat(part) for part in zip(*found, strict=True))
    marked = selection.select(trials)
    spreads = selection.distributions(marked)
    rows = [
        *effects.of_comparisons(welch.compare(marked, draws=999)),
        # A third of what was put in, which is more than chance makes of nothing.
        *effects.of_distributions(spreads, {task: 0.1 * PAPER_BEST[task] for task in FOUND_WORSE}),
        *of_surrogates.to_dict("records"),
    ]
    return importance, claims.judge(effects.table(rows), spreads)


# Trees of 200 samples turn about a tenth of the variance into interactions that are not there, most
# of it at the cost of the largest effect; a process does not.
@pytest.mark.parametrize(("surrogate", "error"), [("forest", 0.1), ("gp", 0.01)])
def test_the_true_shares_are_found(analysed, surrogate, error):
    importance, _ = analysed
    of_test = importance.query("response == 'test' and surrogate == @surrogate")
    for task in FOUND_WORSE:
        shares = of_test[of_test["task"] == task].set_index("term")["share"]
        for term, share in made_up_study.true_shares(task).items():
            assert shares[term] == pytest.approx(share, abs=error), (task, term)
    assert (of_test["r2"] > 0.9).all()


def test_claims_find_all_that_was_put_in(analysed):
    _, table = analysed
    # The paper's 5 to 20 % are what a forest makes of less: truly there are 2.5 to 4.7 %.
    interactions = table["claim"] == "Interactions explain 5 to 20 per cent"
    assert set(table.loc[interactions, "verdict"]) == {"contradicted"}
    assert set(table.loc[interactions, "paper_rule"]) == {"reproduced"}
    # Intervals that cover too seldom decide nothing, and nothing else is left open.
    others = table[table["claim"].isin(PUT_IN) & (table["verdict"] != "reproduced")]
    assert set(others["verdict"]) <= {"undecided"}
    covered = others["note"].str.contains("of known cases only")
    assert set(others.loc[~covered, "claim"]) <= {"Input noise slows training"}


def test_claims_notice_what_was_put_in_contrary_to_the_paper():
    # Everything upside down: the variants that the paper found worse do not differ, the others do.
    put_in = {
        (task, variant): -0.2
        for task in FOUND_WORSE
        for variant in OTHERS
        if variant not in FOUND_WORSE[task]
    }
    marked = selection.select(made_up_study.trials(2, effects=put_in))
    spreads = selection.distributions(marked)
    rows = [
        *effects.of_comparisons(welch.compare(marked, draws=999)),
        *effects.of_distributions(spreads, {task: 0.05 * PAPER_BEST[task] for task in FOUND_WORSE}),
    ]
    table = claims.judge(effects.table(rows), spreads)
    of_others = table[
        table["claim"].str.contains("does not differ") | table["claim"].str.startswith("No variant")
    ]
    assert len(of_others) == 14
    assert set(of_others["verdict"]) == set(of_others["paper_rule"]) == {"contradicted"}
    # That a variant is worse is not contradicted by a difference that may be anything near 0.
    of_worse = table[table["claim"].str.contains("worse|critical")]
    assert "reproduced" not in set(of_worse["verdict"])
    of_surrogates = table[table["rule"].str.contains("Gaussian process")]
    assert set(of_surrogates["verdict"]) == {"undecided"}
