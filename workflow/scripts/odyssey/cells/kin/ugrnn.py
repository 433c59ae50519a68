"""Update gate recurrent network (Collins et al., 2017, "Capacity and trainability in RNNs")."""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the hidden state h, of which the gate g keeps so much."""
    c = tanh(w.W_c @ x + w.R_c @ before.y + w.b_c)
    g = sigmoid(w.W_g @ x + w.R_g @ before.y + w.b_g)
    return State(y=g * before.y + (1 - g) * c)
