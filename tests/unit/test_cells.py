"""Every shipped cell computes what the paper it cites says.

Each is held against a library's own cell, or against a transcription of its paper's equations that
was written without a look at the cell's file. All in float64, over six steps; the bounds are those
of sums of some ten terms in another order.
"""

import numpy as np
import pytest
import torch

from odyssey.cells.reference import Parts
from odyssey.cells.variants import CHANGES, KIN, cell
from odyssey.training.networks import Network, initial_weights, weight_shapes
from odyssey.training.reference import recur

T, M, N = 6, 3, 4


def sigma(a):
    return 1 / (1 + np.exp(-a))


def some_weights(chosen, seed=0):
    draw = np.random.default_rng(seed)
    shapes = weight_shapes(Network(chosen, M, N, 2, 1, "softmax"))
    return {
        name.removeprefix("forward."): 0.7 * draw.standard_normal(shape)
        for name, shape in shapes.items()
        if not name.startswith("output.")
    }


def outputs_of(chosen, w, x):
    return recur(torch.tensor(x), {k: torch.tensor(v) for k, v in w.items()}, chosen).numpy()


def some_inputs():
    return np.random.default_rng(1).standard_normal((T, M))


# The library's cells.


def load(layer, **matrices):
    """Put weights into a layer of torch.nn; its gates lie one below the other."""
    for name, stacked in matrices.items():
        parameter = getattr(layer, f"{name}_l0")
        assert parameter.shape == np.concatenate(stacked).shape
        parameter.data = torch.tensor(np.concatenate(stacked))
    assert {name for name, _ in layer.named_parameters()} == {f"{m}_l0" for m in matrices}


def run(layer, x):
    with torch.no_grad():
        return layer(torch.tensor(x))[0].numpy()


def test_rnn_is_the_librarys():
    w, layer = some_weights(cell("RNN")), torch.nn.RNN(M, N, dtype=torch.float64)
    load(layer, weight_ih=[w["W"]], weight_hh=[w["R"]], bias_ih=[w["b"]], bias_hh=[0 * w["b"]])
    x = some_inputs()
    np.testing.assert_allclose(outputs_of(cell("RNN"), w, x), run(layer, x), rtol=1e-12)


def test_the_gru_with_the_reset_after_the_product_is_the_librarys():
    w, layer = some_weights(cell("GRUA")), torch.nn.GRU(M, N, dtype=torch.float64)
    zero = np.zeros(N)
    load(
        layer,
        weight_ih=[w["W_r"], w["W_z"], w["W_h"]],
        weight_hh=[w["R_r"], w["R_z"], w["R_h"]],
        bias_ih=[w["b_r"], w["b_z"], w["b_h"]],
        bias_hh=[zero, zero, w["c_h"]],
    )
    x = some_inputs()
    np.testing.assert_allclose(outputs_of(cell("GRUA"), w, x), run(layer, x), rtol=1e-12)


def test_the_block_without_peepholes_is_the_librarys_lstm():
    w, layer = some_weights(cell("NP")), torch.nn.LSTM(M, N, dtype=torch.float64)
    stacked = {kind: [w[f"{kind}_{gate}"] for gate in "ifzo"] for kind in "WRb"}
    load(
        layer,
        weight_ih=stacked["W"],
        weight_hh=stacked["R"],
        bias_ih=stacked["b"],
        bias_hh=[np.zeros(4 * N)],
    )
    x = some_inputs()
    np.testing.assert_allclose(outputs_of(cell("NP"), w, x), run(layer, x), rtol=1e-12)


# Transcriptions: w are the weights, h the state before, x a frame; each returns the states after.


def gru(w, x, h):
    """Cho et al. (2014), equations (5) to (8) of the published version."""
    r = sigma(w["W_r"] @ x + w["R_r"] @ h + w["b_r"])
    z = sigma(w["W_z"] @ x + w["R_z"] @ h + w["b_z"])
    candidate = np.empty(N)
    for j in range(N):
        reset = sum(w["R_h"][j, k] * r[k] * h[k] for k in range(N))
        candidate[j] = np.tanh(w["W_h"][j] @ x + reset + w["b_h"][j])
    return z * h + (1 - z) * candidate


