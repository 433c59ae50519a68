"""minGRU (Feng et al., 2024, "Were RNNs all we needed?"), which has no recurrent matrices."""

from odyssey.cells.equations import State, sigmoid


def step(x, before, w):
    """One step; y is the hidden state h."""
    z = sigmoid(w.W_z @ x + w.b_z)
    h = w.W_h @ x + w.b_h
    return State(y=(1 - z) * before.y + z * h)
