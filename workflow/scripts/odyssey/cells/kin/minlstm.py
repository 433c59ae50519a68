"""minLSTM (Feng et al., 2024, "Were RNNs all we needed?"): its gates share out what they keep."""

from odyssey.cells.equations import State, sigmoid


def step(x, before, w):
    """One step; y is the hidden state h."""
    f = sigmoid(w.W_f @ x + w.b_f)
    i = sigmoid(w.W_i @ x + w.b_i)
    h = w.W_h @ x + w.b_h
    return State(y=f / (f + i) * before.y + i / (f + i) * h)
