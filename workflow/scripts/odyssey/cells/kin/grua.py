"""Gated recurrent unit, reset after the product (Cho et al., 2014, first version; cuDNN's).

arXiv:1406.1078v1. PyTorch's `torch.nn.GRU`: the candidate's recurrent product has a bias of its
own, c.
"""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the hidden state h."""
    r = sigmoid(w.W_r @ x + w.R_r @ before.y + w.b_r)
    z = sigmoid(w.W_z @ x + w.R_z @ before.y + w.b_z)
    h = tanh(w.W_h @ x + w.b_h + r * (w.R_h @ before.y + w.c_h))
    return State(y=z * before.y + (1 - z) * h)
