"""What training is expected to take, and how trials are divided among jobs by it."""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odyssey.cells.variants import cell
from odyssey.config import read_study
from odyssey.features.pianoroll import sequences
from odyssey.search import draw_trials
from odyssey.tasks import read_settings
from odyssey.training.cost import (
    EVALUATION,
    OF_CUDA,
    epoch_seconds,
    expected_seconds,
    job_megabytes,
    job_seconds,
    network,
    search_shards,
    stack_width,
    stacked_megabytes,
)
from odyssey.training.networks import count_weights
from odyssey.training.stacked import EVALUATION_MEGABYTES
from odyssey.trials import shards

V = cell("V")
MEASURED = Path(__file__).parents[2] / "benchmarks" / "results" / "engine.csv"


def task(kind, **settings):
    return read_settings({"kind": kind, **settings})


def test_the_shapes_are_those_that_the_features_have():
    jsb = task("jsb")
    chorales = {s: {"a": [[60], [62]]} for s in ("train", "validation", "test")}
    music = sequences(chorales, jsb.description("jsb"))
    chosen = network(jsb, V, 5)
    assert (music.inputs, music.targets.shape[1]) == (chosen.inputs, chosen.outputs)
    assert (jsb.shape().directions, jsb.shape().loss) == (chosen.directions, chosen.loss)


def test_a_training_step_is_expected_to_take_what_the_benchmark_measured():
    tasks = {kind: task(kind) for kind in ("timit", "iam", "jsb")}
    ratios = []
    with MEASURED.open() as file:
        for row in csv.DictReader(file):
            if row["engine"] != "fused" or row["shape"] not in tasks:
                continue
            of, size = tasks[row["shape"]], int(row["hidden_size"])
            training, validation = of.frames()
            expected = epoch_seconds(of, cell(row["variant"]), size, "fused")
            step = 1e6 * expected / (training + EVALUATION * validation)
            ratios.append(step / float(row["us_per_frame"]))
    assert len(ratios) == 78
    assert np.median(ratios) == pytest.approx(1, abs=0.3)
    assert 0.4 < min(ratios) <= max(ratios) < 2.5


def test_the_papers_corpora_are_larger_than_the_stand_ins():
    assert task("timit", source="ldc93s1", path=".").frames() == (3696 * 304, 400 * 304)
    assert task("timit").frames()[0] < 100_000
    genuine, made_up = task("iam", source="iam", path="."), task("iam")
    assert genuine.frames()[0] > 100 * made_up.frames()[0]


def test_a_job_at_the_full_size_of_timit_asks_for_what_it_is_known_to_need():
    timit = task("timit", source="ldc93s1", path=".")
    asked = job_megabytes(timit, V, [{"hidden_size": 30}, {"hidden_size": 200}], "fused", 2)
    assert 700 < asked < 2000
    # A thousand blocks have 16 MB of recurrent weights a direction, each several times over.
    assert job_megabytes(timit, V, [{"hidden_size": 1000}], "fused", 2) > asked + 2 * 5 * 2 * 16


def test_each_layer_takes_time_and_memory_and_a_batch_takes_none():
    timit = task("timit", source="ldc93s1", path=".")
    one, deep, batches = (
        [{"hidden_size": 200, **more}] for more in ({}, {"layers": 3}, {"batch": 64})
    )
    asked = job_megabytes(timit, V, one, "fused", 2)
    weights = count_weights(network(timit, V, 200, 3)) - count_weights(network(timit, V, 200))
    # What the states of two layers more take, and all that is kept of their weights.
    more = 2 * (2 * 50 + 18 * 4e-6 * weights)
    assert job_megabytes(timit, V, deep, "fused", 2) > asked + more - 1
    assert job_megabytes(timit, V, batches, "fused", 2) == asked
    seconds = [epoch_seconds(timit, V, 200, "fused", layers) for layers in (1, 3)]
    assert 3 < seconds[1] / seconds[0] < 6  # a layer above reads 400 units instead of 39 inputs


@given(
    st.lists(st.floats(0.1, 1000), min_size=1, max_size=120),
    st.lists(st.floats(0.1, 1000), max_size=20),
    st.floats(1, 2000),
)
def test_shards_by_work_cover_all_trials_keep_to_their_time_and_do_not_move(times, more, target):
    made = shards(times, None, target)
    assert [made[0][0], made[-1][1]] == [0, len(times) - 1]
    assert all(following[0] == shard[1] + 1 for shard, following in pairwise(made))
    for first, last in made:
        assert sum(times[first : last + 1]) <= target * (1 + 1e-9) or first == last
    # As full as they can be: not one could take the next trial too.
    for first, last in made[:-1]:
        assert sum(times[first : last + 2]) > target * (1 - 1e-9)
    assert shards(times + more, None, target)[: len(made) - 1] == made[:-1]


