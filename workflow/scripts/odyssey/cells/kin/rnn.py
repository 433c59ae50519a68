"""Simple recurrent network (Elman, 1990, "Finding structure in time"), with tanh."""

from odyssey.cells.equations import State, tanh


def step(x, before, w):
    """One step; y is the hidden state."""
    return State(y=tanh(w.W @ x + w.R @ before.y + w.b))
