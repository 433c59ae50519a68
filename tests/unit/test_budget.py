"""The expected best of k trials."""

import itertools

import numpy as np
import pandas as pd
import pytest

from odyssey.analysis.budget import expected_best, fronts, winning_chances


def searched(validation, test) -> pd.DataFrame:
    """Make the trials of a search."""
    return pd.DataFrame({"task": "jsb", "variant": "V", "validation": validation, "test": test})


def by_hand(validation, test, k):
    """Average over all subsets of k trials the test result of the best of them by validation."""
    results = []
    for subset in itertools.combinations(range(len(test)), k):
        known = [j for j in subset if not np.isnan(validation[j])]
        if known:
            results.append(test[min(known, key=lambda j: validation[j])])
    return np.mean(results) if results else np.nan


def test_the_expectation_is_the_mean_over_all_subsets():
    rng = np.random.default_rng(2)
    validation = rng.normal(size=7)
    test = validation + rng.normal(size=7)
    table = expected_best(searched(validation, test), seed=1, resamples=10)
    expected = [by_hand(validation, test, k) for k in range(1, 8)]
    np.testing.assert_allclose(table["expected"], expected, rtol=1e-12)


def test_trials_without_a_result_lower_the_chance_of_one():
    validation = np.array([3.0, np.nan, 1.0, np.nan, 2.0])
    test = np.array([30.0, np.nan, 10.0, np.nan, 20.0])
    table = expected_best(searched(validation, test), seed=1, resamples=10)
    expected = [by_hand(validation, test, k) for k in range(1, 6)]
    np.testing.assert_allclose(table["expected"], expected, rtol=1e-12)
    # Of one trial, 2 in 5 have no result; of two, 1 pair in 10 has none.
    np.testing.assert_allclose(table["without_result"], [0.4, 0.1, 0, 0, 0], atol=1e-12)


def test_one_trial_is_the_mean_and_all_trials_are_the_best():
    table = expected_best(searched([2.0, 1.0, 3.0], [5.0, 7.0, 9.0]), seed=1, resamples=10)
    assert table["expected"].iloc[0] == pytest.approx(7)
    assert table["expected"].iloc[-1] == pytest.approx(7)


@pytest.mark.parametrize("n", [1, 2, 13, 200])
def test_chances_add_up_to_one(n):
    np.testing.assert_allclose(winning_chances(n).sum(axis=1), 1, rtol=1e-9)


def test_the_band_covers_the_mean_of_one_trial_as_often_as_it_says():
    # At k = 1 the band is the bootstrap interval of a mean; of 200 normal samples of 50, 95 % of
    # the intervals should cover, give or take 2 standard errors of 1.5 %, and a loss of about 1 %
    # that percentile intervals have at this size.
    rng = np.random.default_rng(5)
    covered = 0
    for seed in range(200):
        values = rng.normal(10, 1, 50)
        first = expected_best(searched(values, values), seed, resamples=200).iloc[0]
        covered += first["low"] <= 10 <= first["high"]
    assert 0.90 <= covered / 200 <= 0.98


def test_a_seed_gives_the_same_band():
    values = np.random.default_rng(1).normal(size=20)
    first, again = (expected_best(searched(values, values), 3, resamples=50) for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_a_search_without_any_result_has_no_expectation():
    table = expected_best(searched([np.nan] * 3, [np.nan] * 3), seed=1, resamples=10)
    assert table[["expected", "low", "high"]].isna().all(axis=None)
    assert table["without_result"].tolist() == [1, 1, 1]


def test_a_front_holds_the_trials_that_no_other_beats_in_both():
    trials = pd.DataFrame(
        {
            "task": "jsb",
            "variant": ["V", "NP", "V", "NP", "V"],
            "trial": range(5),
            "parameters": [100, 200, 200, 300, 400],
            "train_seconds": [5.0, 4.0, 3.0, 2.0, 1.0],
            "engine": "fused",
            "test": [9.0, 8.0, 8.5, 8.2, np.nan],
        }
    )
    table = fronts(trials)
    of_cost = {cost: part["trial"].to_list() for cost, part in table.groupby("cost")}
    # By parameters: 0, then 1, which beats 2 and 3. By time: 3, then 1; 4 has no result.
    assert of_cost == {"parameters": [0, 1], "train_seconds": [3, 1]}


def test_engines_have_fronts_of_their_own_in_seconds_but_not_in_parameters():
    trials = pd.DataFrame(
        {
            "task": "jsb",
            "variant": ["V", "V", "MINE", "MINE"],
            "trial": range(4),
            "parameters": [100, 200, 100, 200],
            "train_seconds": [1.0, 2.0, 100.0, 200.0],
            "engine": ["fused", "fused", "reference", "reference"],
            "test": [9.0, 8.0, 9.5, 8.5],
        }
    )
    table = fronts(trials)
    of_cost = {cost: part["trial"].to_list() for cost, part in table.groupby("cost")}
    assert of_cost == {"parameters": [0, 1], "train_seconds": [0, 1, 2, 3]}


def test_no_trial_of_a_random_study_beats_one_of_its_front():
    rng = np.random.default_rng(4)
    n = 200
    trials = pd.DataFrame(
        {
            "task": "jsb",
            "variant": "V",
            "trial": np.arange(n),
            "parameters": rng.integers(1, 50, n),
            "train_seconds": rng.integers(1, 50, n).astype(float),
            "engine": "fused",
            "test": rng.integers(1, 50, n).astype(float),
        }
    )
    for point in fronts(trials).itertuples():
        cost, test = trials[point.cost], trials["test"]
        no_worse = (cost <= point.value) & (test <= point.test)
        assert not (no_worse & ((cost < point.value) | (test < point.test))).any()


def test_a_study_without_results_has_no_front():
    empty = searched([np.nan], [np.nan]).assign(
        trial=0, parameters=1, train_seconds=1.0, engine="fused"
    )
    assert fronts(empty).empty
