"""The stacked engine trains each trial as the readable engine trains it alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_cells import sources
from standard import make
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from odyssey import seeds
from odyssey.cells.variants import KIN, PAPER_VARIANTS, cell
from odyssey.features.sequences import LOSSES
from odyssey.training.engine import Epoch, Optimiser
from odyssey.training.networks import Network, initial_weights
from odyssey.training.reference import ReferenceEngine
from odyssey.training.stacked.engine import StackedEngine
from odyssey.training.stacked.noise import gaussian_noise

SHIPPED = (*PAPER_VARIANTS, "FB1", "NFG+NOAF", "CIFG+FGR", "FGR+NIG+NP", "NIG+NFG+NOG", *KIN)
# They stand for all, which the slow tests try in all combinations.
SAMPLE = (*PAPER_VARIANTS, "NIG+NFG+NOG", "GRU", "MUT3", "minGRU", "LNLSTM")
LENGTHS = (5, 3, 1, 7, 4, 2, 6)  # of which the first five are trained on
TRAINING = 5


def mixed(network, count):
    """Networks of several sizes, no two neighbours alike."""
    return [replace(network, hidden_size=2 + 3 * k % 7) for k in range(count)]


def epochs(count, number, batches=True, classical=True, rate=1e-2):
    """An epoch for each of several trials that have hardly anything in common."""
    return [
        Epoch(
            seeds.order(k, number, TRAINING),
            seeds.noise_key(k, number),
            (0.0, 0.5, 1.0)[k % 3],
            Optimiser(
                rate * (1 + k % 4),
                (0.9, 0.0, 0.5)[k % 3],
                nesterov=not (classical and k % 5 == 3),
                clip=0.05 if classical and k % 4 == 2 else None,
            ),
            1 + k % 3 if batches else 1,
        )
        for k in range(count)
    ]


def alone(engine, epoch):
    return engine.train_epoch(
        epoch.order, epoch.noise_key, epoch.input_noise, epoch.optimiser, epoch.batch
    )


def loss_of(stack, found):
    return found.loss / stack.sequences.scored_lengths[:TRAINING].sum()


def check(network, count, scored=None, dtype=torch.float64, tolerance=1e-9):
    """Hold three epochs and an evaluation of a stack against each trial alone."""
    networks = mixed(network, count)
    sequences = make(network, LENGTHS, training=TRAINING, scored=scored)
    weights = [initial_weights(each, k) for k, each in enumerate(networks)]
    stack = StackedEngine(networks, sequences, weights, dtype=dtype)
    standards = [
        ReferenceEngine(each, sequences, own, torch.float64)
        for each, own in zip(networks, weights, strict=True)
    ]
    for number in (1, 2, 3):
        of_trials = epochs(count, number)
        found = loss_of(stack, stack.train_epoch(of_trials))
        wanted = [alone(e, o) for e, o in zip(standards, of_trials, strict=True)]
        np.testing.assert_allclose(found, wanted, rtol=tolerance)
    for standard, state in zip(standards, stack.state(), strict=True):
        for found, wanted in zip(state, standard.state(), strict=True):
            assert found.keys() == wanted.keys()
            for name, w in wanted.items():
                assert found[name].shape == w.shape
                error = np.linalg.norm(found[name] - w)
                assert error <= tolerance * max(1e-3, np.linalg.norm(w)), name
    evaluated = stack.evaluate("validation")
    for standard, found in zip(standards, evaluated, strict=True):
        wanted = standard.evaluate("validation")
        assert found.loss == pytest.approx(wanted.loss, rel=tolerance)
        assert found.measure == pytest.approx(wanted.measure, rel=tolerance)


@pytest.mark.parametrize(
    ("number", "name"), [(k, name) for k, name in enumerate(SHIPPED) if name in SAMPLE]
)
def test_each_trial_of_a_stack_comes_out_as_it_does_alone(number, name):
    """Loss, directions, layers and unscored frames in turn."""
    loss, directions = LOSSES[number % 4], 1 + number // 4 % 2
    network = Network(cell(name), 3, 9, 4, directions, loss, 1 + number % 2)
    check(network, 24, scored=(None, 0.5)[number // 2 % 2])


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", SHIPPED)
def test_all_combinations_come_out_as_they_do_alone(name, loss, directions, layers):
    check(Network(cell(name), 3, 9, 4, directions, loss, layers), 24, scored=0.5)


@pytest.mark.parametrize(
    ("name", "loss"), list(zip(("V", "FGR", "GRU", "minLSTM"), LOSSES, strict=True))
)
def test_in_single_precision_the_difference_is_that_of_rounding(name, loss):
    network = Network(cell(name), 3, 9, 4, 2, loss, 2)
    check(network, 8, dtype=torch.float32, tolerance=1e-4)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=sources(), directions=st.integers(1, 2), loss=st.sampled_from(LOSSES))
def test_any_cell_comes_out_as_it_does_alone(tmp_path_factory, text, directions, loss):
    file = tmp_path_factory.mktemp("cell") / "mine.py"
    file.write_text(text)
    check(Network(cell("MINE", file), 3, 9, 4, directions, loss), 5)


ODD = {
    "no matrix on the inputs": "y=tanh(w.R_z @ before.y + w.b_z)",
    "nothing recurrent": "y=tanh(w.W_z @ x)",
    "a matrix on a vector of weights": "y=tanh(w.W_z @ x + w.R_z @ sigmoid(w.p_k) + w.b_z)",
    "a state of weights alone": "y=tanh(w.W_z @ x + w.R_z @ before.k), k=exp(w.p_k)",
    "late by a step": "y=before.c, c=tanh(w.W_z @ x)",
    "as linear as can be": "y=w.W_z @ x + w.R_z @ before.y",
}


@pytest.mark.parametrize(("loss", "layers"), [("softmax", 1), ("ctc", 2)])
@pytest.mark.parametrize("states", ODD.values(), ids=ODD)
def test_odd_cells_come_out_as_they_do_alone(tmp_path, states, loss, layers):
    head = "from odyssey.cells.equations import State, exp, sigmoid, tanh\n\n\n"
    (tmp_path / "mine.py").write_text(
        f'"""Odd."""\n\n{head}def step(x, before, w):\n    return State({states})\n'
    )
    check(Network(cell("MINE", tmp_path / "mine.py"), 3, 9, 4, layers, loss, layers), 5)


AWKWARD = '''"""Its states are not 0 for inputs of 0, and it divides by what is."""

from odyssey.cells.equations import State, exp, mean, sigmoid, tanh


def step(x, before, w):
    m = exp(w.W_m @ x) + before.y
    c = tanh(w.R_c @ m + w.b_c) / (w.g * mean(m) + tanh(m))
    y = 0.1 * before.late + sigmoid(w.W_y @ x + w.R_y @ before.c)
    return State(y=y, c=sigmoid(c), m=before.c, late=before.m)
'''


def test_units_that_are_none_stay_zero(tmp_path):
    (tmp_path / "mine.py").write_text(
        AWKWARD.replace("y=sigmoid(w", "y=0 * before.twin + sigmoid(w")
    )
    network = Network(cell("MINE", tmp_path / "mine.py"), 3, 9, 4, 2, "softmax", 2)
    check(network, 6)
    networks = [replace(network, hidden_size=n) for n in (2, 9)]
    sequences = make(network, LENGTHS, training=TRAINING)
    stack = StackedEngine(networks, sequences, [initial_weights(n, 1) for n in networks])
    stack.train_epoch(epochs(2, 1))
    own = sum(w.size for w in stack.state()[0][0].values())
    for kept in (stack.weights, stack.velocities):
        assert sum(int(torch.count_nonzero(a[0])) for a in kept.values()) <= own
        assert all(torch.isfinite(a).all() for a in kept.values())


def test_a_neighbour_that_diverges_changes_no_bit_of_the_others():
    network = Network(cell("V"), 3, 9, 4, 2, "squared")
    networks, sequences = mixed(network, 4), make(network, LENGTHS, training=TRAINING)
    weights = [initial_weights(each, k) for k, each in enumerate(networks)]
    results = []
    for rate in (1e-3, 1e25):
        stack = StackedEngine(networks, sequences, weights)
        of_trials = epochs(4, 1)
        wild = replace(of_trials[1].optimiser, learning_rate=rate, clip=None)
        of_trials[1] = replace(of_trials[1], optimiser=wild)
        found = stack.train_epoch(of_trials)
        results.append((found.loss, stack.state(), stack.evaluate("validation")))
    (losses, states, measures), (wild_losses, wild_states, wild_measures) = results
    assert np.isfinite(losses).all()
    assert np.isfinite(wild_losses).tolist() == [True, False, True, True]
    for k in (0, 2, 3):
        assert losses[k] == wild_losses[k]
        assert measures[k] == wild_measures[k]
        for kind in (0, 1):
            for name, w in states[k][kind].items():
                np.testing.assert_array_equal(w, wild_states[k][kind][name])


@pytest.mark.parametrize("batches", [False, True])
def test_an_epoch_in_parts_has_the_bits_of_one_in_one(batches):
    network = Network(cell("GRU"), 3, 9, 4, 1, "squared")
    networks, sequences = mixed(network, 5), make(network, LENGTHS, training=TRAINING)
    weights = [initial_weights(each, k) for k, each in enumerate(networks)]
    whole = StackedEngine(networks, sequences, weights)
    wanted = whole.train_epoch(epochs(5, 1, batches))
    parts, begun = StackedEngine(networks, sequences, weights), None
    for presented in range(1, TRAINING + 1):
        begun = parts.train_epoch(epochs(5, 1, batches), begun, lambda: True)
        assert begun.presented == presented
        assert (begun.waiting is not None) == (batches and presented < TRAINING)
        # As from a checkpoint.
        states = zip(*parts.state(), strict=True)
        parts = StackedEngine(networks, sequences, *(list(kind) for kind in states))
    np.testing.assert_array_equal(begun.loss, wanted.loss)
    for one, other in zip(parts.state(), whole.state(), strict=True):
        for kind in (0, 1):
            for name, w in other[kind].items():
                np.testing.assert_array_equal(one[kind][name], w)


@pytest.mark.parametrize("size", [1, 2, 15, 1000])
def test_noise_is_the_studys(size):
    keys = np.stack([seeds.noise_key(k, 3) for k in range(3)])
    sizes = np.array([size, max(1, size // 2), max(1, size - 1)])
    found = gaussian_noise(
        torch.tensor(keys.astype(np.int64)), torch.tensor([5, 0, 3695]), torch.tensor(sizes), size
    )
    for k, sequence in enumerate((5, 0, 3695)):
        wanted = seeds.gaussian_noise(keys[k], sequence, sizes[k])
        np.testing.assert_allclose(found[k, : sizes[k]].numpy(), wanted, rtol=0, atol=2e-7)


# What a GPU needs: few operations, and nothing that waits for it


def operations(name, trials):
    """Count the operations of an epoch in which all sequences are of one length."""
    network = Network(cell(name), 3, 6, 4, 2, "softmax")
    sequences = make(network, (9,) * 6, training=TRAINING)
    stack = StackedEngine([network] * trials, sequences, [initial_weights(network, 1)] * trials)
    of_trials = epochs(trials, 1, batches=False, classical=False)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        stack.train_epoch(of_trials)
    return sum(event.count for event in profiled.key_averages() if event.key.startswith("aten::"))


@pytest.mark.parametrize("name", ["V", "LNLSTM"])
def test_the_number_of_operations_does_not_depend_on_the_number_of_trials(name):
    few, many = operations(name, 3), operations(name, 24)
    assert few > 5 * 9 * 10  # of five sequences of nine frames
    assert abs(many - few) <= 0.02 * few  # but for the layout of an epoch, which is NumPy's


class Refusing(TorchDispatchMode):
    """Refuses to read a value, and to make a shape that depends on one."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal")

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().split("::")[1].split(".")[0]
        assert name not in self.WAITING, name
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("loss", LOSSES)
def test_no_value_is_read_within_an_epoch(loss):
    network = Network(cell("FGR"), 3, 6, 4, 2, loss, 2)
    networks, sequences = mixed(network, 4), make(network, LENGTHS, training=TRAINING)
    stack = StackedEngine(networks, sequences, [initial_weights(n, 1) for n in networks])
    with Refusing():
        stack.train_epoch(epochs(4, 1))


@pytest.mark.parametrize(
    ("name", "loss"),
    [("V", "softmax"), ("FGR", "sigmoid"), ("LNLSTM", "squared"), ("minLSTM", "softmax")],
)
def test_nothing_is_copied_from_the_device_before_an_epoch_ends(monkeypatch, name, loss):
    """On a device that has no values to give, and works with no other device's."""
    network = Network(cell(name), 3, 6, 4, 2, loss, 2)
    networks, sequences = mixed(network, 4), make(network, LENGTHS, training=TRAINING)
    weights = [initial_weights(n, 1) for n in networks]
    stack = StackedEngine(networks, sequences, weights, device="meta")
    updates, update = [], stack._update
    monkeypatch.setattr(stack, "_update", lambda *of: updates.append(update(*of)))
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        stack.train_epoch(epochs(4, 1))
    assert len(updates) == TRAINING
