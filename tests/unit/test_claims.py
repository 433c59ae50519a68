"""The verdicts on the paper's statements, on tables made so that each one comes out each way."""

import numpy as np
import pandas as pd
import pytest

from odyssey.analysis import claims, fanova, selection, welch
from odyssey.analysis.claims import PAPER_TASKS, Tables
from odyssey.analysis.files import read_csv, write_csv

VARIANTS = ("V", *claims.OTHERS)
SHARES = {
    "learning_rate": 0.75,
    "hidden_size": 0.08,
    "input_noise": 0.04,
    "momentum": 0.005,
    "learning_rate × momentum": 0.025,
}
GRID = {
    "learning_rate": np.logspace(-6, -2, 41),
    "hidden_size": np.linspace(20, 200, 41),
    "input_noise": np.linspace(0, 1, 41),
}


def comparisons(n=20) -> pd.DataFrame:
    """Make the comparisons that the paper found."""
    rows = []
    for task in PAPER_TASKS:
        for variant in VARIANTS:
            worse = variant in claims.WORSE[task]
            tested = variant != "V"
            rows.append(
                {
                    "task": task,
                    "variant": variant,
                    "n": n,
                    "n_vanilla": n,
                    "difference": (1.0 if worse else 0.01) if tested else np.nan,
                    "ci_low": 0.5 if worse else -0.2,
                    "ci_high": 1.5 if worse else 0.3,
                    "p": (1e-6 if worse else 0.5) if tested else np.nan,
                    "significant": worse if tested else pd.NA,
                    "note": "",
                }
            )
    return (
        pd.DataFrame(rows).reindex(columns=list(welch.COLUMNS)).astype({"significant": "boolean"})
    )


SOURCES = {"timit": "ldc93s1", "iam": "iam", "jsb": "pickle"}


def spreads(synthetic=False, minimum=1.0, n=20, **sources) -> pd.DataFrame:
    """Make the spreads of results; `minimum` is a multiple of the paper's best."""
    rows = [
        {
            "task": task,
            "variant": variant,
            "trials": trials,
            "n": n,
            "minimum": minimum * claims.BEST[task],
            "source": (SOURCES | sources)[task],
            "synthetic": synthetic,
        }
        for task in PAPER_TASKS
        for variant in VARIANTS
        for trials in ("all", "selected")
    ]
    return pd.DataFrame(rows).reindex(columns=list(selection.DISTRIBUTION_COLUMNS))


def importances(n=200, oob_r2=0.8, **changes) -> pd.DataFrame:
    """Make vanilla's importances: the paper's, with the changes asked for."""
    rows = []
    for task in PAPER_TASKS:
        shares = SHARES | {"learning_rate × momentum": 0.03 if task == "timit" else 0.025}
        shares |= {name.replace("__", " × "): value for name, value in changes.items()}
        shares[fanova.HIGHER] = 0.1 if task == "timit" else 0.05
        for response in fanova.RESPONSES:
            rows += [
                {
                    "task": task,
                    "variant": "V",
                    "response": response,
                    "term": term,
                    "order": pd.NA if term == fanova.HIGHER else 1 + term.count("×"),
                    "share": share,
                    "sd": 0.01,
                    "n": n,
                    "oob_r2": oob_r2,
                    "note": "",
                }
                for term, share in shares.items()
            ]
    return pd.DataFrame(rows).astype({"order": "Int64"})