@pytest.mark.parametrize("given", [0, -1, True, 2.5, "some", None])
def test_a_number_of_trials_a_job_that_is_none_is_refused(given):
    config = {
        "study": "x",
        "tasks": {"jsb": {}},
        "training": {"trials_per_job": given},
    }
    with pytest.raises(ValueError, match=r"^training\.trials_per_job: (must|cannot) be"):
        read_study(config)


def test_short_trials_make_jobs_as_long_as_fifty_of_vanilla_whatever_the_variant():
    study = read_study({"study": "x", "tasks": {"jsb": {}}, "search": {"trials": 200}})
    lengths = {}
    for name in ("V", "FGR"):
        seconds = expected_seconds(study, "jsb", name, draw_trials(study, "jsb", name))
        jobs = search_shards(study, "jsb", name, seconds)
        lengths[name] = [sum(seconds[first : last + 1]) for first, last in jobs]
    assert len(lengths["V"]) in (4, 5, 6)
    assert len(lengths["FGR"]) > len(lengths["V"])
    # All but the last are as full as whole trials allow.
    full = lengths["V"][:-1] + lengths["FGR"][:-1]
    assert min(full) > 0.8 * max(full)


def test_a_job_may_train_so_many_minutes_on_each_of_its_cores():
    def jobs(**training):
        study = read_study(
            {"study": "x", "tasks": {"jsb": {}}, "search": {"trials": 200}, "training": training}
        )
        seconds = expected_seconds(study, "jsb", "V", draw_trials(study, "jsb", "V"))
        made = search_shards(study, "jsb", "V", seconds)
        lasting = [
            job_seconds(seconds[first : last + 1], study.training.threads) for first, last in made
        ]
        return len(made), max(lasting)

    number, longest = jobs(job_minutes=3)
    with_two, longest_with_two = jobs(job_minutes=3, threads=2)
    assert longest <= 180
    assert longest_with_two <= 180
    assert 0.4 * number < with_two < 0.7 * number


def stacked(**changes):
    config = {
        "study": "x",
        "tasks": {"jsb": {}},
        "variants": ["V", "RNN"],
        "search": {"trials": changes.pop("trials", 200)},
        "training": {"device": "cuda", **changes},
    }
    return read_study(config)


def jobs_of(study, variant="V"):
    seconds = expected_seconds(study, "jsb", variant, draw_trials(study, "jsb", variant))
    return search_shards(study, "jsb", variant, seconds)


def test_a_job_for_a_gpu_is_one_stack_as_large_as_its_memory_holds():
    study = stacked(stack_megabytes=1000)
    width = stack_width(study, "jsb", "V")
    one = stacked_megabytes(study.tasks["jsb"], study.cell("V"), 200, 1)
    assert width * one <= 1000 - EVALUATION_MEGABYTES < (width + 1) * one
    assert 5 < width < 200
    made = jobs_of(study)
    assert [last - first + 1 for first, last in made[:-1]] == [width] * (200 // width)
    # Twice the trials change no job but the last.
    assert jobs_of(stacked(stack_megabytes=1000, trials=400))[: len(made) - 1] == made[:-1]
    assert stack_width(study, "jsb", "RNN") > width
    assert stack_width(stacked(engine="reference"), "jsb", "V") == 1


def test_the_size_of_a_stack_and_of_its_jobs_can_be_named():
    assert jobs_of(stacked(stack=50)) == [(0, 49), (50, 99), (100, 149), (150, 199)]
    both = stacked(stack=50, trials_per_job=200)
    assert jobs_of(both) == [(0, 199)]
    assert stack_width(both, "jsb", "V") == 50
    with pytest.raises(ValueError, match=r"^training\.stack: must be a whole number"):
        stacked(stack=0)


def test_trials_side_by_side_share_what_does_not_grow_with_them():
    study = stacked()
    trials = draw_trials(study, "jsb", "V")[:50]
    together = sum(expected_seconds(study, "jsb", "V", trials))
    alone = sum(expected_seconds(study, "jsb", "V", [trial])[0] for trial in trials)
    assert together < 0.5 * alone


def test_a_stack_is_given_the_memory_of_all_its_trials():
    study = stacked()
    trials, task, cell = draw_trials(study, "jsb", "V"), study.tasks["jsb"], study.cell("V")
    few, many = (job_megabytes(task, cell, trials, "stacked", 1, k) for k in (2, 100))
    assert many - few > 98 * stacked_megabytes(task, cell, 150, 1)
    # On a GPU it is the GPU's memory.
    on_gpu = job_megabytes(task, cell, trials, "stacked", 1, 100, "cuda")
    assert on_gpu < many - 90 * stacked_megabytes(task, cell, 150, 1) + OF_CUDA
    assert job_megabytes(task, cell, trials[:2], "stacked", 1, 100) <= few
