"""Bits that a weight holds, of runs on random labels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from odyssey.analysis import capacity, effects
from odyssey.analysis.files import read_csv, write_csv
from odyssey.features.memory import stored_bits

ITEMS, WEIGHTS = 1000, 400


def runs(wrong: dict[str, list[list[float]]], weights=WEIGHTS) -> pd.DataFrame:
    """Lay out errors of labels, per cent: of each variant a list a trial, with one of each seed."""
    rows = [
        {"task": "capacity", "variant": variant, "trial": 7 * trial, "test": test}
        for variant, trials in wrong.items()
        for trial, tests in enumerate(trials)
        for test in tests
    ]
    table = pd.DataFrame(rows).assign(parameters=weights)
    return table.assign(status=table["test"].isna().map({False: "completed", True: "diverged"}))


def found(table: pd.DataFrame, effect=effects.BITS) -> pd.DataFrame:
    rows = effects.table(capacity.of_runs(table, {"capacity": ITEMS}))
    return rows[rows["effect"] == effect].set_index("variant")


def test_bits_are_those_stored_over_the_weights_of_the_run():
    table = runs({"V": [[10.0, 20.0]]}).assign(parameters=[100, 200])
    expected = [stored_bits(ITEMS, 0.1) / 100, stored_bits(ITEMS, 0.2) / 200]
    assert capacity.bits_a_parameter(table, ITEMS).tolist() == pytest.approx(expected)


def test_a_run_that_diverged_has_stored_nothing():
    row = found(runs({"V": [[10.0, np.nan]]})).loc["V"]
    assert row["estimate"] == pytest.approx(stored_bits(ITEMS, 0.1) / WEIGHTS / 2)
    assert row["n"] == 2


def test_a_cell_whose_runs_all_diverged_has_stored_nothing_for_certain():
    rows = found(runs({"V": [[10.0, 12.0]], "NOAF": [[np.nan, np.nan]]}))
    assert rows.loc["NOAF", "estimate"] == 0
    assert np.isnan(rows.loc["NOAF", "low"])


def test_a_run_that_failed_says_nothing():
    table = runs({"V": [[10.0, 12.0, np.nan], [20.0, 21.0]]})
    table.loc[2, "status"] = "failed"
    row, without = found(table).loc["V"], found(table.drop(2)).loc["V"]
    assert row.equals(without)
    assert row["n"] == 4


def test_trials_count_once_each_however_often_they_were_run():
    table = runs({"V": [[10.0, 12.0, 11.0], [20.0, 22.0]]})
    bits = capacity.bits_a_parameter(table, ITEMS)
    first, second = bits[:3], bits[3:]
    row = found(table).loc["V"]
    assert row["estimate"] == pytest.approx((first.mean() + second.mean()) / 2)
    # Satterthwaite (1946), of a sum of two squared errors.
    a, b = first.var() / 3 / 4, second.var() / 2 / 4
    df = (a + b) ** 2 / (a**2 / 2 + b**2 / 1)
    half = stats.t.ppf(0.975, df) * (a + b) ** 0.5
    assert row["high"] - row["estimate"] == pytest.approx(half)


def test_with_two_others_each_interval_of_the_family_covers_as_two_need():
    table = runs({"V": [[10.0, 12.0, 15.0]], "RNN": [[4.0, 4.5, 7.0]], "GRU": [[9.0, 10.0, 12.0]]})
    row = found(table, effects.BITS_MORE).loc["RNN"]
    bits = capacity.bits_a_parameter(table, ITEMS)
    expected = stats.ttest_ind(bits[3:6], bits[:3], equal_var=False).confidence_interval(0.975)
    assert (row["family_low"], row["family_high"]) == pytest.approx((expected.low, expected.high))


def test_of_one_trial_it_is_the_t_interval_of_its_runs():
    row = found(runs({"V": [[10.0, 12.0, 15.0, 11.0]]})).loc["V"]
    bits = [stored_bits(ITEMS, error) / WEIGHTS for error in (0.10, 0.12, 0.15, 0.11)]
    expected = stats.ttest_1samp(bits, 0).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


def test_of_two_cells_of_one_trial_it_is_welchs_interval():
    table = runs({"V": [[10.0, 12.0, 15.0, 11.0]], "RNN": [[4.0, 4.5, 7.0]]})
    row = found(table, effects.BITS_MORE).loc["RNN"]
    bits = capacity.bits_a_parameter(table, ITEMS)
    expected = stats.ttest_ind(bits[4:], bits[:4], equal_var=False).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert (row["family_low"], row["family_high"]) == pytest.approx((row["low"], row["high"]))


def test_the_interval_of_three_trials_holds_what_their_settings_store():
    rng, held, widths, middles = np.random.default_rng(1), 0, [], []
    levels = {"V": (8.0, 10.0, 12.0), "NP": (6.0, 9.0, 12.0), "GRU": (8.0, 8.0, 8.0)}
    truth = {
        variant: np.mean([stored_bits(ITEMS, level / 100) for level in own]) / WEIGHTS
        for variant, own in levels.items()
    }
    times = 150
    for _ in range(times):
        drawn = {
            variant: [list(level + 0.3 * rng.normal(size=5)) for level in own]
            for variant, own in levels.items()
        }
        row = found(runs(drawn), effects.BITS_MORE).loc["NP"]
        held += row["low"] <= truth["NP"] - truth["V"] <= row["high"]
        widths.append(row["high"] - row["low"])
        middles.append(row["estimate"])
    # 95 % of them, less four standard errors.
    assert held >= 0.95 * times - 11
    # Twice what t asks for, of some 24 degrees of freedom, times the error that there was.
    assert np.mean(widths) == pytest.approx(2 * stats.t.ppf(0.975, 24) * np.std(middles), rel=0.15)


@pytest.mark.parametrize("tests", [[[10.0]], [[10.0, 10.0], [12.0, 12.0]]])
def test_without_a_spread_there_is_no_interval(tests):
    row = found(runs({"V": tests})).loc["V"]
    assert row["estimate"] > 0
    assert np.isnan([row["low"], row["high"]]).all()


def test_runs_of_other_tasks_and_studies_without_vanilla_have_no_bits_more(tmp_path):
    table = runs({"GRU": [[10.0, 12.0]], "RNN": [[4.0, 4.5]]})
    table = pd.concat([table, table.assign(task="jsb", test=8.5)])
    rows = effects.table(capacity.of_runs(table, {"capacity": ITEMS}))
    assert set(rows["effect"]) == {effects.BITS}
    assert set(rows["task"]) == {"capacity"}
    write_csv(rows, tmp_path / "effects.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "effects.csv", effects.COLUMNS), rows)
