"""Selection by validation, and the spread of results."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odyssey.analysis.collect import COLUMNS
from odyssey.analysis.files import write_csv
from odyssey.analysis.selection import (
    MARK_COLUMNS,
    distributions,
    number_selected,
    read_marked,
    select,
)


def searched(validation, test=None, variant="V", **columns) -> pd.DataFrame:
    """Make the trials of a search from their results."""
    validation = np.asarray(validation, dtype=float)
    return pd.DataFrame(
        {
            "task": "jsb",
            "variant": variant,
            "trial": np.arange(len(validation)),
            "validation": validation,
            "test": validation if test is None else np.asarray(test, dtype=float),
            "status": np.where(np.isnan(validation), "diverged", "completed"),
            "parameters": 1000 * (1 + np.arange(len(validation))),
            "source": "music21",
            "synthetic": False,
        }
        | columns
    )


@pytest.mark.parametrize(
    ("trials", "fraction", "expected"),
    [
        (200, 0.1, 20),  # the paper's
        (20, 0.1, 2),
        (1, 0.1, 1),
        (4, 0.1, 1),
        (14, 0.1, 1),
        (15, 0.1, 2),
        (24, 0.1, 2),
        (25, 0.1, 3),
        (5, 0.7, 4),
        (7, 1.0, 7),
    ],
)
def test_the_best_tenth_is_rounded_to_the_nearest_and_at_least_one(trials, fraction, expected):
    assert number_selected(trials, fraction) == expected


@pytest.mark.parametrize("fraction", [0, -0.1, 1.1, math.nan])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(ValueError, match="must be in"):
        number_selected(10, fraction)


def test_validation_selects_and_test_does_not():
    marked = select(searched([3, 1, 2, 4], test=[1, 4, 3, 2]), 0.5)
    assert marked["selected"].tolist() == [False, True, True, False]
    assert marked["rank"].tolist() == [3, 1, 2, 4]


def test_equal_results_are_taken_in_the_order_of_their_numbers():
    shuffled = searched([2, 1, 1, 1]).sample(frac=1, random_state=3)
    marked = select(shuffled, 0.5)
    assert set(marked.loc[marked["selected"], "trial"]) == {1, 2}


def test_a_trial_without_a_result_counts_but_is_never_selected():
    marked = select(searched([np.nan] * 28 + [5.0, 4.0]), 0.1)
    assert marked.loc[marked["selected"], "trial"].tolist() == [28, 29]
    assert marked["rank"].isna().sum() == 28


def test_a_search_without_any_result_selects_nothing():
    assert not select(searched([np.nan, np.nan]), 0.5)["selected"].any()


def test_each_search_is_selected_on_its_own():
    marked = select(pd.concat([searched([1, 2]), searched([30, 20], variant="NP")]), 0.5)
    assert marked["selected"].tolist() == [True, False, False, True]


@given(
    st.lists(st.one_of(st.floats(0, 100), st.just(math.nan)), min_size=1, max_size=60),
    st.floats(0.01, 1),
)
def test_no_selected_trial_is_worse_than_one_left_out(validation, fraction):
    marked = select(searched(validation), fraction)
    chosen = marked.loc[marked["selected"], "validation"]
    others = marked.loc[~marked["selected"], "validation"].dropna()
    finite = marked["validation"].notna().sum()
    assert len(chosen) == min(number_selected(len(validation), fraction), finite)
    assert not len(chosen) or not len(others) or chosen.max() <= others.min()


def test_distributions_hold_what_numpy_computes():
    rng = np.random.default_rng(5)
    validation = rng.normal(10, 1, 37)
    test = validation + rng.normal(0, 0.1, 37)
    marked = select(searched(validation, test), 0.2)
    both = distributions(marked).set_index("trials")
    for trials, values in (("all", test), ("selected", test[np.argsort(validation)[:7]])):
        row = both.loc[trials]
        assert row["n"] == len(values)
        expected = [values.mean(), *np.percentile(values, [0, 25, 50, 75, 100])]
        names = ["mean", "minimum", "q25", "median", "q75", "maximum"]
        np.testing.assert_allclose(row[names].astype(float), expected, rtol=1e-12)
    assert both.loc["all", "parameters"] == 1000 * 19


def test_trials_without_a_test_result_are_counted():
    trials = searched([np.nan, 1, 2, 3], test=[np.nan, np.nan, 2, 3])
    trials.loc[1, "status"] = "failed"
    both = distributions(select(trials, 0.5)).set_index("trials")
    counts = both[["n", "without_result", "diverged", "failed"]]
    assert counts.loc["all"].tolist() == [2, 2, 1, 1]
    assert counts.loc["selected"].tolist() == [1, 1, 0, 1]


def test_a_search_without_any_result_has_a_row_without_numbers():
    row = distributions(select(searched([np.nan, np.nan])))
    assert row["n"].tolist() == [0, 0]
    assert row[["mean", "median", "minimum"]].isna().all(axis=None)


def test_marks_that_lie_beside_the_trials_come_back_as_they_were(tmp_path):
    beside = searched([2, 1, np.nan, np.nan], variant="NP")
    trials = pd.concat([searched([3, np.nan, 1, 2]), beside])
    trials = trials.reset_index(drop=True).astype({"task": "str", "variant": "str"})
    trials = trials[[column for column in COLUMNS if column in trials]]
    marked = select(trials, 0.5)
    write_csv(trials, tmp_path / "trials.csv")
    write_csv(marked[list(MARK_COLUMNS)], tmp_path / "marks.csv")
    again = read_marked(tmp_path / "trials.csv", tmp_path / "marks.csv")
    pd.testing.assert_frame_equal(again, marked.astype(again.dtypes))
    pd.testing.assert_series_equal(again.dtypes, marked.dtypes.replace("object", "str"))


def test_marks_of_other_trials_are_refused(tmp_path):
    write_csv(searched([3, 1, 2]), tmp_path / "trials.csv")
    marked = select(searched([3, 1]))
    write_csv(marked[list(MARK_COLUMNS)], tmp_path / "marks.csv")
    with pytest.raises(ValueError, match=r"marks\.csv does not mark the trials of .*trials\.csv"):
        read_marked(tmp_path / "trials.csv", tmp_path / "marks.csv")
