"""New seeds for the selected trials: drawn, compared, and what they tell of luck."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from odyssey import seeds
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.reseeding import COLUMNS, compare, with_new_seed
from odyssey.analysis.selection import select


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


def made_up(shift=0.0, n=200, repeats=5, chance=0.1):
    """Make cells whose trials are worth what they are worth, plus the chance of a seed."""
    rng = np.random.default_rng(1)
    first, again = [], []
    for variant in ("V", "NP"):
        worth = rng.gamma(2.0, 0.3, n) + 8 + (shift if variant == "NP" else 0)
        seen = worth + chance * rng.normal(size=n)
        key = {"task": "jsb", "variant": variant}
        first.append(pd.DataFrame({"trial": range(n), "validation": seen, "test": seen} | key))
        for repeat in range(1, repeats + 1):
            result = worth + chance * rng.normal(size=n)
            again.append(pd.DataFrame({"trial": range(n), "test": result, "repeat": repeat} | key))
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
    # 20 trials of five seeds know a standard deviation to 8 %.
    np.testing.assert_allclose(table["sd_seeds"], 0.1, rtol=0.25)


def test_differences_come_from_the_new_seeds():
    marked, again = made_up(shift=0.5)
    row = compare(marked, again).set_index("variant").loc["NP"]
    means = again.groupby(["variant", "trial"])["test"].mean()
    theirs = stats.ttest_ind(means["NP"], means["V"], equal_var=False).confidence_interval(0.95)
    assert row["difference"] == pytest.approx(means["NP"].mean() - means["V"].mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((theirs.low, theirs.high))


def test_without_vanilla_there_is_no_difference_and_the_note_says_so(tmp_path):
    marked, again = made_up()
    table = compare(marked, again[again["variant"] == "NP"])
    assert table["difference"].isna().all()
    assert table["note"].tolist() == ["no test: the task has no V"]
    write_csv(table, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "table.csv", COLUMNS), table)
