"""Random search draws what the paper says, and growing a study moves nothing."""

import numpy as np
import pytest
from scipy import stats

from odyssey.cells.variants import cell
from odyssey.config import read_study
from odyssey.search import draw_trial, draw_trials
from odyssey.search_space import MOST_HIDDEN, Search
from odyssey.training.networks import Network, count_weights
from odyssey.training.sizes import nearest_size, weights_at
from odyssey.trials import shards

BUDGET = {"low": 20_000, "high": 200_000}


def draw(count=2000, also=(), of=None, **ranges):
    search = Search.model_validate({"trials": count, **ranges})
    return [draw_trial(search, list(also), 1, "timit", "V", n, of) for n in range(count)]


def network(variant="V", directions=1, layers=1):
    return Network(cell(variant), 88, 1, 88, directions, "sigmoid", layers)


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


def test_layers_are_drawn_alike_and_both_ends_are_reached():
    column = np.array([t["layers"] for t in draw(layers={"low": 2, "high": 5})])
    assert all(type(t["layers"]) is int for t in draw(5, layers={"low": 2, "high": 5}))
    numbers, counts = np.unique(column, return_counts=True)
    assert numbers.tolist() == [2, 3, 4, 5]
    # A fixed stream, so that the p-value is a constant.
    assert stats.chisquare(counts).pvalue > 0.01


def test_batches_are_log_uniform_whole_numbers_from_one_end_to_the_other():
    column = np.array([t["batch"] for t in draw(batch={"low": 1, "high": 64})])
    assert (column.min(), column.max()) == (1, 64)
    assert np.issubdtype(column.dtype, np.integer)
    expected = np.log(
        np.minimum(np.arange(1, 65) + 0.5, 64) / np.maximum(np.arange(1, 65) - 0.5, 1)
    )
    counts = np.bincount(column, minlength=65)[1:]
    parts = np.array_split(np.arange(64), [1, 2, 4, 8, 16, 32])
    counts, expected = ([values[part].sum() for part in parts] for values in (counts, expected))
    assert stats.chisquare(counts, np.array(expected) * 2000 / np.log(64)).pvalue > 0.01


def test_layers_and_batch_move_no_other_and_stand_in_the_table_unless_they_are_one():
    plain = draw(50)
    assert not {"layers", "batch"} & set(plain[0])
    assert draw(50, layers=1, batch={"low": 1, "high": 1}) == plain
    fixed = draw(50, layers=3, batch=8)
    assert all((t.pop("layers"), t.pop("batch")) == (3, 8) for t in fixed)
    assert fixed == plain
    searched = draw(50, layers={"low": 1, "high": 3}, batch={"low": 1, "high": 9})
    assert [{k: t[k] for k in plain[0]} for t in searched] == plain
    both = draw(50, ("nesterov", "clip"), layers=2, batch=4)
    assert list(both[0]) == [*draw(1, ("nesterov", "clip"))[0], "layers", "batch"]


@pytest.mark.parametrize("variant", ["V", "CIFG", "GRU", "RNN"])
@pytest.mark.parametrize(("directions", "layers"), [(1, 1), (2, 1), (2, 3)])
def test_a_budget_is_met_as_nearly_as_whole_sizes_allow(variant, directions, layers):
    of = network(variant, directions, layers)
    trials = draw(60, of=of, parameters=BUDGET, layers=layers)

    for trial in trials:
        size = trial["hidden_size"]
        here, below, above = (weights_at(of, n) for n in (size, max(size - 1, 1), size + 1))
        assert (below + here) / 2 < BUDGET["high"]
        assert (here + above) / 2 > BUDGET["low"]
    weights = np.array([weights_at(of, t["hidden_size"]) for t in trials])
    assert weights.max() / weights.min() > 4


def test_the_size_is_that_whose_number_of_weights_is_nearest():
    of = network()
    for weights in (1, 500, 31_234, 77_777, 10**12):
        size = nearest_size(of, weights)
        away = abs(weights_at(of, size) - weights)
        for other in {max(1, size - 1), min(MOST_HIDDEN, size + 1)}:
            assert away <= abs(weights_at(of, other) - weights)
    assert nearest_size(of, 1) == 1
    assert nearest_size(of, 10**12) == MOST_HIDDEN
    assert nearest_size(of, weights_at(of, 37)) == 37
    middle = (weights_at(of, 37) + weights_at(of, 38)) / 2
    assert (nearest_size(of, middle - 1), nearest_size(of, middle + 1)) == (37, 38)


def test_all_variants_draw_their_sizes_from_one_budget_by_the_tasks_own_shape():
    study = read_study(
        {
            "study": "s",
            "tasks": {"jsb": {}, "timit": {}},
            "variants": ["V", "GRU", "RNN"],
            "search": {"trials": 40, "parameters": BUDGET, "layers": {"low": 1, "high": 3}},
        }
    )
    for task, directions in (("jsb", 1), ("timit", 2)):
        shape = study.tasks[task].shape()
        assert shape.directions == directions
        for variant in study.variants:
            weights = []
            for trial in draw_trials(study, task, variant):
                size, layers = trial["hidden_size"], trial["layers"]
                ends = shape.inputs, size, shape.outputs, directions, shape.loss
                weights.append(count_weights(Network(cell(variant), *ends, layers)))
            # Half of what one unit more adds is what rounding can miss an end by.
            assert 0.93 * BUDGET["low"] < min(weights) < max(weights) < 1.07 * BUDGET["high"]


def test_the_fewer_weights_a_unit_has_the_more_units_a_budget_allows():
    by_variant = [nearest_size(network(variant), 50_000) for variant in ("RNN", "GRU", "V")]
    assert sorted(by_variant, reverse=True) == by_variant
    assert by_variant[0] > 1.5 * by_variant[1]
    assert nearest_size(network(layers=3), 50_000) < nearest_size(network(), 50_000)


@pytest.mark.parametrize(
    ("trials", "per_job", "expected"),
    [(20, 10, [(0, 9), (10, 19)]), (20, 7, [(0, 6), (7, 13), (14, 19)]), (3, 10, [(0, 2)])],
)
def test_shards_cover_all_trials_once(trials, per_job, expected):
    assert shards([1.0] * trials, per_job, 60) == expected
