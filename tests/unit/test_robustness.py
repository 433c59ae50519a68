"""Other choices: the comparison that the study makes is among them, and each is what it says."""

import made_up_study
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from odyssey.analysis import permutation, robustness, welch
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.selection import select


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    made = made_up_study.trials(1, n=80, effects={("jsb", "NFG"): 0.3})
    return made[(made["task"] == "jsb") & made["variant"].isin(["V", "NFG", "NP"])]


@pytest.fixture(scope="module")
def table(trials) -> pd.DataFrame:
    return robustness.analyse(trials, seed=3, margins={"jsb": 0.5})


def test_every_aspect_and_setting_is_there_for_each_variant(table):
    settings = table.groupby("aspect")["setting"].unique().map(list)
    assert settings[robustness.TRIALS] == ["20", "40", "60", "80"]
    assert settings[robustness.FRACTION] == ["2%", "5%", "10%", "15%", "20%", "30%"]
    assert settings[robustness.MEASURE] == list(robustness.MEASURES)
    assert set(table["variant"]) == {"NFG", "NP"}


def test_the_studys_own_choice_is_the_studys_own_comparison(table, trials):
    own = welch.compare(select(trials), draws=robustness.DRAWS, seed=3).set_index("variant")
    rows = table[(table["aspect"] == robustness.FRACTION) & (table["setting"] == "10%")]
    for row in rows.itertuples():
        expected = own.loc[row.variant, ["difference", "ci_low", "ci_high", "p_adjusted"]]
        assert [row.estimate, row.low, row.high, row.p_adjusted] == expected.tolist()


def test_a_large_difference_is_found_under_every_choice_and_none_where_there_is_none(table):
    compared = table[table["aspect"].ne(robustness.IMPROVEMENT) & (table["n"] >= 8)]
    found = compared.groupby("variant")["significant"].agg(["all", "any"])
    assert found.loc["NFG", "all"]
    assert not found.loc["NP", "any"]


def test_verdicts_are_those_of_interval_and_margin(table):
    compared = table[table["aspect"].ne(robustness.IMPROVEMENT)]
    for row in compared.itertuples():
        inside = row.low > -0.5 and row.high < 0.5
        word = "worse" if row.estimate > 0 else "better"
        expected = word if row.significant else "no different" if inside else "open"
        assert row.verdict == expected
    assert {"worse", "no different", "open"} <= set(compared["verdict"])
    assert table.loc[table["aspect"].eq(robustness.IMPROVEMENT), "verdict"].eq("").all()


def test_without_a_margin_nothing_is_no_different(trials):
    of_pair = trials[trials["variant"] != "NFG"]
    assert "no different" not in set(robustness.analyse(of_pair, seed=3)["verdict"])


def test_the_interval_of_the_chance_of_improvement_has_a_half_where_searches_are_equal():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(60):
        # Validation tells about test, but not all.
        made = [rng.gamma(2.0, 1.0, 80) for _ in range(2)]
        searches = [permutation.ordered(x, x + rng.normal(0, 0.2, 80), 8) for x in made]
        _, low, high = robustness.improvement(*searches, 0.05, rng)
        held += low <= 0.5 <= high
    # At 90 % at least 45 of 60 but once in some thousand times.
    assert held >= 45


def test_the_chance_of_improvement_is_that_of_mann_and_whitney():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.5, 1, 60), rng.normal(0, 1, 50)
    group, reference = (permutation.ordered(x, x, len(x)) for x in (a, b))
    found, low, high = robustness.improvement(group, reference, 0.05, rng)
    u = stats.mannwhitneyu(b, a).statistic
    assert found == pytest.approx(u / (len(a) * len(b)))
    assert low < found < high


@pytest.mark.parametrize("measure", robustness.MEASURES)
def test_a_measure_of_equal_searches_differs_by_chance_alone(measure):
    rng = np.random.default_rng(2)
    shuffles = permutation.shuffle((40, 40), (8, 8), 199, rng)
    found = 0
    for _ in range(200):
        searches = [permutation.ordered(*np.tile(rng.gamma(2, 1, 40), (2, 1)), 8) for _ in range(2)]
        found += robustness.by_measure(*searches, shuffles, measure, 0.05)[3] <= 0.05
    # A binomial count of 200 at 5 % is within these but once in a thousand times.
    assert 2 <= found <= 22


def test_at_equal_parameters_both_searches_reach_as_far():
    sizes = {"V": np.arange(10, 100), "FGR": np.arange(40, 300), "NP": np.arange(5)}
    searches = [pd.DataFrame({"variant": v, "parameters": p}) for v, p in sizes.items()]
    kept = robustness.at_equal_parameters(pd.concat(searches), "FGR")
    ranges = kept.groupby("variant")["parameters"].agg(["min", "max"])
    assert ranges.to_numpy().tolist() == [[40, 99]] * 2


def test_the_table_reads_back_as_it_was_written(table, tmp_path):
    write_csv(table, tmp_path / "robustness.csv")
    again = read_csv(tmp_path / "robustness.csv", robustness.COLUMNS)
    pd.testing.assert_frame_equal(again, table)
