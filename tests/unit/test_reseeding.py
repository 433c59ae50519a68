"""New seeds for the selected trials: drawn, compared, and what they tell of luck."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from odyssey import seeds
from odyssey.analysis import effects, reseeding
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.reseeding import COLUMNS, compare, with_new_seed
from odyssey.analysis.selection import select

TRIAL = ["variant", "trial"]


def test_new_seeds_are_those_of_the_trial_and_the_repeat_alone():
    first, again = (seeds.repeated_seed(17, 1) for _ in range(2))
    assert first == again
    many = {seeds.repeated_seed(seed, repeat) for seed in range(50) for repeat in range(1, 6)}
    assert len(many) == 250
    assert all(0 <= seed < 2**63 for seed in many)


def test_selected_trials_keep_all_but_their_seed():
    trials = [{"trial": n, "seed": 100 + n, "learning_rate": 0.1 * n} for n in range(5)]
    drawn = with_new_seed(trials, {1, 4}, 2)
    assert [trial["trial"] for trial in drawn] == [1, 4]
    assert [trial["learning_rate"] for trial in drawn] == [0.1, 0.4]
    assert [trial["seed"] for trial in drawn] == [seeds.repeated_seed(s, 2) for s in (101, 104)]


def made_up(shift=0.0, n=200, repeats=5, chance=0.1, seed=1):
    """Make searches whose trials are worth what they are worth, plus the chance of a seed."""
    rng = np.random.default_rng(seed)
    first, again = [], []
    for variant in ("V", "NP"):
        worth = rng.gamma(2.0, 0.3, n) + 8 + (shift if variant == "NP" else 0)
        seen = worth + chance * rng.normal(size=n)
        key = {"task": "jsb", "variant": variant}
        first.append(pd.DataFrame({"trial": range(n), "validation": seen, "test": seen} | key))
        for repeat in range(1, repeats + 1):
            result = worth + chance * rng.normal(size=n)
            results = {"validation": result, "test": result, "repeat": repeat}
            again.append(pd.DataFrame({"trial": range(n)} | results | key))
    marked = select(pd.concat(first))
    chosen = marked.loc[marked["selected"], ["variant", "trial"]]
    return marked, pd.concat(again).merge(chosen)


def test_the_luck_of_seeds_is_what_the_selected_lose_with_others():
    marked, again = made_up()
    table = compare(marked, again).set_index("variant")
    # The best tenth by a noisy result are worse than they seemed, by some part of the noise.
    assert (table["luck_low"] > 0).all()
    assert (table["luck"] < 0.2).all()
    np.testing.assert_allclose(table["again"] - table["selected"], table["luck"])
    # What validation shows is what test shows here.
    np.testing.assert_allclose(table["validation_luck"], table["luck"])
    # 20 trials of five seeds know a standard deviation to 8 %.
    np.testing.assert_allclose(table["sd_seeds"], 0.1, rtol=0.25)
    medians = marked.groupby("variant")["test"].median()
    np.testing.assert_allclose(table["lead"], (medians - table["selected"])[table.index])


def test_the_runs_of_a_trial_count_once():
    marked, again = made_up()
    same = again.merge(again.groupby(["variant", "trial"])["test"].mean().rename("mean"), on=TRIAL)
    once = compare(marked, same[same["repeat"] == 1].assign(test=lambda t: t["mean"]))
    often = compare(marked, same.assign(test=same["mean"]))
    columns = ["trials", "luck", "luck_low", "luck_high", "difference", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(once[columns], often[columns])


def test_differences_come_from_the_new_seeds():
    marked, again = made_up(shift=0.5)
    row = compare(marked, again).set_index("variant").loc["NP"]
    means = again.groupby(["variant", "trial"])["test"].mean()
    assert row["difference"] == pytest.approx(means["NP"].mean() - means["V"].mean())
    assert row["ci_low"] < row["difference"] < row["ci_high"]
    # One comparison is its own family.
    assert (row["family_low"], row["family_high"]) == (row["ci_low"], row["ci_high"])
    # What selection adds: the means as independent draws, as the paper has it, know more.
    theirs = stats.ttest_ind(means["NP"], means["V"], equal_var=False).confidence_interval(0.95)
    assert row["ci_high"] - row["ci_low"] > 1.05 * (theirs.high - theirs.low)


def test_intervals_of_differences_hold_where_there_is_none():
    held = 0
    for seed in range(100):
        row = compare(*made_up(seed=seed)).set_index("variant").loc["NP"]
        held += row["ci_low"] <= 0 <= row["ci_high"]
    # At 95 % at least 87 of 100 but once in a thousand times.
    assert held >= 87


def test_new_seeds_of_trials_that_are_not_selected_are_refused():
    marked, again = made_up()
    others = select(marked.drop(columns=["rank", "selected"]), 0.2)
    with pytest.raises(ValueError, match="NP on jsb, new seed 1: its trials are not the selected"):
        compare(others, again[again["variant"] == "NP"])
    with pytest.raises(ValueError, match="its trials are not the selected ones"):
        compare(marked, pd.concat([again, again]))


def test_a_run_without_a_result_is_counted_and_its_trial_stands_by_the_others():
    marked, again = made_up()
    lost = again["repeat"].eq(2) & again["variant"].eq("NP")
    again.loc[lost & (again["trial"] == again.loc[lost, "trial"].min()), "test"] = np.nan
    table = compare(marked, again).set_index("variant")
    assert table["without_result"].to_dict() == {"V": 0, "NP": 1}
    assert table["trials"].tolist() == [20, 20]


def test_one_run_that_explodes_moves_the_mean_and_not_the_median():
    marked, again = made_up()
    before = compare(marked, again).set_index("variant").loc["NP"]
    chosen = again["variant"].eq("NP") & again["repeat"].eq(1)
    again.loc[again.index[chosen][:1], "test"] = 1e4
    after = compare(marked, again).set_index("variant").loc["NP"]
    assert after["worst"] == 1e4
    assert after["luck"] > 50
    assert after["median_low"] <= after["luck_median"] <= after["median_high"]
    assert abs(after["luck_median"] - before["luck_median"]) < 0.05


def test_the_interval_of_the_median_is_that_of_order_statistics():
    gains = np.random.default_rng(1).permutation(20).astype(float)
    # Of 20 coins five or fewer come up heads with 2.07 %.
    assert reseeding._median(gains, 0.05) == (9.5, 5.0, 14.0)
    assert np.isnan(reseeding._median(gains[:3], 0.05)[1])


def test_with_one_new_seed_their_spread_is_not_known_and_the_rest_is():
    marked, again = made_up(repeats=1)
    table = compare(marked, again)
    assert table["sd_seeds"].isna().all()
    assert table[["luck", "luck_low", "luck_high"]].notna().all(axis=None)


def test_without_vanilla_there_is_no_difference_and_the_note_says_so(tmp_path):
    marked, again = made_up()
    table = compare(marked, again[again["variant"] == "NP"])
    assert table["difference"].isna().all()
    assert table["note"].tolist() == ["no test: the task has no V"]
    write_csv(table, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "table.csv", COLUMNS), table)


def test_effects_have_each_number_of_the_new_seeds_once():
    table = compare(*made_up(shift=0.5))
    found = effects.table(effects.of_reseeded(table)).set_index(["variant", "effect"])
    row = table.set_index("variant").loc["NP"]
    columns = ["estimate", "low", "high", "family_low", "family_high"]
    names = ["difference", "ci_low", "ci_high", "family_low", "family_high"]
    assert found.loc[("NP", effects.DIFFERENCE), columns].tolist() == row[names].tolist()
    assert ("V", effects.DIFFERENCE) not in found.index
    share = found.loc[("V", effects.LUCK_SHARE), "estimate"]
    first = table.set_index("variant").loc["V"]
    assert share == pytest.approx(first["luck"] / first["lead"])
    assert found["method"].str.len().min() > 20
    assert found.index.is_unique