def mgu(w, x, h):
    """Zhou et al. (2016), equations (7)."""
    f = sigma(w["W_f"] @ x + w["R_f"] @ h + w["b_f"])
    candidate = np.tanh(w["R_h"] @ (f * h) + w["W_h"] @ x + w["b_h"])
    return (1 - f) * h + f * candidate


def janet(w, x, h):
    """Van der Westhuizen and Lasenby (2018), section 3, with beta = 1; the cell is the output."""
    s = w["R_f"] @ h + w["W_f"] @ x + w["b_f"]
    candidate = np.tanh(w["R_z"] @ h + w["W_z"] @ x + w["b_z"])
    return sigma(s) * h + (1 - sigma(s - 1)) * candidate


def ugrnn(w, x, h):
    """Collins et al. (2017), section 2, with tanh as nonlinearity."""
    c = np.tanh(w["R_c"] @ h + w["W_c"] @ x + w["b_c"])
    g = sigma(w["R_g"] @ h + w["W_g"] @ x + w["b_g"])
    return g * h + (1 - g) * c


def mut1(w, x, h):
    """Jozefowicz et al. (2015); where the paper writes x as a vector over the units, W_h x."""
    z = sigma(w["W_z"] @ x + w["b_z"])
    r = sigma(w["W_r"] @ x + w["R_r"] @ h + w["b_r"])
    return np.tanh(w["R_h"] @ (r * h) + np.tanh(w["W_h"] @ x) + w["b_h"]) * z + h * (1 - z)


def mut2(w, x, h):
    """Jozefowicz et al. (2015); where the paper writes x as a vector over the units, W_r x."""
    z = sigma(w["W_z"] @ x + w["R_z"] @ h + w["b_z"])
    r = sigma(w["W_r"] @ x + w["R_r"] @ h + w["b_r"])
    return np.tanh(w["R_h"] @ (r * h) + w["W_h"] @ x + w["b_h"]) * z + h * (1 - z)


def mut3(w, x, h):
    """Jozefowicz et al. (2015)."""
    z = sigma(w["W_z"] @ x + w["R_z"] @ np.tanh(h) + w["b_z"])
    r = sigma(w["W_r"] @ x + w["R_r"] @ h + w["b_r"])
    return np.tanh(w["R_h"] @ (r * h) + w["W_h"] @ x + w["b_h"]) * z + h * (1 - z)


def min_gru(w, x, h):
    """Feng et al. (2024), section 3.1."""
    z = sigma(w["W_z"] @ x + w["b_z"])
    return (1 - z) * h + z * (w["W_h"] @ x + w["b_h"])


def min_lstm(w, x, h):
    """Feng et al. (2024), section 3.2, its gates divided by their sum."""
    f, i = (sigma(w[f"W_{gate}"] @ x + w[f"b_{gate}"]) for gate in "fi")
    return f / (f + i) * h + i / (f + i) * (w["W_h"] @ x + w["b_h"])


@pytest.mark.parametrize(
    ("name", "transcribed"),
    [
        ("GRU", gru),
        ("MGU", mgu),
        ("JANET", janet),
        ("UGRNN", ugrnn),
        ("MUT1", mut1),
        ("MUT2", mut2),
        ("MUT3", mut3),
        ("minGRU", min_gru),
        ("minLSTM", min_lstm),
    ],
)
def test_a_cell_of_one_state_equals_its_papers_equations(name, transcribed):
    w, x = some_weights(cell(name)), some_inputs()
    h, wanted = np.zeros(N), []
    for frame in x:
        h = transcribed(w, frame, h)
        wanted.append(h)
    np.testing.assert_allclose(outputs_of(cell(name), w, x), wanted, rtol=1e-12, atol=1e-14)


def normalised(a):
    """Ba et al. (2016), equation (15), without gain and bias; 1e-5 as in the authors' program."""
    mean = sum(a) / len(a)
    variance = sum((one - mean) ** 2 for one in a) / len(a)
    return (a - mean) / np.sqrt(variance + 1e-5)


