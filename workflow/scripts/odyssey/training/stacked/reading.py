"""How a cell's equations are read on tensors: what is computed when, found once a cell."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import torch

from odyssey.cells.derivative import Backward, derive
from odyssey.cells.equations import Cell, Symbol
from odyssey.cells.graph import Block, Layout, lay_out
from odyssey.cells.schedule import at_padding

LEAVES = ("constant", "weight", "before", "column")
OUTSIDE = ("through", "output", "after")  # what a step back gets from elsewhere


def _fma(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, out: torch.Tensor | None = None
) -> torch.Tensor:
    return torch.addcmul(c, a, b, out=out)


# Those that can write their result where it is wanted.
INTO: dict[str, Callable[..., torch.Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "fma": _fma,
    "maximum": torch.maximum,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
}
OTHERS: dict[str, Callable[..., torch.Tensor]] = {
    "relu": torch.relu,
    "softsign": torch.nn.functional.softsign,
    "above": lambda a, b: torch.gt(a, b).to(a.dtype),
}


@dataclass(frozen=True)
class Reading:
    """A cell, ready to be run on tensors.

    Parameters
    ----------
    layout : Layout
    backward : Backward
    befores : dict of str to Symbol
        What stands for the states before.
    inputs : tuple of int
        The columns that have a matrix on the inputs.
    biases : dict of int to int
        Which vector is added to a column, by its number.
    waves : tuple of tuple of Symbol
        What a step computes, wave after wave.
    fixed : tuple of Symbol
        What is computed of weights and constants alone, on both ways.
    kept : frozenset of Symbol
        Values that the way back needs, beside states and columns.
    free, loop, tail : tuple of Symbol
        What the way back computes of values of the way forward alone, what from frame to frame,
        and what only the gradients of vectors need.
    stored : frozenset of Symbol
        Of `loop`: what is needed after it.
    read_in_loop : tuple of Symbol
        Values of the way forward, or free, that the loop or the deltas read.
    columns_of : dict of Symbol to list of int
        By the values of deltas, the columns whose deltas they are.
    ready : tuple of Symbol
        Values of deltas that are there before the loop.
    masked : frozenset of Symbol
        What has to be 0 for a unit that is none, and is not by itself.
    """

    layout: Layout
    backward: Backward
    befores: dict[str, Symbol]
    inputs: tuple[int, ...]
    biases: dict[int, int]
    waves: tuple[tuple[Symbol, ...], ...]
    fixed: tuple[Symbol, ...]
    kept: frozenset[Symbol]
    free: tuple[Symbol, ...]
    loop: tuple[Symbol, ...]
    tail: tuple[Symbol, ...]
    stored: frozenset[Symbol]
    read_in_loop: tuple[Symbol, ...]
    columns_of: dict[Symbol, list[int]]
    ready: tuple[Symbol, ...]
    masked: frozenset[Symbol]

    @property
    def blocks(self) -> list[Block]:
        """The matrices on the sources."""
        return self.layout.blocks


@cache
def read(cell: Cell) -> Reading:
    """Find what of a cell's equations is computed when.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    Reading

    Raises
    ------
    EquationError
        If `odyssey.cells.graph.lay_out` cannot lay the cell out.
    """
    layout = lay_out(cell)
    derived = derive(layout)
    ahead = frozenset(layout.order)
    made = [source for source in layout.sources if source.op != "before"]
    to_deltas = [*derived.deltas.values(), *derived.carried.values()]
    back = [
        n
        for n in _in_order([*to_deltas, *derived.weights.values()], layout, derived)
        if n not in ahead
    ]
    fixed = _closed([*layout.order, *back], frozenset())
    free = _closed(back, ahead | fixed) - fixed
    by_loop = frozenset(_in_order(to_deltas, layout, derived))
    later = [n for n in back if n not in free and n not in fixed]
    # What comes from outside is known in the loop alone.
    in_loop = {n for n in later if n in by_loop or n.op in OUTSIDE}
    tail = [n for n in later if n not in in_loop]
    returned = (derived.deltas, derived.weights, derived.carried)
    uses = Counter(a for n in later if n.op != "through" for a in n.args)
    uses.update(value for part in returned for value in part.values())
    loop, factors = _shortened([n for n in later if n in in_loop], fixed, uses)

    read_back = {a for n in (*back, *factors) if n.op != "through" for a in n.args}
    read_back |= {*to_deltas, *derived.weights.values()}
    kept = {n for n in (read_back & ahead) | {*made} if n.op not in LEAVES} - fixed
    needed = frozenset(_in_order([*layout.states.values(), *made, *kept], layout, derived))
    order = [n for n in layout.order if n in needed and n.op not in LEAVES and n not in fixed]
    waves = range(1 + max([0, *(layout.wave(n) for n in order), *(b.wave for b in layout.blocks)]))
    columns_of: dict[Symbol, list[int]] = {}
    for column, delta in derived.deltas.items():
        columns_of.setdefault(delta, []).append(column.name)
    read = {a for n in loop if n.op not in OUTSIDE for a in n.args} | {*to_deltas}
    read -= {*loop}
    after_loop = {a for n in tail for a in n.args} | {*derived.weights.values()}
    return Reading(
        layout,
        derived,
        {name: layout.graph.node("before", name=name) for name in layout.states},
        tuple(number for number, column in enumerate(layout.columns) if column.inputs),
        {n: layout.vectors.index(c.bias) for n, c in enumerate(layout.columns) if c.bias},
        tuple(tuple(n for n in order if layout.wave(n) == wave) for wave in waves),
        tuple(n for n in (*layout.order, *back) if n in fixed and n.op not in LEAVES),
        frozenset(kept - {*layout.states.values()}),
        (*(n for n in back if n in free), *factors),
        tuple(loop),
        tuple(tail),
        frozenset(after_loop & {*loop}),
        tuple(n for n in layout.graph.nodes.values() if n in read and n not in fixed),
        columns_of,
        tuple(delta for delta in columns_of if delta not in loop),
        _masked(layout, derived, made),
    )


def _shortened(
    loop: list[Symbol], fixed: frozenset[Symbol], uses: Counter[Symbol]
) -> tuple[list[Symbol], list[Symbol]]:
    """Have the loop multiply once where it would by several factors that are there before it.

    The graph is this reading's own, so that its nodes may be changed.

    Returns
    -------
    loop, factors : list of Symbol
        What is left of the loop, and products that can be computed before it.
    """
    inside, factors = {*loop}, []
    for n in loop:
        for first, factor in (n.args, n.args[::-1]) if n.op == "mul" else ():
            if first in inside and first.op == "mul" and uses[first] == 1 and factor not in inside:
                start, known = sorted(first.args, key=lambda a: a not in inside)
                if known not in inside and not {known, factor} <= fixed:
                    factors.append(n.graph.node("mul", known, factor))
                    n.args = (start, factors[-1])
                    inside.remove(first)
                    break
    return [n for n in loop if n in inside], factors


def _closed(nodes: Iterable[Symbol], given: frozenset[Symbol]) -> frozenset[Symbol]:
    """Return those of the nodes that can be computed of weights, constants and what is given."""
    found = set()
    for n in nodes:
        known = n.args and all(a in found or a in given for a in n.args)
        if n.op in ("constant", "weight") or (known and n.op not in OUTSIDE):
            found.add(n)
    return frozenset(found)


def _in_order(roots: Iterable[Symbol], layout: Layout, derived: Backward) -> list[Symbol]:
    """Return all that the roots are computed of, each after what it needs.

    What comes back by way of matrices from this same step needs the deltas of their columns.
    """
    acting: dict[Symbol, list[Symbol]] = {}
    for column in layout.columns:
        for source in column.matrices if column.node in derived.deltas else ():
            if source.op != "before":
                acting.setdefault(source, []).append(derived.deltas[column.node])
    found: dict[Symbol, None] = {}

    def visit(n: Symbol) -> None:
        if n in found:
            return
        for a in acting.get(n.args[0], []) if n.op == "through" else n.args:
            visit(a)
        found[n] = None

    for root in roots:
        visit(root)
    return list(found)


def _masked(layout: Layout, derived: Backward, made: list[Symbol]) -> frozenset[Symbol]:
    """Find what has to be 0 at units that are none and would not be."""
    known: dict[Symbol, float] = {}
    stored = {*layout.states.values(), *made}
    found = {n for n in stored if at_padding(n, known) != 0}
    known = {n: at_padding(n, known) for n in layout.order}
    known.update(dict.fromkeys(stored, 0.0))
    returned = (derived.deltas, derived.weights, derived.carried)
    found |= {n for part in returned for n in part.values() if at_padding(n, known) != 0}
    return frozenset(found)
