"""MUT1 (Jozefowicz et al., 2015, "An empirical exploration of recurrent network architectures").

Their tanh(x) adds an input to each unit; here, where inputs and units differ in number, x has a
matrix there.
"""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the hidden state h."""
    z = sigmoid(w.W_z @ x + w.b_z)
    r = sigmoid(w.W_r @ x + w.R_r @ before.y + w.b_r)
    h = tanh(w.R_h @ (r * before.y) + tanh(w.W_h @ x) + w.b_h)
    return State(y=h * z + before.y * (1 - z))
