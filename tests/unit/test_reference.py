"""The readable cells and engine, against finite differences and a second transcription."""

import numpy as np
import pytest
import torch

from odyssey.cells.variants import KIN, PAPER_VARIANTS, cell
from odyssey.training.networks import Network, weight_shapes
from odyssey.training.reference import forward, recur, sequence_loss

COMBINATIONS = ("NFG+NOAF", "NIG+NFG+NOG", "CIFG+FGR+NP", "NOG+FGR+NIAF")


def random_weights(shapes, scale=0.5, seed=0):
    generator = np.random.default_rng(seed)
    return {k: scale * generator.standard_normal(s) for k, s in shapes.items()}


def transcription(x, w, name):  # noqa: C901
    """The equations of paper section II, scalar by scalar, for one direction."""

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    n_blocks, inputs = w["W_z"].shape
    y = [0.0] * n_blocks
    c = [0.0] * n_blocks
    gates = {"i": [0.0] * n_blocks, "f": [0.0] * n_blocks, "o": [0.0] * n_blocks}
    parts = name.split("+")
    outputs = []
    for t in range(len(x)):
        y_old, c_old, old = list(y), list(c), {k: list(v) for k, v in gates.items()}

        def bar(gate, n, peephole, t=t, y_old=y_old, old=old):
            total = w[f"b_{gate}"][n]
            for m in range(inputs):
                total += w[f"W_{gate}"][n, m] * x[t, m]
            for k in range(n_blocks):
                total += w[f"R_{gate}"][n, k] * y_old[k]
                if "FGR" in parts and gate != "z":
                    for source in "ifo":
                        if f"R_{source}{gate}" in w:
                            total += w[f"R_{source}{gate}"][n, k] * old[source][k]
            if "NP" not in parts and gate != "z":
                total += w[f"p_{gate}"][n] * peephole
            return total

        for n in range(n_blocks):
            z = bar("z", n, 0)
            z = z if "NIAF" in parts else np.tanh(z)
            gates["i"][n] = 1.0 if "NIG" in parts else sigma(bar("i", n, c_old[n]))
            if "NFG" in parts:
                gates["f"][n] = 1.0
            elif "CIFG" in parts:
                gates["f"][n] = 1 - gates["i"][n]
            else:
                gates["f"][n] = sigma(bar("f", n, c_old[n]))
            c[n] = z * gates["i"][n] + c_old[n] * gates["f"][n]
            gates["o"][n] = 1.0 if "NOG" in parts else sigma(bar("o", n, c[n]))
            y[n] = (c[n] if "NOAF" in parts else np.tanh(c[n])) * gates["o"][n]
        outputs.append(list(y))
    return np.array(outputs)


@pytest.mark.parametrize("name", PAPER_VARIANTS + COMBINATIONS)
def test_forward_pass_equals_a_loop_by_loop_transcription(name):
    shapes = weight_shapes(Network(cell(name), 3, 4, outputs=2, directions=1, loss="softmax"))
    w = {
        full.removeprefix("forward."): weights
        for full, weights in random_weights(shapes).items()
        if not full.startswith("output.")
    }
    x = np.random.default_rng(1).standard_normal((6, 3))
    y = recur(torch.tensor(x), {k: torch.tensor(v) for k, v in w.items()}, cell(name))
    # float64 sums of some twenty terms in another order
    np.testing.assert_allclose(y.numpy(), transcription(x, w, name), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("name", PAPER_VARIANTS + KIN)
def test_gradients_agree_with_finite_differences(name, directions):
    network = Network(cell(name), 2, 3, outputs=4, directions=directions, loss="softmax")
    names = list(weight_shapes(network))
    weights = [
        torch.tensor(w, requires_grad=True) for w in random_weights(weight_shapes(network)).values()
    ]
    x = torch.tensor(np.random.default_rng(2).standard_normal((4, 2)), requires_grad=True)

    def loss(x, *values):
        logits = forward(x, dict(zip(names, values, strict=True)), network)
        return sequence_loss(logits, torch.tensor([0, 3, 1, 1]), "softmax")

    assert torch.autograd.gradcheck(loss, (x, *weights))


def test_the_backward_direction_reads_the_sequence_from_its_end():
    network = Network(cell("V"), 2, 3, outputs=4, directions=2, loss="softmax")
    weights = {k: torch.tensor(w) for k, w in random_weights(weight_shapes(network)).items()}
    x = torch.tensor(np.random.default_rng(3).standard_normal((5, 2)))
    changed = x.clone()
    changed[4] += 1
    difference = forward(changed, weights, network) - forward(x, weights, network)
    assert (difference.abs().sum(1) > 0).all()  # frame 0 feels frame 4
    forward_only = Network(cell("V"), 2, 3, outputs=4, directions=1, loss="softmax")
    single = {k: w for k, w in weights.items() if "backward" not in k}
    single["output.W"] = single["output.W"][:, :3]
    difference = forward(changed, single, forward_only) - forward(x, single, forward_only)
    assert (difference[:4] == 0).all()


def test_losses_are_sums_over_frames_and_outputs():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    softmax = sequence_loss(logits, torch.tensor([0, 1, 0]), "softmax")
    sigmoid = sequence_loss(logits, torch.zeros(3, 2), "sigmoid")
    ctc = sequence_loss(logits, torch.tensor([0]), "ctc")
    assert softmax.item() == pytest.approx(3 * np.log(2))
    assert sigmoid.item() == pytest.approx(6 * np.log(2))
    # 6 of the 8 paths over {a, blank} read "a" once: all but blank-blank-blank and a-blank-a.
    assert ctc.item() == pytest.approx(-np.log(6 / 8))
