"""A step's derivative: the graph of its equations turned round."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from odyssey.cells.equations import Graph, Symbol
from odyssey.cells.graph import Layout, settled

# Terms of an adjoint: of this step, by way of a matrix or the output layer, of the step after.
DIRECT, THROUGH, AFTER = range(3)
Term = tuple[int, Symbol, Symbol | None]  # which of these, base, factor
Shares = list[tuple[Symbol, Symbol, Symbol | None]]  # argument, base, factor
Node = Callable[..., Symbol]  # `Graph.node`
Constant = Callable[[float], Symbol]


@dataclass
class Backward:
    """Derivatives of the loss; missing is what the loss does not depend on."""

    deltas: dict[Symbol, Symbol] = field(default_factory=dict)  # by the columns, by their nodes
    weights: dict[str, Symbol] = field(default_factory=dict)  # by the vectors of weights
    # By the states before, what does not come by way of a matrix.
    carried: dict[str, Symbol] = field(default_factory=dict)
    # By the nodes of a step, where a node has one.
    adjoints: dict[Symbol, Symbol] = field(default_factory=dict)


def derive(layout: Layout) -> Backward:
    """Turn a step round (reverse rules, transposed maps, sums), in nodes added to its graph.

    An adjoint is a sum of terms, each a pair (base, factor). Their order decides the last bits, and
    is that of the studies which are kept: what stands last in the equations comes first, but for a
    state before what stands first; then what comes by way of matrices, then the step after.
    """
    graph, found = layout.graph, Backward()
    terms = _from_outside(layout)
    for node in reversed(layout.order):
        op = node.op
        if not terms[node] or op == "constant":
            continue
        if op in ("add", "sub", "neg") and len(terms[node]) == 1:
            _, base, factor = terms[node][0]
        else:
            base, factor = _adjoint(node, terms[node], graph), None
            found.adjoints[node] = base
        if op == "column":
            found.deltas[node] = base
        elif op in ("weight", "before"):
            (found.weights if op == "weight" else found.carried)[node.name] = base
        elif op in ("add", "sub", "neg"):
            for number, arg in enumerate(node.args):
                minus = op == "neg" or (op == "sub" and number == 1)
                terms[arg].append((DIRECT, base, _negative(factor, graph) if minus else factor))
        else:
            for arg, part, by in RULES[op](node, base, graph.node, partial(_constant, graph)):
                terms[arg].append((DIRECT, part, by))
    return found


def _from_outside(layout: Layout) -> dict[Symbol, list[Term]]:
    """Begin each node's terms with what does not come from this step's own nodes."""
    node, order = layout.graph.node, list(layout.order)
    terms: dict[Symbol, list[Term]] = {each: [] for each in order}
    for source in layout.sources:
        if source.op != "before":
            terms[source].append((THROUGH, node("through", source), None))
    for name, value in layout.states.items():
        before = node("before", name=name)
        if any(before in column.matrices for column in layout.columns):
            terms[value].append((THROUGH, node("through", before), None))
        if name == "y":
            terms[value].append((THROUGH, node("output"), None))
        if any(before in each.args for each in order) or before in layout.states.values():
            terms[value].append((AFTER, node("after", name=name), None))
    return terms


def _constant(graph: Graph, value: float) -> Symbol:
    return graph.node("constant", name=float(value))


def _negative(a: Symbol | None, graph: Graph) -> Symbol:
    if a is None:
        return _constant(graph, -1)
    return a.args[0] if a.op == "neg" else graph.node("neg", a)


def _both(a: Symbol, b: Symbol, graph: Graph) -> Symbol:
    """Add two factors of the same base."""
    if b.op == "neg":
        return graph.node("sub", a, b.args[0])
    return graph.node("sub", b, a.args[0]) if a.op == "neg" else graph.node("add", a, b)


def _adjoint(of: Symbol, terms: list[Term], graph: Graph) -> Symbol:
    """Add a node's terms up."""
    grouped: list[tuple[Symbol, Symbol | None]] = []
    found = terms[::-1] if of.op == "before" else terms
    for _, base, factor in sorted(found, key=lambda term: term[0]):
        same = (
            (number, known)
            for number, (other, known) in enumerate(grouped)
            if other is base and known is not None
        )
        known = next(same, None)
        if factor is None or known is None:
            grouped.append((base, factor))
        else:
            number, before = known
            grouped[number] = (base, _both(before, factor, graph))
    (base, factor), *others = grouped
    total = base if factor is None else graph.node("mul", base, factor)
    for base, factor in others:
        total = (
            graph.node("add", base, total)
            if factor is None
            else graph.node("fma", base, factor, total)
        )
    kept = total.op == "mean" and of.op in ("column", "weight", "before")
    return settled(graph, total) if kept else total


def _of_division(n: Symbol, d: Symbol, node: Node, _: Constant) -> Shares:
    share = node("div", d, n.args[1])
    return [(n.args[0], share, None), (n.args[1], share, node("neg", n))]


def _of_maximum(n: Symbol, d: Symbol, node: Node, constant: Constant) -> Shares:
    first = node("above", *n.args)
    return [(n.args[0], d, first), (n.args[1], d, node("sub", constant(1), first))]


def _of_softsign(n: Symbol, d: Symbol, node: Node, constant: Constant) -> Shares:
    rest = node("sub", constant(1), node("abs", n))
    return [(n.args[0], d, node("mul", rest, rest))]


# What reaches the arguments of a node n with adjoint d.
RULES: dict[str, Callable[[Symbol, Symbol, Node, Constant], Shares]] = {
    "mul": lambda n, d, *_: [(n.args[1], d, n.args[0]), (n.args[0], d, n.args[1])],
    "fma": lambda n, d, *_: [
        (n.args[2], d, None),
        (n.args[1], d, n.args[0]),
        (n.args[0], d, n.args[1]),
    ],
    "div": _of_division,
    "maximum": _of_maximum,
    "mean": lambda n, d, node, _: [(n.args[0], node("mean", d), None)],
    "sigmoid": lambda n, d, node, constant: [
        (n.args[0], node("mul", d, n), node("sub", constant(1), n))
    ],
    "tanh": lambda n, d, node, constant: [
        (n.args[0], d, node("fma", node("neg", n), n, constant(1)))
    ],
    "relu": lambda n, d, node, constant: [(n.args[0], d, node("above", n, constant(0)))],
    "exp": lambda n, d, *_: [(n.args[0], d, n)],
    "sqrt": lambda n, d, node, constant: [(n.args[0], d, node("div", constant(0.5), n))],
    "softsign": _of_softsign,
}