def curves(changes=None) -> pd.DataFrame:
    """Make vanilla's marginals: shapes as in the paper, with the changes asked for."""
    parts = []
    for task in PAPER_TASKS:
        noise = GRID["input_noise"]
        shapes = {
            ("learning_rate", "test"): (np.log10(GRID["learning_rate"]) + 2) ** 2,
            ("hidden_size", "test"): 20 / GRID["hidden_size"],
            ("input_noise", "test"): (noise - (0.3 if task == "timit" else 0)) ** 2,
            ("learning_rate", "train_seconds"): np.ones(41),
            ("hidden_size", "train_seconds"): GRID["hidden_size"],
            ("input_noise", "train_seconds"): noise,
        }
        for key, mean in (shapes | (changes or {})).items():
            parameter, response = key
            parts.append(
                pd.DataFrame(
                    {
                        "task": task,
                        "variant": "V",
                        "response": response,
                        "parameter": parameter,
                        "value": GRID[parameter],
                        "mean": mean,
                        "sd": 0.01,
                    }
                )
            )
    return pd.concat(parts)


def study(**changes) -> Tables:
    """Make the tables of a study that found all that the paper found, but for the changes."""
    tables = {
        "distributions": spreads(),
        "welch": comparisons(),
        "importance": importances(),
        "marginals": curves(),
    }
    return Tables(**(tables | changes))


def altered(variant, **values) -> pd.DataFrame:
    """Make the paper's comparisons with other values for a variant."""
    table = comparisons()
    for column, value in values.items():
        table.loc[table["variant"] == variant, column] = value
    return table


HIGHEST_ON_JSB = importances()
HIGHEST_ON_JSB.loc[
    (HIGHEST_ON_JSB["task"] == "jsb") & (HIGHEST_ON_JSB["term"] == fanova.HIGHER), "share"
] = 0.3
FLAT = np.ones(41)
# For each claim a study in which it does not hold.
CONTRARY = {
    **{
        f"{variant} is significantly worse than V": {"welch": altered(variant, significant=False)}
        for variant in claims.OTHERS
    },
    **{
        f"{variant} does not differ significantly from V": {
            "welch": altered(variant, significant=True)
        }
        for variant in claims.OTHERS
    },
    "No variant is significantly better than V": {
        "welch": altered("NP", significant=True, difference=-1.0)
    },
    "Forget gate and output activation are the most critical parts": {
        "welch": altered("NFG", significant=False)
    },
    "Best test result": {"distributions": spreads(minimum=1.1)},
    "The learning rate explains more than two thirds of the variance of the error": {
        "importance": importances(learning_rate=0.6)
    },
    "Hidden size is the second most important hyperparameter": {
        "importance": importances(hidden_size=0.01)
    },
    "Input noise is the third most important hyperparameter": {
        "importance": importances(input_noise=0.1)
    },
    "Momentum explains less than one per cent": {"importance": importances(momentum=0.04)},
    "Interactions explain 5 to 20 per cent": {
        "importance": importances(learning_rate__hidden_size=0.3)
    },
    "Interactions are largest on TIMIT": {"importance": HIGHEST_ON_JSB},
    "Learning rate and momentum hardly interact": {
        "importance": importances(learning_rate__momentum=0.08)
    },
    "Good learning rates form a basin up to two orders of magnitude wide": {
        "marginals": curves({("learning_rate", "test"): 1.0 * (np.arange(41) < 2)})
    },
    "The best learning rates lie at the high end of the range or beyond it": {
        "marginals": curves({("learning_rate", "test"): (np.log10(GRID["learning_rate"]) + 4) ** 2})
    },
    "Larger networks are better": {
        "marginals": curves({("hidden_size", "test"): GRID["hidden_size"]})
    },
    "Larger networks bring diminishing returns": {
        "marginals": curves({("hidden_size", "test"): -(GRID["hidden_size"] ** 2)})
    },
    "Larger networks take longer to train": {
        "marginals": curves({("hidden_size", "train_seconds"): -GRID["hidden_size"]})
    },
    "Input noise hurts": {"marginals": curves({("input_noise", "test"): -GRID["input_noise"]})},
    "Some input noise helps on TIMIT": {
        "marginals": curves({("input_noise", "test"): GRID["input_noise"]})
    },
    "Input noise slows training": {
        "marginals": curves({("input_noise", "train_seconds"): -GRID["input_noise"]})
    },
}
TOO_SMALL = {
    "welch": comparisons(n=5),
    "importance": importances(n=20),
    "distributions": spreads(n=5, minimum=1.1),
}
STATEMENTS = sorted({claim.statement for claim in claims.CLAIMS})


