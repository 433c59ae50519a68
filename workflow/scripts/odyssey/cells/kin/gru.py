"""Gated recurrent unit, reset before the product (Cho et al., 2014).

"Learning phrase representations using RNN encoder-decoder", its equations (5) to
(8), with biases: r reset gate, z update gate; z keeps the old state.
"""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the hidden state h."""
    r = sigmoid(w.W_r @ x + w.R_r @ before.y + w.b_r)
    z = sigmoid(w.W_z @ x + w.R_z @ before.y + w.b_z)
    h = tanh(w.W_h @ x + w.R_h @ (r * before.y) + w.b_h)
    return State(y=z * before.y + (1 - z) * h)