def test_the_lstm_with_layer_normalisation_equals_its_papers_equations():
    """Equations (20) to (22): one matrix of 4 N rows on the input, and one on the output."""
    w, x = some_weights(cell("LNLSTM")), some_inputs()
    gates = ("f", "i", "o", "z")
    W, R, b = (np.concatenate([w[f"{kind}_{gate}"] for gate in gates]) for kind in "WRb")
    above, across = (np.concatenate([w[f"alpha_{of}{g}"] for g in gates]) for of in "wr")
    y, c, wanted = np.zeros(N), np.zeros(N), []
    for frame in x:
        bar = across * normalised(R @ y) + above * normalised(W @ frame) + b
        f, i, o, z = bar.reshape(4, N)
        c = sigma(f) * c + sigma(i) * np.tanh(z)
        y = sigma(o) * np.tanh(w["alpha_c"] * normalised(c) + w["beta_c"])
        wanted.append(y)
    np.testing.assert_allclose(outputs_of(cell("LNLSTM"), w, x), wanted, rtol=1e-11, atol=1e-13)


# Starting values.


@pytest.mark.parametrize("name", ["FB1", "FB1+NP", "LNLSTM"])
def test_weights_with_a_start_of_their_own_have_it_and_all_others_are_drawn(name):
    network = Network(cell(name), M, 50, 5, 2, "softmax")
    wanted = {"b_f": 1.0}
    if name == "LNLSTM":
        sums = [f"{kind}{gate}" for kind in "rw" for gate in "zifo"]
        wanted = {f"alpha_{of}": 1.0 for of in (*sums, "c")}
    for full, weights in initial_weights(network, 3).items():
        weight = full.split(".")[1]
        if not full.startswith("output.") and weight in wanted:
            assert (weights == wanted[weight]).all()
        else:
            # Of 5 drawn, less than 0.01 come together but once in a million times.
            assert 0.01 < np.std(weights) < 0.3, full


def test_a_start_leaves_all_other_first_weights_as_they_were():
    with_start = initial_weights(Network(cell("FB1"), M, N, 5, 2, "softmax"), 3)
    without = initial_weights(Network(cell("V"), M, N, 5, 2, "softmax"), 3)
    for name, weights in without.items():
        same = np.array_equal(with_start[name], weights)
        assert same == (not name.endswith("b_f")), name


def test_a_start_changes_no_equation():
    w, x = some_weights(cell("V")), some_inputs()
    np.testing.assert_array_equal(outputs_of(cell("FB1"), w, x), outputs_of(cell("V"), w, x))


# Sizes: n and m as the papers count them, biases included.


@pytest.mark.parametrize(
    ("name", "inputs", "recurrent", "vectors"),
    [
        ("RNN", 1, 1, 1),
        ("GRU", 3, 3, 3),
        ("GRUA", 3, 3, 4),
        ("MGU", 2, 2, 2),
        ("JANET", 2, 2, 2),
        ("UGRNN", 2, 2, 2),
        ("MUT1", 3, 2, 3),
        ("MUT2", 3, 3, 3),
        ("MUT3", 3, 3, 3),
        ("minGRU", 2, 0, 2),
        ("minLSTM", 3, 0, 3),
        ("LNLSTM", 4, 4, 14),
        ("FB1", 4, 4, 7),
    ],
)
def test_a_cell_has_as_many_weights_as_its_equations(name, inputs, recurrent, vectors):
    kinds = list(cell(name).weights.values())
    found = {kind: kinds.count(kind) for kind in ("input", "recurrent", "vector")}
    assert found == {"input": inputs, "recurrent": recurrent, "vector": vectors}


def test_every_shipped_cell_cites_its_source_in_its_title():
    assert len(KIN) == 12
    for name in KIN:
        assert any(year in cell(name).title for year in ("19", "20")), name


def test_every_change_changes_a_part():
    for changes in CHANGES.values():
        assert Parts(**changes) != Parts()