def verdicts(tables: Tables, statement: str) -> list[str]:
    """Return the verdicts on a statement, task by task."""
    table = claims.judge(tables)
    return table.loc[table["claim"] == statement, "verdict"].to_list()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_claim_is_reproduced_where_it_holds(statement):
    assert set(verdicts(study(), statement)) == {claims.REPRODUCED}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_claim_is_not_reproduced_where_the_contrary_holds(statement):
    assert set(verdicts(study(**CONTRARY[statement]), statement)) == {claims.NOT_REPRODUCED}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_claim_is_undecided_where_there_are_too_few_trials(statement):
    assert set(verdicts(study(**TOO_SMALL), statement)) == {claims.UNDECIDED}


@pytest.mark.parametrize("changes", [{}, CONTRARY["Input noise hurts"]])
def test_nothing_is_decided_on_a_stand_in_corpus(changes):
    table = claims.judge(study(distributions=spreads(synthetic=True), **changes))
    assert set(table["verdict"]) == {claims.UNDECIDED}
    assert table["note"].str.startswith("stand-in corpus").all()


def test_one_stand_in_leaves_claims_on_other_tasks_alone():
    distributions = spreads()
    distributions.loc[distributions["task"] == "iam", "synthetic"] = True
    table = claims.judge(study(distributions=distributions))
    decided = table.groupby("task")["verdict"].agg(lambda v: set(v) == {claims.REPRODUCED})
    assert decided.to_dict() == {"all": False, "iam": False, "jsb": True, "timit": True}


BEST_RESULT = "Best test result"


@pytest.mark.parametrize("minimum", [1.0, 1.1])
@pytest.mark.parametrize(
    ("task", "source"), [("timit", "ldc93s1-v2"), ("iam", "iam, standardised"), ("jsb", "music21")]
)
def test_the_best_result_on_another_corpus_is_undecided(task, source, minimum):
    distributions = spreads(minimum=minimum, **{task: source})
    table = claims.judge(study(distributions=distributions)).set_index(["claim", "task"])
    row = table.loc[(BEST_RESULT, task)]
    assert row["verdict"] == claims.UNDECIDED
    assert row["note"] == f"another corpus than the paper's: {source}"
    assert row["measured"] == pytest.approx(minimum * claims.BEST[task])
    # All else is decided as on the paper's corpus.
    rest = table.drop(index=BEST_RESULT, level="claim")
    assert set(rest["verdict"]) == {claims.REPRODUCED}


@pytest.mark.parametrize("source", ["json", "pickle", "download"])
def test_the_best_result_on_every_copy_of_the_papers_chorales_is_decided(source):
    found = verdicts(study(distributions=spreads(jsb=source)), BEST_RESULT)
    assert found == [claims.REPRODUCED] * 3


def test_a_corpus_of_unknown_source_is_not_taken_for_the_papers():
    table = claims.judge(study(distributions=spreads(jsb=None))).set_index(["claim", "task"])
    row = table.loc[(BEST_RESULT, "jsb")]
    assert (row["verdict"], row["note"]) == (
        "undecided",
        "another corpus than the paper's: unknown",
    )


@pytest.mark.parametrize("changes", [{}, CONTRARY["Some input noise helps on TIMIT"]])
def test_nothing_is_decided_on_the_sample_of_timit(changes):
    table = claims.judge(study(distributions=spreads(timit="nltk"), **changes))
    touched = table[table["task"].isin(["timit", "all"])]
    assert set(touched["verdict"]) == {claims.UNDECIDED}
    assert touched["note"].str.startswith("sample of 160 utterances").all()
    others = table[~table["task"].isin(["timit", "all"])]
    assert claims.UNDECIDED not in set(others["verdict"])


