"""When the fused engine computes what, and where it keeps it: a cell's waves, both ways."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from odyssey.cells.derivative import Backward, derive
from odyssey.cells.equations import ELEMENTWISE, Symbol
from odyssey.cells.graph import Layout

# The backward pass finds these values kept, and computes all others again from them.
KEPT = (*ELEMENTWISE, "div", "maximum", "mean", "column")
# These are there before the backward pass begins.
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
    # means, sums: means over the hidden units, forward and backward.
    means: dict[Symbol, int] = field(default_factory=dict)
    sums: dict[Symbol, int] = field(default_factory=dict)
    # What the backward pass computes, in order.
    back_nodes: list[Symbol] = field(default_factory=list)
    _free: dict[Symbol, bool] = field(default_factory=dict)
    _back_wave: dict[Symbol, int] = field(default_factory=dict)

    def is_sum(self, node: Symbol) -> bool:
        """Whether a node is a mean over the hidden units in the backward pass."""
        return node.op == "mean" and node not in self.forward_nodes

    def free(self, node: Symbol) -> bool:
        """Whether a node of the backward pass needs forward values alone."""
        if node not in self._free:
            self._free[node] = node.op not in ("through", "output", "after") and all(
                arg in self.forward_nodes or self.free(arg) for arg in node.args
            )
        return self._free[node]

    def back_wave(self, node: Symbol | None) -> int:
        """Return the wave of the backward pass in which a node can be computed."""
        if node is None or node in self.forward_nodes:
            return 0
        if node not in self._back_wave:
            later = [self.back_wave(arg) + self.is_sum(arg) for arg in node.args]
            if node.op == "through":  # of this step: once the deltas that it brings back are there
                deltas = self.backward.deltas
                of = [c.node for c in self.layout.columns if node.args[0] in c.matrices]
                found = [deltas[column] for column in of if column in deltas]
                now = node.args[0] in self.made
                later = [1 + self.back_wave(delta) for delta in found] if now else []
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
    plan = Schedule(layout, derive(layout), set(layout.order), state, made)
    last = _last_uses(plan)
    sums = sorted((n for n in plan.back_nodes if plan.is_sum(n)), key=plan.back_wave)
    plan.sums = {node: number for number, node in enumerate(sums)}
    means = sorted((n for n in layout.order if n.op == "mean"), key=layout.wave)
    plan.means = {node: number for number, node in enumerate(means)}
    _keep(plan, last)
    return plan


def _last_uses(plan: Schedule) -> dict[Symbol, int]:
    """Find what the backward pass computes, and the last wave that needs a forward value."""
    last: dict[Symbol, int] = {}
    for node in plan.layout.order:  # a later forward wave counts as before all backward ones
        for arg in node.args:
            if plan.layout.wave(arg) < plan.layout.wave(node) and arg.op != "mean":
                _fetch(plan, arg, -1, last)
    seen: set[Symbol] = set()
    derived = plan.backward
    for node in (*derived.deltas.values(), *derived.weights.values(), *derived.carried.values()):
        _visit(plan, node, plan.back_wave(node), last, seen)
    plan.back_nodes = [n for n in plan.layout.graph.nodes.values() if n in seen]
    return last


def _fetch(plan: Schedule, node: Symbol, wave: int, last: dict[Symbol, int]) -> None:
    """Note that a wave needs a forward value, or those that it is computed from once more."""
    if plan.saved(node):
        last[node] = max(wave, last.get(node, -1))
    elif node.op not in ("constant", "before", "weight"):
        for arg in node.args:
            _fetch(plan, arg, wave, last)


def _visit(
    plan: Schedule, node: Symbol, wave: int, last: dict[Symbol, int], seen: set[Symbol]
) -> None:
    """Note that a wave needs a node of the backward pass, and what that needs."""
    if node in plan.forward_nodes:
        _fetch(plan, node, wave, last)
        return
    free, mine = plan.free(node), plan.back_wave(node)
    if free or node not in seen:
        seen.add(node)
        for arg in () if node.op == "through" else node.args:
            _visit(plan, arg, wave if free else mine, last, seen)
    if mine < wave and not (free or node.op in GIVEN or plan.is_sum(node)):
        plan.temporary.setdefault(node, len(plan.temporary))


def _keep(plan: Schedule, last: dict[Symbol, int]) -> None:
    """Give forward values the place of a column, read by then, whose delta comes later."""
    taken: set[int] = set()
    for node in plan.layout.order:
        if node not in last or node in plan.state or node in plan.made or node.op == "mean":
            continue
        free = (
            number
            for number, column in enumerate(plan.layout.columns)
            if number not in taken
            and plan.layout.wave(column.node) <= plan.layout.wave(node)
            and last[node] <= plan.delta_wave(column.node)
        )
        number = next(free, None)
        if number is None:
            plan.kept[node] = len(plan.kept)
        else:
            plan.columns[node] = number
            taken.add(number)


def at_padding(node: Symbol, known: dict[Symbol, float]) -> float:
    """Return what a node is for padding, whose sums, weights and states are all 0.

    NaN stands for what is not known; `known` holds what was found before, and is completed.
    """
    if node not in known:
        values = [at_padding(arg, known) for arg in node.args]
        try:
            known[node] = float(_NUMBERS[node.op](node, *values))
        except (ArithmeticError, ValueError):
            known[node] = math.nan
    return known[node]


_NUMBERS: dict[str, Callable[..., float]] = {
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
