"""When the fused engine computes what, and where it keeps it: a cell's waves, both ways."""

import math
from dataclasses import dataclass, field

from odyssey.cells.derivative import Backward, derive
from odyssey.cells.equations import ELEMENTWISE, Symbol
from odyssey.cells.graph import Layout

# Worth keeping for the backward pass; all else is computed again from these.
KEPT = (*ELEMENTWISE, "div", "maximum", "mean", "column")
# Of the backward pass: what is there before it begins.
GIVEN = ("constant", "output", "after", "gradient")


@dataclass
class Schedule:
    """Where the values of a cell are, and in which wave each is computed; made by `schedule`."""

    layout: Layout
    backward: Backward
    forward_nodes: set[Symbol]
    state: dict[Symbol, str]  # the states, by their values
    made: dict[Symbol, int]  # sources that a step makes, and their numbers
    # columns, kept, temporary: what another wave needs: in a column's place, in an array for all
    # frames, or for one.
    columns: dict[Symbol, int] = field(default_factory=dict)
    kept: dict[Symbol, int] = field(default_factory=dict)
    temporary: dict[Symbol, int] = field(default_factory=dict)
    # means, sums: means over the units, forward and backward.
    means: dict[Symbol, int] = field(default_factory=dict)
    sums: dict[Symbol, int] = field(default_factory=dict)
    # What the backward pass computes, in order.
    back_nodes: list[Symbol] = field(default_factory=list)
    _free: dict[Symbol, bool] = field(default_factory=dict)
    _back_wave: dict[Symbol, int] = field(default_factory=dict)

    def is_sum(self, node: Symbol) -> bool:
        """Whether a node is a mean over the units in the backward pass."""
        return node.op == "mean" and node not in self.forward_nodes

    def free(self, node: Symbol) -> bool:
        """Whether a node of the backward pass needs forward values alone."""
        if node not in self._free:
            self._free[node] = node.op not in ("through", "output", "after") and all(
                a in self.forward_nodes or self.free(a) for a in node.args
            )
        return self._free[node]

    def back_wave(self, node: Symbol | None) -> int:
        """Return the wave of the backward pass in which a node can be computed."""
        if node is None or node in self.forward_nodes:
            return 0
        if node not in self._back_wave:
            later = [self.back_wave(a) + self.is_sum(a) for a in node.args]
            if node.op == "through":  # of this step: once the deltas that it brings back are there
                of = [c for c in self.layout.columns if node.args[0] in c.matrices]
                found = [self.backward.deltas[c.node] for c in of if c.node in self.backward.deltas]
                now = node.args[0] in self.made
                later = [1 + self.back_wave(d) for d in found] if now else []
            self._back_wave[node] = max([0, *later])
        return self._back_wave[node]

    def delta_wave(self, column: Symbol) -> int:
        """Return the wave in which a column's delta is computed."""
        return self.back_wave(self.backward.deltas.get(column))

    def saved(self, node: Symbol) -> bool:
        """Whether a forward value is kept, not computed again, where another wave needs it."""
        return node.op in KEPT or node in self.state or node in self.made


def schedule(layout: Layout) -> Schedule:
    """Find the waves of a cell's backward pass, and a place for all that waves hand on."""
    state: dict[Symbol, str] = {}
    for name, value in layout.states.items():
        state.setdefault(value, name)
    made = {source: n for n, source in enumerate(layout.sources) if source.op != "before"}
    s = Schedule(layout, derive(layout), set(layout.order), state, made)
    last = _last_uses(s)
    sums = sorted((n for n in s.back_nodes if s.is_sum(n)), key=s.back_wave)
    s.sums = {n: k for k, n in enumerate(sums)}
    means = sorted((n for n in layout.order if n.op == "mean"), key=layout.wave)
    s.means = {n: k for k, n in enumerate(means)}
    _keep(s, last)
    return s


