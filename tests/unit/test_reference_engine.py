"""The readable engine's training, against a plain restatement of the optimiser."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from standard import make

from odyssey import seeds
from odyssey.cells.variants import cell
from odyssey.features.sequences import Description, Sequences
from odyssey.training.engine import Optimiser
from odyssey.training.fused import FusedEngine
from odyssey.training.networks import Network, initial_weights
from odyssey.training.reference import ReferenceEngine, forward


@pytest.fixture
def sequences():
    generator = np.random.default_rng(0)
    lengths = np.array([3, 5, 4])
    frames = int(lengths.sum())
    return Sequences(
        Description("jsb", "test", True, "sigmoid", 4, 1, "nats"),
        generator.standard_normal((frames, 3)).astype(np.float32),
        lengths,
        generator.integers(0, 2, (frames, 4)).astype(np.uint8),
        lengths,
        np.array([0, 0, 1], dtype=np.uint8),
        np.array(["a", "b", "c"]),
    )


NETWORK = Network(cell("V"), inputs=3, hidden_size=4, outputs=4, directions=1, loss="sigmoid")


def gradient_at(weights, sequences, index, noise=None):
    engine = ReferenceEngine(NETWORK, sequences, weights, torch.float64)
    if noise is not None:
        engine.sequences = sequences.__class__(
            **{**vars(sequences), "values": sequences.values + noise}
        )
    return engine.loss_and_gradients(index)[1]


@pytest.mark.parametrize("clip", [None, 0.05])
def test_a_batchs_gradients_are_summed_and_then_clipped(sequences, clip):
    sequences = replace(sequences, split=np.zeros(3, np.uint8))
    rate, w = 0.3, {k: v.astype(np.float64) for k, v in initial_weights(NETWORK, 1).items()}
    engine = ReferenceEngine(NETWORK, sequences, w, torch.float64)
    nothing = np.zeros(2, np.uint32)
    loss = engine.train_epoch([2, 0, 1], nothing, 0.0, Optimiser(rate, 0.0, True, clip), batch=2)
    losses = []
    for batch in ((2, 0), (1,)):
        at = ReferenceEngine(NETWORK, sequences, w, torch.float64)
        parts = [at.loss_and_gradients(index) for index in batch]
        losses += [part[0] for part in parts]
        for k in w:
            g = sum(gradients[k] for _, gradients in parts)
            w[k] = w[k] - rate * (np.clip(g, -clip, clip) if clip else g)
    assert loss == pytest.approx(sum(losses) / 12)
    for k, trained in engine.state()[0].items():
        np.testing.assert_allclose(trained, w[k], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("clip", [None, 0.05])
def test_two_updates_follow_the_papers_momentum(sequences, nesterov, clip):
    rate, m = 0.3, 0.7
    w = {k: v.astype(np.float64) for k, v in initial_weights(NETWORK, 1).items()}
    engine = ReferenceEngine(NETWORK, sequences, w, torch.float64)
    engine.train_epoch(
        np.array([1, 0]), np.zeros(2, np.uint32), 0.0, Optimiser(rate, m, nesterov, clip)
    )
    v = {k: np.zeros_like(a) for k, a in w.items()}
    for index in (1, 0):
        if nesterov:
            v = {k: m * a for k, a in v.items()}
            w = {k: w[k] + v[k] for k in w}
        g = gradient_at(w, sequences, index)
        if clip:
            g = {k: np.clip(a, -clip, clip) for k, a in g.items()}
        if nesterov:
            v = {k: v[k] - (1 - m) * rate * g[k] for k in w}
            w = {k: w[k] - (1 - m) * rate * g[k] for k in w}
        else:
            v = {k: m * v[k] - (1 - m) * rate * g[k] for k in w}
            w = {k: w[k] + v[k] for k in w}
    weights, velocities = engine.state()
    for k in w:
        np.testing.assert_allclose(weights[k], w[k], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(velocities[k], v[k], rtol=1e-10, atol=1e-14)


def test_noise_is_added_to_the_inputs_of_training_only(sequences):
    key = np.array([3, 4], dtype=np.uint32)
    w = {k: v.astype(np.float64) for k, v in initial_weights(NETWORK, 1).items()}
    engine = ReferenceEngine(NETWORK, sequences, w, torch.float64)
    before = engine.evaluate("validation")
    engine.train_epoch(np.array([1]), key, 0.5, Optimiser(1.0, 0.0, False, None))
    noise = np.zeros_like(sequences.values)
    noise[3:8] = 0.5 * seeds.gaussian_noise(key, 1, 15).reshape(5, 3)
    g = gradient_at(w, sequences, 1, noise)
    for k, trained in engine.state()[0].items():
        np.testing.assert_allclose(trained, w[k] - g[k], rtol=1e-6, atol=1e-8)  # float32 inputs
    engine.restore(w, None)
    assert engine.evaluate("validation") == before


def test_an_epoch_ends_at_a_loss_that_is_not_finite(sequences):
    w = initial_weights(NETWORK, 1)
    w["output.b"] = np.full_like(w["output.b"], np.nan)
    engine = ReferenceEngine(NETWORK, sequences, w)
    loss = engine.train_epoch(
        np.array([0, 1]), np.zeros(2, np.uint32), 0.0, Optimiser(1e-3, 0.9, True, None)
    )
    assert not np.isfinite(loss)


def test_nll_is_a_mean_over_predicted_frames(sequences):
    engine = ReferenceEngine(NETWORK, sequences, initial_weights(NETWORK, 1), torch.float64)
    losses = [engine.loss_and_gradients(i)[0] for i in sequences.indices("validation")]
    assert engine.evaluate("validation").measure == pytest.approx(sum(losses) / 4)


def outputs(network, weights, sequences):
    """Of the first sequence, before the loss."""
    given = {k: torch.tensor(w, dtype=torch.float64) for k, w in weights.items()}
    x = torch.tensor(sequences.values[: sequences.lengths[0]], dtype=torch.float64)
    return forward(x, given, network).numpy()


def test_the_squared_loss_is_the_sum_of_squares_and_its_measure_their_mean():
    network = Network(cell("V"), 3, 4, 5, 1, "squared")
    sequences, weights = make(network, (9,), scored=0.4), initial_weights(network, 1)
    scored = sequences.scored
    assert 1 < scored.sum() < 9
    squares = (outputs(network, weights, sequences) - sequences.targets)[scored] ** 2
    engine = ReferenceEngine(network, sequences, weights, torch.float64)
    assert engine.loss_and_gradients(0)[0] == pytest.approx(squares.sum())
    assert engine.evaluate("train").measure == pytest.approx(squares.mean())
    assert engine.evaluate("train").loss == pytest.approx(squares.sum() / scored.sum())


def test_only_scored_frames_can_be_wrong():
    network = Network(cell("V"), 3, 4, 5, 1, "softmax")
    sequences, weights = make(network, (30,), scored=0.4), initial_weights(network, 1)
    scored = sequences.scored
    wrong = outputs(network, weights, sequences).argmax(1) != sequences.targets
    assert wrong[scored].mean() != wrong.mean()
    engine = ReferenceEngine(network, sequences, weights, torch.float64)
    assert engine.evaluate("train").measure == pytest.approx(100 * wrong[scored].mean())


@pytest.mark.parametrize("loss", ["softmax", "sigmoid", "squared"])
def test_what_the_target_of_a_frame_is_that_is_not_scored_makes_no_difference(kernel_of, loss):
    network = Network(cell("V"), 3, 4, 5, 2, loss)
    sequences, weights = make(network, (9,), scored=0.4), initial_weights(network, 1)
    others = np.where(
        sequences.scored if loss == "softmax" else sequences.scored[:, None], sequences.targets, 1
    )
    assert (others != sequences.targets).any()
    changed = replace(sequences, targets=others.astype(sequences.targets.dtype))
    for engine in (ReferenceEngine, lambda *a: FusedEngine(*a, kernel_of(network.cell))):
        (loss_, one), (same, other) = (
            engine(network, s, weights).loss_and_gradients(0) for s in (sequences, changed)
        )
        assert loss_ == same
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_a_layer_above_reads_both_directions_of_the_one_below():
    network = Network(cell("RNN"), 3, 4, 5, 2, "squared", layers=2)
    sequences, weights = make(network, (6,)), initial_weights(network, 1)
    x = sequences.values.astype(np.float64)

    def run(x, w, name):
        y, rows = np.zeros(4), []
        for frame in x:
            y = np.tanh(w[f"{name}.W"] @ frame + w[f"{name}.R"] @ y + w[f"{name}.b"])
            rows.append(y)
        return np.array(rows)

    for forward_, backward in (("forward", "backward"), ("forward_2", "backward_2")):
        both = run(x, weights, forward_), run(x[::-1], weights, backward)[::-1]
        x = np.concatenate(both, axis=1)
    wanted = x @ weights["output.W"].T + weights["output.b"]
    np.testing.assert_allclose(outputs(network, weights, sequences), wanted, rtol=1e-10)
