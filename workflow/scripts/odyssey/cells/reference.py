"""The LSTM block and its variants, to be read beside the paper's equations (section II).

Letters are the paper's: x input, y block output, c cell, z block input, i, f, o gates; a bar is the
value before the activation function, a minus the previous step. M inputs, N blocks, T frames.
"""

import torch

from odyssey.cells.variants import Variant


def identity(x: torch.Tensor) -> torch.Tensor:
    """Return x: what stands in for tanh in NIAF and NOAF.

    Parameters
    ----------
    x : torch.Tensor

    Returns
    -------
    torch.Tensor
    """
    return x


def block(
    x: torch.Tensor, weights: dict[str, torch.Tensor], variant: Variant
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run N blocks over a sequence.

    Parameters
    ----------
    x : torch.Tensor, shape (T, M)
    weights : dict of str to torch.Tensor
        Named and shaped as `odyssey.training.networks.block_shapes` says, without prefix.
    variant : Variant

    Returns
    -------
    y, c : torch.Tensor, shape (T, N)
        Block outputs and cells.

    References
    ----------
    Greff et al. (2017), section II-A (forward pass) and "LSTM variants".
    """
    w = weights
    g = torch.tanh if variant.input_activation else identity
    h = torch.tanh if variant.output_activation else identity
    sigma = torch.sigmoid
    gates = variant.gates

    # The input's share of all steps at once.
    Wx = {part: x @ w[f"W_{part}"].T + w[f"b_{part}"] for part in ("z", *gates)}  # (T, N)

    one = x.new_ones(w["b_z"].shape)
    zero = x.new_zeros(w["b_z"].shape)
    y, c, i, f, o = zero, zero, zero, zero, zero
    outputs, cells = [], []

    def gate(name, t, y, c, before):
        """One gate: its input and recurrent weights, its peephole, and other gates (FGR)."""
        bar = Wx[name][t] + w[f"R_{name}"] @ y
        if variant.peepholes:
            bar = bar + w[f"p_{name}"] * c
        if variant.gate_recurrence:
            for source in gates:
                bar = bar + w[f"R_{source}{name}"] @ before[source]
        return sigma(bar)

    for t in range(len(x)):
        before = {"i": i, "f": f, "o": o}
        z = g(Wx["z"][t] + w["R_z"] @ y)
        i = gate("i", t, y, c, before) if "i" in gates else one
        f = gate("f", t, y, c, before) if "f" in gates else 1 - i if variant.coupled else one
        c = z * i + c * f
        o = gate("o", t, y, c, before) if "o" in gates else one  # sees the current cell
        y = h(c) * o
        outputs.append(y)
        cells.append(c)
    return torch.stack(outputs), torch.stack(cells)