def _last_uses(s: Schedule) -> dict[Symbol, int]:
    """Find what the backward pass computes, and the last wave that needs a forward value."""
    last: dict[Symbol, int] = {}
    for node in s.layout.order:  # a later forward wave counts as before all backward ones
        for a in node.args:
            if s.layout.wave(a) < s.layout.wave(node) and a.op != "mean":
                _fetch(s, a, -1, last)
    seen: set[Symbol] = set()
    derived = s.backward
    for node in (*derived.deltas.values(), *derived.weights.values(), *derived.carried.values()):
        _visit(s, node, s.back_wave(node), last, seen)
    s.back_nodes = [n for n in s.layout.graph.nodes.values() if n in seen]
    return last


def _fetch(s: Schedule, node: Symbol, wave: int, last: dict[Symbol, int]) -> None:
    """Note that a wave needs a forward value, or those that it is computed from once more."""
    if s.saved(node):
        last[node] = max(wave, last.get(node, -1))
    elif node.op not in ("constant", "before", "weight"):
        for a in node.args:
            _fetch(s, a, wave, last)


def _visit(
    s: Schedule, node: Symbol, wave: int, last: dict[Symbol, int], seen: set[Symbol]
) -> None:
    """Note that a wave needs a node of the backward pass, and what that needs."""
    if node in s.forward_nodes:
        _fetch(s, node, wave, last)
        return
    free, mine = s.free(node), s.back_wave(node)
    if free or node not in seen:
        seen.add(node)
        for a in () if node.op == "through" else node.args:
            _visit(s, a, wave if free else mine, last, seen)
    if mine < wave and not (free or node.op in GIVEN or s.is_sum(node)):
        s.temporary.setdefault(node, len(s.temporary))


def _keep(s: Schedule, last: dict[Symbol, int]) -> None:
    """Give forward values the place of a column, read by then, whose delta comes later."""
    taken: set[int] = set()
    for node in s.layout.order:
        if node not in last or node in s.state or node in s.made or node.op == "mean":
            continue
        free = (
            number
            for number, column in enumerate(s.layout.columns)
            if number not in taken
            and s.layout.wave(column.node) <= s.layout.wave(node)
            and last[node] <= s.delta_wave(column.node)
        )
        number = next(free, None)
        if number is None:
            s.kept[node] = len(s.kept)
        else:
            s.columns[node] = number
            taken.add(number)


def at_padding(node: Symbol, known: dict[Symbol, float]) -> float:
    """Return what a node is for a unit that is none: all its sums, weights and states are 0.

    NaN stands for what is not known; `known` holds what was found before, and is completed.
    """
    if node not in known:
        values = [at_padding(a, known) for a in node.args]
        try:
            known[node] = float(_NUMBERS[node.op](node, *values))
        except (ArithmeticError, ValueError):
            known[node] = math.nan
    return known[node]


_NUMBERS = {
    **dict.fromkeys(("column", "before", "weight", "output", "after", "through"), lambda *_: 0),
    "gradient": lambda *_: 0,
    "masked": lambda *_: 0,
    "constant": lambda n: n.name,
    "add": lambda _, a, b: a + b,
    "fma": lambda _, a, b, c: a * b + c,
    "sub": lambda _, a, b: a - b,
    "mul": lambda _, a, b: a * b,
    "div": lambda _, a, b: a / b,
    "neg": lambda _, a: -a,
    "mean": lambda *_: math.nan,
    "maximum": lambda _, a, b: max(a, b),
    "above": lambda _, a, b: a > b,
    "abs": lambda _, a: abs(a),
    "sigmoid": lambda _, a: 1 / (1 + math.exp(-a)),
    "tanh": lambda _, a: math.tanh(a),
    "relu": lambda _, a: max(a, 0),
    "exp": lambda _, a: math.exp(a),
    "sqrt": lambda _, a: math.sqrt(a),
    "softsign": lambda _, a: a / (1 + abs(a)),
}
