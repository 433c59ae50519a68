"""The vanilla block and the paper's eight variants, as data: what each one takes away or adds."""

from dataclasses import dataclass, fields

GATES = ("i", "f", "o")


@dataclass(frozen=True)
class Variant:
    """Which parts a block has; the defaults are the vanilla LSTM (paper, section II).

    Parameters
    ----------
    input_gate, forget_gate, output_gate : bool
        Without a gate its value is 1 everywhere and its weights do not exist.
    coupled : bool
        The forget gate is not learned but f = 1 - i.
    input_activation, output_activation : bool
        tanh as g (block input) and h (block output); without it the identity.
    peepholes : bool
        The gates see the cell.
    gate_recurrence : bool
        The gates see all gates' values of the previous step.
    """

    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    coupled: bool = False
    input_activation: bool = True
    output_activation: bool = True
    peepholes: bool = True
    gate_recurrence: bool = False

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have weights of their own, in the order i, f, o."""
        present = (self.input_gate, self.forget_gate and not self.coupled, self.output_gate)
        return tuple(gate for gate, has in zip(GATES, present, strict=True) if has)


CHANGES = {
    "CIFG": {"coupled": True},
    "FGR": {"gate_recurrence": True},
    "NP": {"peepholes": False},
    "NOG": {"output_gate": False},
    "NIAF": {"input_activation": False},
    "NIG": {"input_gate": False},
    "NFG": {"forget_gate": False},
    "NOAF": {"output_activation": False},
}
PAPER_VARIANTS = ("V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF")


def variant(name: str) -> Variant:
    """Read a variant's name: ``V``, one of `CHANGES`, or several joined by ``+``.

    Parameters
    ----------
    name : str
        For example ``"NFG"`` or ``"NFG+NOAF"``.

    Returns
    -------
    Variant

    Raises
    ------
    ValueError
        If a part is unknown or named twice, or if the parts contradict each other.

    References
    ----------
    Greff et al. (2017), "LSTM variants".
    """
    if name == "V":
        return Variant()
    parts = name.split("+")
    for part in parts:
        if part not in CHANGES:
            raise ValueError(
                f"unknown variant {name!r}: allowed are {', '.join(('V', *CHANGES))}, "
                "and combinations such as NFG+NOAF"
            )
    if len(set(parts)) < len(parts):
        raise ValueError(f"variant {name!r} names a part twice")
    changes = {key: value for part in parts for key, value in CHANGES[part].items()}
    combined = Variant(**changes)
    if combined.coupled and not (combined.input_gate and combined.forget_gate):
        raise ValueError(f"variant {name!r}: CIFG couples two gates; NIG and NFG remove one")
    if combined.gate_recurrence and not combined.gates:
        raise ValueError(f"variant {name!r}: FGR connects gates, but no gate is left")
    return combined


def changed_parts(chosen: Variant) -> tuple[str, ...]:
    """Name the fields in which a variant differs from vanilla.

    Parameters
    ----------
    chosen : Variant

    Returns
    -------
    tuple of str
        Names of fields, in their order.
    """
    return tuple(f.name for f in fields(chosen) if getattr(chosen, f.name) != f.default)
