"""Tasks of memory: what is made, and that a network learns the adding problem."""

import numpy as np
import pytest

from odyssey import seeds
from odyssey.cells.variants import cell
from odyssey.features import memory
from odyssey.features.sequences import SPLITS, Description
from odyssey.training.engine import Optimiser
from odyssey.training.engines import open_engine
from odyssey.training.networks import Network, initial_weights


def described(loss, outputs):
    return Description("task", "made on the spot", False, loss, outputs, 1, "error")


def adding(length=7, counts=(5, 3, 2), seed=0):
    return memory.adding(length, counts, seed, described("squared", 1))


def copying(seed=0):
    return memory.copy(3, 4, 8, (5, 3, 2), seed, described("softmax", 8))


def capacity(items=40, inputs=8, seed=0):
    return memory.capacity(items, inputs, 3, seed, described("softmax", 2))


def cut(array, made):
    return np.split(array, np.cumsum(made.lengths)[:-1])


@pytest.mark.parametrize("make", [adding, copying, capacity])
def test_a_seed_makes_the_same_again_and_another_seed_others(make):
    once, again, other = make(seed=1), make(seed=1), make(seed=2)
    assert np.array_equal(once.values, again.values)
    assert np.array_equal(once.targets, again.targets)
    assert not np.array_equal(once.values, other.values)


@pytest.mark.parametrize("make", [adding, copying])
def test_the_splits_have_the_sizes_asked_for_and_differ(make):
    made = make()
    assert [len(made.indices(split)) for split in SPLITS] == [5, 3, 2]
    assert len({part.tobytes() for part in cut(made.values, made)}) == 10
    assert len(set(made.names)) == 10


def test_the_sum_of_the_two_marked_values_is_asked_for_at_the_last_frame():
    made = adding(length=7)
    for values, targets, scored in zip(
        cut(made.values, made), cut(made.targets, made), cut(made.scored, made), strict=True
    ):
        (first,), (second,) = np.flatnonzero(values[:3, 1]), np.flatnonzero(values[3:, 1])
        assert targets[-1, 0] == pytest.approx(values[first, 0] + values[3 + second, 0])
        assert scored.tolist() == [False] * 6 + [True]
        assert (targets[:-1] == 0).all()
        assert ((values[:, 0] >= 0) & (values[:, 0] <= 1)).all()


def test_one_is_wrong_by_a_sixth():
    made = adding(counts=(20_000, 1, 1))
    error = np.mean((made.targets[made.scored] - 1) ** 2)
    assert error == pytest.approx(1 / 6, abs=5 * 0.2 / 20_000**0.5)  # five standard errors


def test_what_was_shown_is_to_be_said_again_after_the_delay():
    made = copying()
    assert made.inputs == 10
    for values, targets, scored in zip(
        cut(made.values, made), cut(made.targets, made), cut(made.scored, made), strict=True
    ):
        shown = values.argmax(axis=1)
        assert (values.sum(axis=1) == 1).all()
        assert (shown[:3] < 8).all()
        assert shown[3:].tolist() == [8, 8, 8, 9, 8, 8, 8]
        assert targets[-3:].tolist() == shown[:3].tolist()
        assert scored.tolist() == [False] * 7 + [True] * 3


def test_all_splits_hold_the_same_different_items():
    made = capacity(items=200, inputs=8)
    parts = [np.stack([cut(made.values, made)[n] for n in made.indices(s)]) for s in SPLITS]
    labels = [np.stack([cut(made.targets, made)[n] for n in made.indices(s)]) for s in SPLITS]
    assert all(np.array_equal(parts[0], part) for part in parts)
    assert all(np.array_equal(labels[0], part) for part in labels)
    assert len({item.tobytes() for item in parts[0]}) == 200
    assert (parts[0] == parts[0][:, :1]).all()
    assert set(np.unique(made.values)) == {-1, 1}
    assert 60 < labels[0][:, -1].sum() < 140  # of 200 fair coins; beyond with 1e-8
    assert made.scored.reshape(-1, 3).tolist() == [[False, False, True]] * 600


def test_bits_stored_are_the_mutual_information():
    assert memory.stored_bits(100, 0) == 100
    assert memory.stored_bits(100, 0.5) == memory.stored_bits(100, 0.7) == 0
    # The definition: a fair label, and an answer wrong with the probability given.
    error = 0.11
    joint = np.array([[1 - error, error], [error, 1 - error]]) / 2
    information = (joint * np.log2(joint / 0.25)).sum()
    assert memory.stored_bits(100, error) == pytest.approx(100 * information)


def test_vanilla_learns_to_add(kernel_of):
    made = adding(length=10, counts=(1000, 200, 200))
    network = Network(cell("V"), 2, 12, 1, 1, "squared")
    weights = initial_weights(network, 1)
    engine = open_engine("fused", network, made, weights, kernel_of(cell("V")))
    before = engine.evaluate("test").measure
    optimiser = Optimiser(learning_rate=0.05, momentum=0.9, nesterov=True, clip=None)
    for epoch in range(1, 41):
        engine.train_epoch(seeds.order(1, epoch, 1000), seeds.noise_key(1, epoch), 0.0, optimiser)
    assert before > 0.1
    assert engine.evaluate("test").measure < 0.005
