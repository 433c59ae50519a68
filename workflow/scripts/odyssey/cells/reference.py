"""The paper's LSTM and its parts, to be read beside the paper's equations (section II).

Letters are the paper's: x input, y block output, c cell, z block input, i, f, o gates, W input
weights, R recurrent weights, p peepholes, b biases; `before` is the previous step's.
"""

from dataclasses import dataclass

from odyssey.cells.equations import State, Vector, sigmoid, tanh


@dataclass(frozen=True)
class Parts:
    """Which parts an LSTM block has; the defaults are the vanilla LSTM (paper, section II)."""

    # input_gate, forget_gate, output_gate: without a gate its value is 1 everywhere and its weights
    # do not exist.
    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    coupled: bool = False  # the forget gate is not learned but f = 1 - i
    # input_activation, output_activation: tanh as g (block input) and h (block output); without it
    # the identity.
    input_activation: bool = True
    output_activation: bool = True
    peepholes: bool = True  # the gates see the cell
    gate_recurrence: bool = False  # the gates see all gates' values of the previous step
    # The forget gate's bias starts at 1 (Gers et al., 2000; Jozefowicz et al., 2015).
    forget_bias: bool = False

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have weights of their own, in the order i, f, o."""
        learned = {
            "i": self.input_gate,
            "f": self.forget_gate and not self.coupled,
            "o": self.output_gate,
        }
        return tuple(gate for gate, has in learned.items() if has)


def step(x: Vector, before: State, w: State, parts: Parts) -> State:
    """One step of N hidden units (LSTM blocks): the paper's forward pass, and "LSTM variants"."""
    g = tanh if parts.input_activation else lambda z: z
    h = tanh if parts.output_activation else lambda c: c

    def gate(name: str, c: Vector) -> Vector:
        W, R, b = (getattr(w, f"{kind}_{name}") for kind in "WRb")
        bar = W @ x + R @ before.y
        if parts.peepholes:
            bar = bar + getattr(w, f"p_{name}") * c
        if parts.gate_recurrence:
            for source in parts.gates:
                bar = bar + getattr(w, f"R_{source}{name}") @ getattr(before, source)
        return sigmoid(bar + b)

    learned = parts.gates
    z = g(w.W_z @ x + w.R_z @ before.y + w.b_z)
    i = gate("i", before.c) if "i" in learned else 1
    f = gate("f", before.c) if "f" in learned else 1 - i if parts.coupled else 1
    c = z * i + before.c * f
    o = gate("o", c) if "o" in learned else 1  # sees the current cell
    y = h(c) * o

    gates = {"i": i, "f": f, "o": o}
    seen = {name: gates[name] for name in learned} if parts.gate_recurrence else {}
    return State(y=y, c=c, **seen)
