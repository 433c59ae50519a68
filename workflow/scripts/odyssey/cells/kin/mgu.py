"""Minimal gated unit (Zhou et al., 2016, "Minimal gated unit for recurrent neural networks")."""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the hidden state h, and f both gates of a GRU in one."""
    f = sigmoid(w.W_f @ x + w.R_f @ before.y + w.b_f)
    h = tanh(w.W_h @ x + w.R_h @ (f * before.y) + w.b_h)
    return State(y=(1 - f) * before.y + f * h)