def test_a_better_variant_of_too_few_trials_refutes_nothing():
    statement = "No variant is significantly better than V"
    small = altered("NP", significant=True, difference=-1.0, n=claims.GROUP_MINIMUM - 1)
    rows = claims.judge(study(welch=small)).set_index("claim").loc[statement]
    assert set(rows["verdict"]) == {claims.UNDECIDED}
    assert set(rows["note"]) == {"NP: too few trials: 9 selected, 10 are needed"}
    assert set(rows["measured"]) == {0.0}


def test_not_all_variants_compared_are_not_none_better():
    statement = "No variant is significantly better than V"
    few = comparisons()
    few = few[few["variant"].isin(["V", "NFG"])]
    rows = claims.judge(study(welch=few)).set_index("claim").loc[statement]
    assert set(rows["verdict"]) == {claims.UNDECIDED}
    assert set(rows["note"]) == {"CIFG, FGR, NP, NOG, NIAF, NIG, NOAF: not in the study"}


def test_a_variant_of_ones_own_decides_nothing_about_the_paper():
    welch, distributions = altered("NP", difference=-1.0, significant=True), spreads(minimum=1.1)
    best = distributions["variant"] == "NP"
    distributions.loc[best, "minimum"] /= 2
    for table in (welch, distributions):
        table.loc[table["variant"] == "NP", "variant"] = "NP+NOG"
    table = claims.judge(study(welch=welch, distributions=distributions)).set_index("claim")
    better = table.loc["No variant is significantly better than V"]
    assert set(better["note"]) == {"NP: not in the study"}
    assert set(table.loc[BEST_RESULT, "verdict"]) == {claims.NOT_REPRODUCED}


def test_a_better_variant_refutes_whatever_the_size_of_the_others():
    statement = "No variant is significantly better than V"
    table = altered("NP", significant=True, difference=-1.0)
    table.loc[table["variant"] == "CIFG", "n"] = claims.GROUP_MINIMUM - 1
    rows = claims.judge(study(welch=table)).set_index("claim").loc[statement]
    assert set(rows["verdict"]) == {claims.NOT_REPRODUCED}
    assert set(rows["note"]) == {"NP"}


@pytest.mark.parametrize(
    ("statement", "parameter", "response"),
    [
        ("Larger networks are better", "hidden_size", "test"),
        ("Larger networks take longer to train", "hidden_size", "train_seconds"),
        ("Input noise hurts", "input_noise", "test"),
        ("Some input noise helps on TIMIT", "input_noise", "test"),
        ("Input noise slows training", "input_noise", "train_seconds"),
    ],
)
@pytest.mark.parametrize("slope", [-0.01, 0.0, 0.01])
def test_a_change_whose_interval_spans_zero_decides_nothing(statement, parameter, response, slope):
    # With a deviation of 0.01 at both ends the interval reaches 0.028 to either side.
    shape = slope * np.linspace(0, 1, 41)
    tables = study(marginals=curves({(parameter, response): shape}))
    rows = claims.judge(tables).set_index("claim").loc[[statement]]
    assert set(rows["verdict"]) == {claims.UNDECIDED}
    assert set(rows["note"]) == {"the interval spans 0"}
    assert ((rows["ci_low"] < 0) & (rows["ci_high"] > 0)).all()
    assert "spans 0" in rows["rule"].iloc[0]


def test_shares_that_rise_together_have_an_interval_as_wide_as_their_sum_varies():
    # Two interactions that are the same in every tree: the sum varies twice as much as each.
    trees = np.array([0.02, 0.04, 0.06, 0.08])
    table = pd.DataFrame({"share": [trees.mean()] * 2, "sd": [trees.std()] * 2})
    share, low, high = claims._share(table, pd.Series([True, True]))
    assert share == pytest.approx((2 * trees).mean())
    assert high - share == pytest.approx(1.96 * (2 * trees).std())
    assert share - low == pytest.approx(high - share)


