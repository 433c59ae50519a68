"""Tables for readers."""

import numpy as np
import pandas as pd
import pytest

from odyssey.analysis import markup, selection, tables, welch


def trials() -> pd.DataFrame:
    """Make a study of two tasks, one of them on a made-up corpus."""
    rows = []
    for task, synthetic in (("timit", True), ("jsb", False)):
        for variant in ("V", "NFG+NOAF", "NIG"):
            for trial in range(4):
                lost = variant == "NIG" and task == "jsb"
                rows.append(
                    {
                        "task": task,
                        "variant": variant,
                        "trial": trial,
                        "hidden_size": 20 + trial,
                        "learning_rate": 10.0 ** -(trial + 2),
                        "momentum": 0.5,
                        "input_noise": 0.25,
                        "parameters": 1000,
                        "status": "diverged" if lost else "completed",
                        "epochs": 0 if lost else 5,
                        "best_epoch": pd.NA if lost else 4,
                        "validation": np.nan if lost else 9.0 - trial,
                        "test": np.nan if lost else 5.0 + trial,
                        "train_seconds": 2.0 * trial,
                        "engine": "fused",
                        "source": "synthetic" if synthetic else "music21",
                        "synthetic": synthetic,
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture
def marked() -> pd.DataFrame:
    """Select the better half."""
    return selection.select(trials(), 0.5)


def test_the_best_trial_is_the_best_by_validation(marked):
    best = tables.best_trials(marked).set_index(["task", "variant"])
    row = best.loc[("jsb", "V")]
    assert (row["trial"], row["validation"], row["test"]) == (3, 6.0, 8.0)
    assert row["learning_rate"] == 1e-5


def test_a_search_without_a_result_keeps_its_row(marked):
    best = tables.best_trials(marked).set_index(["task", "variant"])
    assert len(best) == 6
    assert best.loc[("jsb", "NIG")].drop("corpus").isna().all()


def test_a_made_up_corpus_is_named_as_one_beside_every_number(marked):
    results = welch.compare(marked, draws=99)
    made = (tables.best_trials(marked), tables.tests(results, marked), tables.costs(marked))
    for table in made:
        names = table.groupby("task")["corpus"].unique().map(list).to_dict()
        assert names == {"timit": ["synthetic (stand-in)"], "jsb": ["music21"]}


def test_costs_add_up(marked):
    costs = tables.costs(marked).set_index(["task", "variant"])
    row = costs.loc[("timit", "V")]
    assert (row["trials"], row["completed"], row["diverged"]) == (4, 4, 0)
    assert (row["seconds_total"], row["seconds_median"], row["seconds_maximum"]) == (12, 3, 6)
    assert row["seconds_an_epoch"] == pytest.approx(12 / 20)
    assert costs.loc[("jsb", "NIG"), "diverged"] == 4
    assert np.isnan(costs.loc[("jsb", "NIG"), "seconds_an_epoch"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, ""),
        (None, ""),
        (pd.NA, ""),
        (8.4, "8.400"),
        (0.00012345, "0.0001234"),
        (1.5e-7, "1.500e-07"),
        (1234.5, "1234"),
        (123456.7, "123457"),
        (np.float64(2), "2.000"),
        (12345, "12345"),
        (np.True_, "yes"),
        (False, "no"),
        ("NFG+NOAF", "NFG+NOAF"),
    ],
)
def test_values_are_written_for_readers(value, text):
    assert markup.format_value(value) == text


def test_markdown_and_latex_are_as_expected():
    frame = pd.DataFrame(
        {"task": ["a_b", "jsb"], "variant": ["V", "N|P"], "test": [1.0, np.nan], "p": [np.nan] * 2}
    )
    assert markup.markdown(frame, tables.HEADINGS) == (
        "| Task | Variant | Test |\n| --- | --- | ---: |\n| a_b | V | 1.000 |\n| jsb | N\\|P |  |\n"
    )
    assert markup.latex(frame, "Best 10 %", tables.HEADINGS).splitlines() == [
        r"\begin{table*}",
        r"\centering",
        r"\caption{Best 10 \%}",
        r"\begin{tabular}{llr}",
        r"\toprule",
        r"Task & Variant & Test \\",
        r"\midrule",
        r"a\_b & V & 1.000 \\",
        r"\midrule",
        r"jsb & N|P &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]


def test_one_table_makes_three_files(tmp_path, marked):
    best = tables.best_trials(marked)
    paths = [tmp_path / f"best.{suffix}" for suffix in ("csv", "md", "tex")]
    tables.write(best, "Best trials.", *paths)
    csv = pd.read_csv(paths[0])
    assert csv["learning_rate"].tolist()[:3] == [1e-5, 1e-5, 1e-5]
    assert paths[1].read_text().startswith("Best trials.\n\n| Task |")
    assert paths[2].read_text().count(r"\\") == 7


def test_the_importance_table_has_a_row_for_each_surrogate(marked):
    one = {"variant": "V", "response": "test", "surrogate": "gp", "n": 40, "r2": 0.5}
    one |= {"note": "few trials", "low": 0.05, "high": 0.4}
    importance = pd.DataFrame(
        [
            {"task": "jsb", "term": "learning_rate", "order": 1, "share": 0.6} | one,
            {"task": "jsb", "term": "momentum", "order": 1, "share": 0.1} | one,
            {"task": "jsb", "term": "learning_rate × momentum", "order": 2, "share": 0.2} | one,
            {"task": "jsb", "term": "three and more", "order": pd.NA, "share": 0.1} | one,
            {"task": "jsb", "term": "higher order", "order": pd.NA, "share": 0.3} | one,
            {"task": "timit", "term": "", "order": pd.NA, "share": np.nan}
            | one
            | {"n": 4, "r2": np.nan, "note": "no surrogate"},
        ]
    ).astype({"order": "Int64"})
    both = pd.concat([importance, importance.assign(surrogate="forest", share=0.5)])
    table = tables.importances(both, marked)
    assert table["surrogate"].tolist() == ["gp", "gp", "forest", "forest"]
    table = table[table["surrogate"] == "gp"].set_index("task")
    columns = ["learning_rate", "momentum", "pairs", "higher order", "higher_low", "higher_high"]
    assert table.loc["jsb", columns].tolist() == [0.6, 0.1, 0.2, 0.3, 0.05, 0.4]
    assert table.loc["timit", ["learning_rate", "pairs", "higher order"]].isna().all()
    assert table["corpus"].to_dict() == {"jsb": "music21", "timit": "synthetic (stand-in)"}
    assert table["note"].to_dict() == {"jsb": "few trials", "timit": "no surrogate"}


def test_the_claims_stand_task_by_task_with_their_corpora(marked):
    judged = pd.DataFrame(
        {
            "claim": ["worse", "worse", "largest", "best"],
            "task": ["timit", "jsb", "all", "jsb"],
            "paper": ["worse", "worse", "timit", "≤ 8.38"],
            "measured": [1.0, 0.5, np.nan, 8.4],
            "verdict": ["undecided", "reproduced", "undecided", "reproduced"],
            "rule": ["p < 0.05"] * 4,
        }
    )
    table = tables.claims(judged, marked)
    assert table.columns.tolist() == ["task", "claim", "paper", "measured", "verdict", "corpus"]
    assert table[["task", "claim"]].to_numpy().tolist() == [
        ["timit", "worse"],
        ["jsb", "worse"],
        ["jsb", "best"],
        ["all", "largest"],
    ]
    assert table["corpus"].fillna("").tolist() == ["synthetic (stand-in)", *["music21"] * 2, ""]
    assert r"best & $\leq$ 8.38 & 8.400" in markup.latex(table, "Claims", tables.HEADINGS)
