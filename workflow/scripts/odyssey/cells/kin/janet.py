"""JANET: an LSTM with the forget gate alone (van der Westhuizen and Lasenby, 2018).

"The unreasonable effectiveness of the forget gate". What comes in is gated by 1 - sigma(s - 1),
with s the forget gate's sum (their beta is 1); weights start as all others here do.
"""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    """One step; y is the cell itself."""
    s = w.W_f @ x + w.R_f @ before.y + w.b_f
    z = tanh(w.W_z @ x + w.R_z @ before.y + w.b_z)
    return State(y=sigmoid(s) * before.y + (1 - sigmoid(s - 1)) * z)
