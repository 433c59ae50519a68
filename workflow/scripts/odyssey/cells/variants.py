"""The cells by name: the paper's LSTM with its changes, its kin, and a user's own."""

import ast
import difflib
import inspect
import itertools
import os
import runpy
from collections.abc import Collection
from dataclasses import fields
from functools import cache, partial
from pathlib import Path

from odyssey.cells import reference
from odyssey.cells.equations import Cell, EquationError, trace
from odyssey.cells.reference import Parts
from odyssey.user_code import told

# Greff et al. (2017), "LSTM variants", and FB1.
CHANGES = {
    "CIFG": {"coupled": True},
    "FGR": {"gate_recurrence": True},
    "NP": {"peepholes": False},
    "NOG": {"output_gate": False},
    "NIAF": {"input_activation": False},
    "NIG": {"input_gate": False},
    "NFG": {"forget_gate": False},
    "NOAF": {"output_activation": False},
    "FB1": {"forget_bias": True},
}
PAPER_VARIANTS = ("V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF")
# Each of the kin is a file of equations in the folder kin.
KIN: tuple[str, ...] = ("RNN", "GRU", "GRUA", "MGU", "JANET", "UGRNN", "MUT1", "MUT2", "MUT3")
KIN += ("minGRU", "minLSTM", "LNLSTM")


def cell(name: str, file: str | os.PathLike[str] | None = None) -> Cell:
    """Return a cell by its name, or by the file of its equations.

    Parameters
    ----------
    name : str
        ``V``, one of `CHANGES` or several joined by ``+``, or one of `KIN`.
    file : path-like or None
        A user's own file of equations; the name is then the user's.

    Raises
    ------
    EquationError
        If a file's equations are no cell's; with file and line.
    ValueError
        If the name is unknown, names a part twice, or if its parts contradict each other.
    """
    if file is None and name in KIN:
        file = Path(__file__).with_name("kin") / f"{name.lower()}.py"
    if file is not None:
        path = Path(file)
        return _of_file(str(path), path.stat().st_mtime_ns)
    return _of_parts(parts(name))


def parts(name: str) -> Parts:
    """Read the name of an LSTM: ``V``, one of `CHANGES`, or several joined by ``+``.

    Raises
    ------
    ValueError
        If the name is unknown, names a part twice, or if its parts contradict each other.
    """
    if name == "V":
        return Parts()
    chosen = name.split("+")
    for part in chosen:
        if part not in CHANGES:
            raise ValueError(_unknown(name, part))
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"variant {name!r} names a part twice")
    combined = Parts(**{key: value for part in chosen for key, value in CHANGES[part].items()})
    if combined.coupled and not (combined.input_gate and combined.forget_gate):
        raise ValueError(f"variant {name!r}: CIFG couples two gates; NIG and NFG remove one")
    if combined.gate_recurrence and not combined.gates:
        raise ValueError(f"variant {name!r}: FGR connects gates, but no gate is left")
    if combined.forget_bias and "f" not in combined.gates:
        raise ValueError(f"variant {name!r}: FB1 is about the forget gate's bias, and none is left")
    return combined


def meant(changes: Collection[str]) -> str:
    """Name the LSTM that some changes make, those left out that have no meaning beside the others.

    No gate is coupled to one that is gone, a forget gate that is gone or coupled has no bias, and
    where no gate is left there is none to see others or the cell.

    Parameters
    ----------
    changes : collection of str
        Of `CHANGES`.
    """
    left = set(changes)
    if left & {"NIG", "NFG"}:
        left -= {"CIFG"}
    if left & {"CIFG", "NFG"}:
        left -= {"FB1"}
    if left >= {"NIG", "NFG", "NOG"}:
        left -= {"FGR", "NP"}
    return "+".join(change for change in CHANGES if change in left) or "V"


def combinations(changes: Collection[str]) -> list[str]:
    """Name vanilla and all different LSTMs that some of the changes make, the fewest first.

    Parameters
    ----------
    changes : collection of str
        Of `CHANGES`.
    """
    counts = range(len(changes) + 1)
    ordered = [change for change in CHANGES if change in changes]
    chosen = (some for count in counts for some in itertools.combinations(ordered, count))
    return list(dict.fromkeys(map(meant, chosen)))


def changed_parts(chosen: Parts) -> tuple[str, ...]:
    """Name the parts in which an LSTM differs from vanilla, in their order."""
    return tuple(part.name for part in fields(chosen) if getattr(chosen, part.name) != part.default)


def _unknown(name: str, part: str) -> str:
    if part in KIN:
        return f"variant {name!r}: {part} is a cell of its own, and no part of a combination"
    near = difflib.get_close_matches(part, (*CHANGES, *KIN), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return (
        f"unknown variant {name!r}: {hint}allowed are {', '.join(('V', *CHANGES))}, combinations "
        f"such as NFG+NOAF, {', '.join(KIN)}, and the names under cells"
    )


@cache
def _of_parts(chosen: Parts) -> Cell:
    title = "LSTM block" + "".join(f", {part}" for part in changed_parts(chosen))
    starts = {"b_f": 1.0} if chosen.forget_bias else {}
    return trace(partial(reference.step, parts=chosen), reference.__file__, title, starts)


@cache
def _of_file(file: str, _: int) -> Cell:
    """Read and run a file of equations; the time of its last change is part of its name."""
    try:
        defined = runpy.run_path(file)
    except (Exception, SystemExit) as error:  # whatever a user's file raises is theirs to mend
        raise EquationError(told(error, file)) from error
    step = defined.get("step")
    if step is None or not inspect.isfunction(getattr(step, "func", step)):
        raise EquationError(f"{file}:1: defines no function step(x, before, w)")
    title = (ast.get_docstring(ast.parse(Path(file).read_text())) or Path(file).stem).splitlines()
    start = defined.get("START", {})
    first, again = (trace(step, file, title[0].rstrip("."), start) for _ in range(2))
    if first.digest != again.digest:
        raise EquationError(f"{file}:1: the equations are others each time that they are run")
    return first
