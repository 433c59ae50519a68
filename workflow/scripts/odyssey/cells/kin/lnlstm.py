"""LSTM with layer normalisation (Ba et al., 2016).

"Layer normalization", its equations (20) to (22). The four sums of all units are
normalised together, those of x and those of the state apart; gains (alpha) and biases (beta) are
learned, and gains start at 1; the 1e-5 beside the variance is the authors' program's. There are no
peepholes.
"""

from odyssey.cells.equations import State, mean, sigmoid, sqrt, tanh

START = {f"alpha_{part}": 1.0 for part in ("rz", "ri", "rf", "ro", "wz", "wi", "wf", "wo", "c")}


def normalised(*sums):
    """Shift and scale sums so that all of them together have mean 0 and variance 1."""
    centre = sum(mean(a) for a in sums) / len(sums)
    moved = [a - centre for a in sums]
    scale = 1 / sqrt(sum(mean(a * a) for a in moved) / len(sums) + 1e-5)
    return [a * scale for a in moved]


def step(x, before, w):
    """One step; y is the hidden state h. Gates share one bias with what they normalise."""
    y = before.y
    rz, ri, rf, ro = normalised(w.R_z @ y, w.R_i @ y, w.R_f @ y, w.R_o @ y)
    wz, wi, wf, wo = normalised(w.W_z @ x, w.W_i @ x, w.W_f @ x, w.W_o @ x)
    z = tanh(w.alpha_rz * rz + w.alpha_wz * wz + w.b_z)
    i = sigmoid(w.alpha_ri * ri + w.alpha_wi * wi + w.b_i)
    f = sigmoid(w.alpha_rf * rf + w.alpha_wf * wf + w.b_f)
    o = sigmoid(w.alpha_ro * ro + w.alpha_wo * wo + w.b_o)
    c = f * before.c + i * z
    (normal,) = normalised(c)
    return State(y=o * tanh(w.alpha_c * normal + w.beta_c), c=c)
