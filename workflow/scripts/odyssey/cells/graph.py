"""A cell's equations laid out for the fused engine: columns of products, waves, derivative.

All matrices on vectors that a step has at the same moment act together: what they add up to for a
unit is a *column*. What can be computed once its columns are there is a *wave*: a product of a
vector that the step itself makes, or a mean over the units, wants all units and opens another.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from odyssey.cells.equations import ELEMENTWISE, Cell, EquationError, Graph, Symbol

# Worth keeping for the backward pass; all else is computed again from these.
KEPT = (*ELEMENTWISE, "div", "maximum", "mean", "column")

MOST_COLUMNS = 32  # as many as `Block` in fused/network.h has room for
DEEPEST = 100  # of operations; text is made of them by recursion


@dataclass
class Column:
    """A sum of products of a unit, and its bias.

    Parameters
    ----------
    node : Symbol
        What stands for it in the equations.
    inputs, bias : str or None
        Names of the matrix on x and of the vector that is added.
    matrices : dict of Symbol to str
        Names of the other matrices, by the vectors that they act on.
    """

    node: Symbol
    inputs: str | None = None
    bias: str | None = None
    matrices: dict[Symbol, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """Matrices that lie together in memory: some sources in a row times some columns of a wave."""

    wave: int
    sources: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass
class Layout:
    """What the engine computes, forward and backward; made by `lay_out`.

    Parameters
    ----------
    states : dict of str to Symbol
        What a step returns.
    columns : list of Column
        In the order of their waves.
    sources : list of Symbol
        Vectors that matrices act on, ``y`` of the step before first, those made in the step last.
    vectors : list of str
        Names of the weights that are vectors.
    order : list of Symbol
        Nodes of a step forward.
    lowered : dict of Symbol to Symbol
        What has become of the cell's own nodes.
    """

    graph: Graph
    states: dict[str, Symbol]
    columns: list[Column]
    sources: list[Symbol]
    vectors: list[str]
    order: list[Symbol]
    lowered: dict[Symbol, Symbol]

    def wave(self, node: Symbol) -> int:
        """Return the wave of the forward pass in which a node can be computed."""
        return self._waves[node]

    @cached_property
    def _waves(self) -> dict[Symbol, int]:
        waves: dict[Symbol, int] = {}
        column = {c.node: c for c in self.columns}
        for node in self.order:
            if node in column:
                made = [s for s in column[node].matrices if s.op != "before"]
                waves[node] = max([0, *(waves[s] + 1 for s in made)])
            else:
                waves[node] = max([0, *(waves[a] + (a.op == "mean") for a in node.args)])
        return waves

    @cached_property
    def blocks(self) -> list[Block]:
        """The matrices on the sources, wave after wave."""
        found: list[Block] = []
        for wave in range(1 + max((self.wave(c.node) for c in self.columns), default=0)):
            for number, source in enumerate(self.sources):
                acted_on = tuple(
                    n
                    for n, c in enumerate(self.columns)
                    if source in c.matrices and self.wave(c.node) == wave
                )
                last = found[-1] if found else Block(-1, (), ())
                if (last.wave, last.columns) == (wave, acted_on) and last.sources[-1] == number - 1:
                    found[-1] = Block(wave, (*last.sources, number), acted_on)
                elif acted_on:
                    found.append(Block(wave, (number,), acted_on))
        return found

    @cached_property
    def backward(self) -> "Backward":
        """The derivative of a step."""
        return _derive(self)


@dataclass
class Backward:
    """Derivatives of the loss; missing is what the loss does not depend on.

    Parameters
    ----------
    deltas : dict of Symbol to Symbol
        By the columns, by their nodes.
    weights : dict of str to Symbol
        By the vectors of weights.
    carried : dict of str to Symbol
        By the states before, what does not come by way of a matrix.
    adjoints : dict of Symbol to Symbol
        By the nodes of a step, where a node has one.
    """

    deltas: dict[Symbol, Symbol]
    weights: dict[str, Symbol]
    carried: dict[str, Symbol]
    adjoints: dict[Symbol, Symbol]


def lay_out(cell: Cell) -> Layout:
    """Lay a cell's equations out for the fused engine.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    Layout

    Raises
    ------
    EquationError
        If the engine cannot train such a cell.
    """
    matrices = Counter(n.name for n in cell.nodes if n.op == "product")
    if tied := [name for name, count in matrices.items() if count > 1]:
        line = cell.nodes[0].graph.weights[tied[0]][1]
        raise EquationError(
            f"{cell.file}:{line}: the matrix w.{tied[0]} acts on {matrices[tied[0]]} vectors, and "
            "the fused engine keeps each weight in one place"
        )

    depth: dict[Symbol, int] = {}
    for n in cell.nodes:
        depth[n] = 1 + max([0, *(depth[a] for a in n.args)])
    if (deepest := max(depth.values())) > DEEPEST:
        raise EquationError(
            f"{cell.file}:1: the equations are nested {deepest} deep, and the fused engine "
            f"goes {DEEPEST} deep"
        )
    uses = Counter(a for n in cell.nodes for a in n.args)
    uses.update(cell.states.values())
    stored = {n.args[0] for n in cell.nodes if n.op == "product"} | {*cell.states.values()}
    in_sums = Counter(a for n in cell.nodes if n.op == "add" for a in n.args)

    def absorbed(node: Symbol) -> bool:
        return uses[node] == 1 == in_sums[node] and node.op in ("add", "product", "weight")

    graph, columns, new = Graph(lambda: 0), [], {}

    def add_column(terms: list[Symbol], rest: list[Symbol]) -> Symbol:
        """Make columns of products and biases that nothing else uses; add the rest of the sum."""
        made: list[Column] = []
        for term in sorted(terms, key=lambda term: term.op == "weight"):
            source = new.get(term.args[0]) if term.op == "product" else None
            if term.op == "product" and term.args[0].op == "x":
                free = next((c for c in made if c.inputs is None), None) or new_column(made)
                free.inputs = term.name
            elif term.op == "product":
                free = next((c for c in made if source not in c.matrices), None)
                (free or new_column(made)).matrices[source] = term.name
            elif free := next((c for c in made if not c.bias), None):
                free.bias = term.name
            else:
                rest = [term, *rest]
        result = made[0].node
        for column in made[1:]:
            result = graph.node("add", result, column.node)
        for term in rest:
            if term.op == "mul" and uses[term] == 1:
                result = graph.node("fma", *(new[a] for a in term.args), result)
            else:
                result = graph.node("add", result, new[term])
        return result

    def new_column(made: list[Column]) -> Column:
        column = Column(graph.node("column", name=len(columns)))
        made.append(column)
        columns.append(column)
        return column

    def terms_of(node: Symbol) -> list[Symbol]:
        """Return what a sum adds up; products and biases that nothing else uses stay as they are."""
        if node.op != "add" or (uses[node] > 1 and node is not root):
            return [node]
        return [term for a in node.args for term in (terms_of(a) if absorbed(a) else [a])]

    for node in cell.nodes:
        if node.op == "x" or (absorbed(node) and node.op not in ("weight", "mul")):
            continue
        root = node
        terms = [node] if node.op == "product" else terms_of(node) if node.op == "add" else []
        free = [t for t in terms if t.op == "product" and (t is node or absorbed(t))]
        kept = [t for t in terms if t not in free and not (t.op == "weight" and absorbed(t))]
        biases = [t for t in terms if t not in free and t not in kept]
        if free:
            new[node] = add_column([*free, *biases], kept)
        elif node.op == "add":
            result = new[terms[0]]
            for term in terms[1:]:
                result = graph.node("add", result, new[term])
            new[node] = result
        else:
            new[node] = graph.node(node.op, *(new[a] for a in node.args), name=node.name)
            if node.op == "mean" and node in stored:
                new[node] = settled(graph, new[node])
    if len(columns) > MOST_COLUMNS:
        raise EquationError(
            f"{cell.file}:1: the equations have {len(columns)} sums of products, and the fused "
            f"engine holds {MOST_COLUMNS}"
        )
    return _finish(cell, graph, columns, new)


def settled(graph: Graph, mean: Symbol) -> Symbol:
    """Make something of a mean that a unit can store: a wave later, when all units are added up."""
    return graph.node("mul", mean, graph.node("constant", name=1.0))


def _finish(cell: Cell, graph: Graph, columns: list[Column], new: dict) -> Layout:
    states = {name: new[node] for name, node in cell.states.items()}
    y = graph.node("before", name="y")
    acted_on = dict.fromkeys([y, *(s for c in columns for s in c.matrices)])
    sources = sorted(acted_on, key=lambda source: source.op != "before")
    order = list(graph.nodes.values())
    vectors = [name for name, kind in cell.weights.items() if kind == "vector"]
    layout = Layout(graph, states, columns, sources, vectors, order, new)
    layout.columns = sorted(columns, key=lambda column: layout.wave(column.node))
    for number, column in enumerate(layout.columns):
        column.node.name = number
    return layout


def _derive(layout: Layout) -> Backward:
    """Turn a step round: reverse rules, transposed maps, sums.

    An adjoint is a sum of terms, each a pair (base, factor). The order decides the last bits, and is
    that of the studies which are kept: what stands last in the equations comes first, but for a
    state before what stands first; then what comes by way of matrices, then the step after.
    """
    graph, order = layout.graph, list(layout.order)
    node, constant = graph.node, lambda value: graph.node("constant", name=float(value))
    terms: dict[Symbol, list] = {n: [] for n in order}
    direct, through, after = range(3)

    for source in layout.sources:
        if source.op != "before":
            terms[source].append((through, node("through", source), None))
    for name, value in layout.states.items():
        before = node("before", name=name)
        if any(before in column.matrices for column in layout.columns):
            terms[value].append((through, node("through", before), None))
        if name == "y":
            terms[value].append((through, node("output"), None))
        if any(before in n.args for n in order) or before in layout.states.values():
            terms[value].append((after, node("after", name=name), None))

    def negative(a: Symbol | None) -> Symbol:
        return constant(-1) if a is None else a.args[0] if a.op == "neg" else node("neg", a)

    def both(a: Symbol, b: Symbol) -> Symbol:
        if b.op == "neg":
            return node("sub", a, b.args[0])
        return node("sub", b, a.args[0]) if a.op == "neg" else node("add", a, b)

    def adjoint(of: Symbol) -> Symbol:
        """Add the terms up."""
        grouped: list[tuple] = []
        found = terms[of][::-1] if of.op == "before" else terms[of]
        for _, base, factor in sorted(found, key=lambda term: term[0]):
            for number, (other, known) in enumerate(grouped):
                if other is base and known is not None and factor is not None:
                    grouped[number] = (base, both(known, factor))
                    break
            else:
                grouped.append((base, factor))
        total: Symbol | None = None
        for base, factor in grouped:
            if total is None:
                total = base if factor is None else node("mul", base, factor)
            elif factor is None:
                total = node("add", base, total)
            else:
                total = node("fma", base, factor, total)
        if total.op == "mean" and of.op in ("column", "weight", "before"):
            total = settled(graph, total)
        adjoints[of] = total
        return total

    deltas, weights, carried, adjoints = {}, {}, {}, {}
    for n in reversed(order):
        if not terms[n] or n.op == "constant":
            continue
        if n.op == "column":
            deltas[n] = adjoint(n)
        elif n.op == "weight":
            weights[n.name] = adjoint(n)
        elif n.op == "before":
            carried[n.name] = adjoint(n)
        elif n.op in ("add", "sub", "neg"):
            only = terms[n][0] if len(terms[n]) == 1 else (direct, adjoint(n), None)
            _, base, factor = only
            first, *second = n.args
            minus = negative(factor)
            terms[first].append((direct, base, minus if n.op == "neg" else factor))
            for a in second:
                terms[a].append((direct, base, minus if n.op == "sub" else factor))
        else:
            for a, base, factor in _rule(n, adjoint(n), node, constant):
                terms[a].append((direct, base, factor))
    return Backward(deltas, weights, carried, adjoints)


def _rule(n: Symbol, d: Symbol, node, constant) -> Iterable[tuple]:
    """Give what reaches the arguments of a node: argument, base, factor."""
    a, *others = n.args
    one = constant(1)
    if n.op == "mul":
        (b,) = others
        yield b, d, a
        yield a, d, b
    elif n.op == "fma":
        yield others[1], d, None
        yield others[0], d, a
        yield a, d, others[0]
    elif n.op == "div":
        share = node("div", d, others[0])
        yield a, share, None
        yield others[0], share, node("neg", n)
    elif n.op == "maximum":
        first = node("above", a, others[0])
        yield a, d, first
        yield others[0], d, node("sub", one, first)
    elif n.op == "mean":
        yield a, node("mean", d), None
    elif n.op == "sigmoid":
        yield a, node("mul", d, n), node("sub", one, n)
    elif n.op == "tanh":
        yield a, d, node("fma", node("neg", n), n, one)
    elif n.op == "relu":
        yield a, d, node("above", n, constant(0))
    elif n.op == "exp":
        yield a, d, n
    elif n.op == "sqrt":
        yield a, d, node("div", constant(0.5), n)
    else:  # softsign
        rest = node("sub", one, node("abs", n))
        yield a, d, node("mul", rest, rest)


def at_padding(node: Symbol, known: dict[Symbol, float]) -> float:
    """Return what a node is for a unit that is none: all its sums, weights and states are 0.

    Parameters
    ----------
    node : Symbol
    known : dict of Symbol to float
        What was found before; completed.

    Returns
    -------
    float
        NaN where it is not known.
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
