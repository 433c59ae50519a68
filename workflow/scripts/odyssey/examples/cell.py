"""Minimal gated unit (Zhou et al., 2016)."""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    f = sigmoid(w.W_f @ x + w.R_f @ before.y + w.b_f)
    z = tanh(w.W_z @ x + w.R_z @ (f * before.y) + w.b_z)
    return State(y=(1 - f) * before.y + f * z)
