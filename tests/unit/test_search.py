"""Random search draws what the paper says, and growing a study moves nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from odyssey.config import Search
from odyssey.search import draw_trial
from odyssey.trials import shards, write_trials


def draw(count=2000, also=(), **ranges):
    search = Search.model_validate({"trials": count, **ranges})
    return [draw_trial(search, list(also), 1, "timit", "V", n) for n in range(count)]


def test_values_follow_the_papers_distributions():
    trials = draw()
    column = {k: np.array([t[k] for t in trials]) for k in trials[0]}

    def log_uniform(values, low, high):
        return stats.kstest(np.log(values / low) / np.log(high / low), "uniform").pvalue

    # Fixed streams, so each p-value is a constant.
    assert log_uniform(column["learning_rate"], 1e-6, 1e-2) > 0.01
    assert log_uniform(1 - column["momentum"], 0.01, 1) > 0.01
    assert stats.kstest(column["input_noise"], "uniform").pvalue > 0.01
    assert log_uniform(column["hidden_size"], 20, 200) > 0.01
    assert min(column["hidden_size"]) >= 20
    assert max(column["hidden_size"]) <= 200


def test_extra_hyperparameters_are_drawn_half_and_half_and_move_no_other():
    plain, more = draw(400), draw(400, also=("nesterov", "clip"))
    for key in ("nesterov", "clip"):
        assert 160 < sum(t[key] for t in more) < 240  # 4 standard deviations
    assert [{k: v for k, v in t.items() if k not in ("nesterov", "clip")} for t in more] == plain


def test_more_trials_keep_the_first_ones():
    assert draw(40)[:20] == draw(20)


def test_a_range_of_one_value_fixes_it():
    trials = draw(5, hidden_size={"low": 33, "high": 33}, input_noise={"low": 0, "high": 0})
    assert {t["hidden_size"] for t in trials} == {33}
    assert {t["input_noise"] for t in trials} == {0}


@pytest.mark.parametrize(
    ("trials", "per_job", "expected"),
    [(20, 10, [(0, 9), (10, 19)]), (20, 7, [(0, 6), (7, 13), (14, 19)]), (3, 10, [(0, 2)])],
)
def test_shards_cover_all_trials_once(trials, per_job, expected):
    assert shards([1.0] * trials, per_job, 60) == expected


def test_a_trials_table_loses_no_digit(tmp_path):
    trials = draw(12, also=("nesterov", "clip"))
    write_trials(tmp_path / "V.csv", trials)
    table = pd.read_csv(tmp_path / "V.csv")
    assert table.to_dict("records") == trials
