"""The readable engine's training, against a plain restatement of the optimiser."""

import numpy as np
import pytest
import torch

from odyssey import seeds
from odyssey.cells.variants import cell
from odyssey.features.sequences import Description, Sequences
from odyssey.training.engines import Optimiser
from odyssey.training.networks import Network, initial_weights
from odyssey.training.reference import ReferenceEngine


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
