"""A cell as evolution changes it: a program of a few lines, which is written out as equations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from odyssey.cells.equations import Cell, trace
from odyssey.cells.graph import lay_out

FUNCTIONS = ("sigmoid", "tanh", "relu", "softsign")
OPERATIONS = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "maximum": "maximum({}, {})"}
SUM, RATHER = "sum", "one_minus"
Ref = int | str
"""What a line reads: the number of one above it, or the name of a state before."""


@dataclass(frozen=True)
class Line:
    """A line: one of `FUNCTIONS`, of `OPERATIONS`, 1 less a vector, or a sum of products.

    Parameters
    ----------
    op : str
    args : tuple of Ref
        Of a sum: the vectors that have a matrix of weights in it, none twice.
    gains : tuple of Ref
        Of a sum: the vectors that have a vector of weights in it, as peepholes do, none twice.
    inputs : bool
        Of a sum: whether the inputs have a matrix in it. A bias is in every sum.
    """

    op: str
    args: tuple[Ref, ...]
    gains: tuple[Ref, ...] = ()
    inputs: bool = False

    @property
    def reads(self) -> tuple[Ref, ...]:
        """All that the line reads, but for the inputs."""
        return self.args + self.gains

    def reading(self, reads: Sequence[Ref]) -> "Line":
        """Return the line with something else in place of all it reads; in a sum none twice."""
        args, gains = reads[: len(self.args)], reads[len(self.args) :]
        if self.op == SUM:
            args, gains = [*dict.fromkeys(args)], [*dict.fromkeys(gains)]
        return replace(self, args=tuple(args), gains=tuple(gains))

    def renamed(self, names: Mapping[Ref, Ref]) -> "Line":
        """Return the line with what it reads under other names, as long as they have others."""
        return self.reading([names.get(ref, ref) for ref in self.reads])


@dataclass(frozen=True)
class Genome:
    """A cell: its lines, and which of them each state is; ``y``, the output, is the first."""

    lines: tuple[Line, ...]
    states: Mapping[str, int]


# y = tanh(W x + R y + b), the simplest network, from which all others come.
SIMPLEST = Genome((Line(SUM, ("y",), inputs=True), Line("tanh", (0,))), {"y": 1})


def needed(genome: Genome) -> tuple[set[int], set[str]]:
    """Find the lines and the states on which the output depends, at whatever step."""
    lines: set[int] = set()
    states: set[str] = set()
    waiting: list[Ref] = ["y"]
    while waiting:
        ref = waiting.pop()
        if isinstance(ref, str) and ref not in states:
            states.add(ref)
            waiting.append(genome.states[ref])
        elif isinstance(ref, int) and ref not in lines:
            lines.add(ref)
            waiting += genome.lines[ref].reads
    return lines, states


def pruned(genome: Genome) -> Genome:
    """Leave out what the output does not depend on; states are named anew, in order."""
    lines, states = needed(genome)
    names: dict[Ref, Ref] = {line: number for number, line in enumerate(sorted(lines))}
    others = [name for name in genome.states if name in states and name != "y"]
    names["y"] = "y"
    for number, name in enumerate(others, 1):
        names[name] = f"s{number}"
    kept = tuple(genome.lines[line].renamed(names) for line in sorted(lines))
    at = {str(names[name]): int(names[genome.states[name]]) for name in ("y", *others)}
    return Genome(kept, at)


def _written(line: Line, number: int) -> str:
    """Write what a line is, in the equations' language."""
    refs = [f"v{ref}" if isinstance(ref, int) else f"before.{ref}" for ref in line.reads]
    if line.op == RATHER:
        return f"1 - {refs[0]}"
    if line.op in OPERATIONS:
        return OPERATIONS[line.op].format(*refs)
    if line.op in FUNCTIONS:
        return f"{line.op}({refs[0]})"
    names = [f"v{ref}" if isinstance(ref, int) else ref for ref in line.reads]
    kinds = ["R"] * len(line.args) + ["p"] * len(line.gains)
    terms = [f"w.W_{number} @ x"] if line.inputs else []
    terms += [
        f"w.{kind}_{number}_{name} {'@' if kind == 'R' else '*'} {ref}"
        for kind, name, ref in zip(kinds, names, refs, strict=True)
    ]
    return " + ".join([*terms, f"w.b_{number}"])


def source(genome: Genome, title: str) -> str:
    """Write a cell as a file of equations, with a title as its first sentence."""
    used = {line.op for line in genome.lines} & {*FUNCTIONS, "maximum"}
    lines = [f"    v{n} = {_written(line, n)}" for n, line in enumerate(genome.lines)]
    returned = ", ".join(f"{name}=v{number}" for name, number in genome.states.items())
    return "\n".join(
        [
            f'"""{title}."""',
            "",
            f"from odyssey.cells.equations import {', '.join(['State', *sorted(used)])}",
            "",
            "",
            "def step(x, before, w):",
            *lines,
            f"    return State({returned})",
            "",
        ]
    )


def cell_of(genome: Genome, title: str = "bred") -> Cell:
    """Run a cell's equations on symbols, as its file would.

    Raises
    ------
    EquationError
        If they are no cell's, or none that the fused engine can train.
    """
    file = f"<{title}>"
    defined: dict[str, Any] = {}
    exec(compile(source(genome, title), file, "exec"), defined)
    cell = trace(defined["step"], file, title, {})
    lay_out(cell)
    return cell


def to_plain(genome: Genome) -> dict[str, Any]:
    """Lay a genome out for a JSON file."""
    lines = [[one.op, list(one.args), list(one.gains), one.inputs] for one in genome.lines]
    return {"lines": lines, "states": dict(genome.states)}


def from_plain(plain: Mapping[str, Any]) -> Genome:
    """Read a genome as `to_plain` lays it out."""
    lines = tuple(
        Line(op, tuple(args), tuple(gains), inputs) for op, args, gains, inputs in plain["lines"]
    )
    return Genome(lines, dict(plain["states"]))