@pytest.mark.parametrize(
    ("lacking", "note"),
    [
        ("task != 'iam'", "iam: the task is not in the study"),
        ("task != 'iam' or variant != 'V'", "iam: V is not in the study"),
        ("task != 'iam' or response != 'test'", "iam: no importances for the response test"),
    ],
)
def test_what_a_forest_lacks_is_named(lacking, note):
    table = importances()
    other = table[table["task"] == "iam"].assign(variant="NP")
    table = pd.concat([table, other]) if "variant" in lacking else table
    result = claims.judge(study(importance=table.query(lacking))).set_index("claim")
    row = result.loc["Interactions are largest on TIMIT"]
    assert (row["verdict"], row["note"]) == ("undecided", note)


def test_a_forest_that_explains_nothing_decides_nothing():
    table = claims.judge(study(importance=importances(oob_r2=0.1)))
    of_forest = table[table["rule"].str.contains("fANOVA")]
    assert set(of_forest["verdict"]) == {claims.UNDECIDED}
    assert of_forest["note"].str.contains("out-of-bag R² 0.10").all()


def test_a_comparison_that_could_not_be_made_is_undecided_and_says_why():
    table = comparisons()
    table.loc[table["variant"] == "NFG", ["p", "note", "significant"]] = [
        np.nan,
        "no test: NFG has 0 selected trials",
        pd.NA,
    ]
    result = claims.judge(study(welch=table)).set_index(["claim", "task"])
    row = result.loc[("NFG is significantly worse than V", "jsb")]
    assert (row["verdict"], row["note"]) == ("undecided", "no test: NFG has 0 selected trials")
    assert (
        result.loc[("No variant is significantly better than V", "jsb"), "verdict"] == "undecided"
    )


def test_a_study_of_one_task_and_few_variants_is_judged_on_what_it_has():
    only = study(
        distributions=spreads().query("task == 'jsb'"),
        welch=comparisons().query("task == 'jsb' and variant in ('V', 'NFG')"),
        importance=importances().query("task == 'jsb'"),
        marginals=curves().query("task == 'jsb'"),
    )
    table = claims.judge(only)
    assert set(table["task"]) == {"jsb", "all"}
    missing = table[table["claim"] == "NP does not differ significantly from V"].iloc[0]
    assert (missing["verdict"], missing["note"]) == ("undecided", "NP is not in the study")


def test_a_share_whose_interval_reaches_into_the_range_decides_nothing():
    statement = "Momentum explains less than one per cent"
    assert set(verdicts(study(importance=importances(momentum=0.02)), statement)) == {"undecided"}


def test_the_numbers_behind_a_verdict_stand_beside_it():
    row = claims.judge(study()).set_index(["claim", "task"])
    share = row.loc[
        ("The learning rate explains more than two thirds of the variance of the error", "iam")
    ]
    assert share["measured"] == pytest.approx(0.75)
    assert share["ci_low"] == pytest.approx(0.75 - 0.0196)
    worse = row.loc[("NFG is significantly worse than V", "timit")]
    assert tuple(worse[["measured", "ci_low", "ci_high"]]) == (1.0, 0.5, 1.5)
    assert row["rule"].str.len().min() > 20


def test_the_width_of_the_basin_is_measured_in_decades():
    # Within a tenth of the range, 1.6, above the minimum at the end: |log10 rate + 2| ≤ √1.6.
    table = claims.judge(study())
    width = table[table["claim"].str.contains("basin")]["measured"]
    assert width.to_numpy() == pytest.approx(np.sqrt(1.6), abs=0.1)


def test_the_table_reads_back_as_it_was_written(tmp_path):
    table = claims.judge(study())
    write_csv(table, tmp_path / "claims.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "claims.csv", claims.COLUMNS), table)
