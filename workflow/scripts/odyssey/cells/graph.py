"""A cell's equations laid out for the engines fused and stacked: columns of products, and waves.

All matrices on vectors that a step has at the same moment act together: what they add up to for a
hidden unit, its pre-activation, is a *column*. What can be computed once its columns are there is a
*wave*: a product of a vector that the step itself makes, or a mean over the units, needs all units
and opens another.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from odyssey.cells.equations import Cell, EquationError, Graph, Symbol

MOST_COLUMNS = 32  # as many as `Block` in fused/network.h has room for
DEEPEST = 100  # operations; recursion writes them as text


@dataclass
class Column:
    """A pre-activation of a hidden unit: a sum of products, and a bias."""

    node: Symbol  # what stands for it in the equations
    # inputs, bias: names of the matrix on x and of the vector that is added.
    inputs: str | None = None
    bias: str | None = None
    # Names of the other matrices, by the vectors that they act on.
    matrices: dict[Symbol, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """Matrices that lie together in memory: some sources in a row times some columns of a wave."""

    wave: int
    sources: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass
class Layout:
    """What the engine computes, forward and backward; made by `lay_out`."""

    graph: Graph
    states: dict[str, Symbol]  # what a step returns
    columns: list[Column]  # in the order of their waves
    # Vectors that matrices act on, ``y`` of the step before first, those made in the step last.
    sources: list[Symbol]
    vectors: list[str]  # names of the weights that are vectors
    order: list[Symbol]  # nodes of a step forward
    lowered: dict[Symbol, Symbol]  # what has become of the cell's own nodes

    def wave(self, node: Symbol) -> int:
        """Return the wave of the forward pass in which a node can be computed."""
        return self._waves[node]

    @cached_property
    def _waves(self) -> dict[Symbol, int]:
        waves: dict[Symbol, int] = {}
        matrices = {column.node: column.matrices for column in self.columns}
        for node in self.order:
            if node in matrices:
                made = [source for source in matrices[node] if source.op != "before"]
                waves[node] = max([0, *(waves[source] + 1 for source in made)])
            else:
                waves[node] = max([0, *(waves[arg] + (arg.op == "mean") for arg in node.args)])
        return waves

    @cached_property
    def blocks(self) -> list[Block]:
        """The matrices on the sources, wave after wave."""
        found: list[Block] = []
        waves = [self.wave(column.node) for column in self.columns]
        for wave in range(1 + max(waves, default=0)):
            for number, source in enumerate(self.sources):
                acted_on = tuple(
                    place
                    for place, column in enumerate(self.columns)
                    if source in column.matrices and waves[place] == wave
                )
                last = found[-1] if found else Block(-1, (), ())
                if (last.wave, last.columns) == (wave, acted_on) and last.sources[-1] == number - 1:
                    found[-1] = Block(wave, (*last.sources, number), acted_on)
                elif acted_on:
                    found.append(Block(wave, (number,), acted_on))
        return found


def lay_out(cell: Cell) -> Layout:
    """Lay equations out; an EquationError says that only the readable engine can train them."""
    _refuse_what_is_too_much(cell)
    sums = _Sums(cell)
    for node in cell.nodes:
        if node.op == "weight" or not (node.op == "x" or sums.absorbed(node)):
            sums.new[node] = sums.lowered(node)
    if len(sums.columns) > MOST_COLUMNS:
        raise EquationError(
            f"{cell.file}:1: the equations have {len(sums.columns)} sums of products, and the "
            f"fused engine holds {MOST_COLUMNS}"
        )
    graph, columns = sums.graph, sums.columns
    y = graph.node("before", name="y")
    acted_on = dict.fromkeys([y, *(source for column in columns for source in column.matrices)])
    layout = Layout(
        graph,
        {name: sums.new[node] for name, node in cell.states.items()},
        columns,
        sorted(acted_on, key=lambda source: source.op != "before"),
        [name for name, kind in cell.weights.items() if kind == "vector"],
        list(graph.nodes.values()),
        sums.new,
    )
    layout.columns = sorted(columns, key=lambda column: layout.wave(column.node))
    for number, column in enumerate(layout.columns):
        column.node.name = number
    return layout


def _refuse_what_is_too_much(cell: Cell) -> None:
    matrices = Counter(node.name for node in cell.nodes if node.op == "product")
    if tied := [name for name, count in matrices.items() if count > 1]:
        line = cell.nodes[0].graph.weights[tied[0]][1]
        raise EquationError(
            f"{cell.file}:{line}: the matrix w.{tied[0]} acts on {matrices[tied[0]]} vectors, and "
            "the engines fused and stacked keep each weight in one place"
        )
    depth: dict[Symbol, int] = {}
    for node in cell.nodes:
        depth[node] = 1 + max([0, *(depth[arg] for arg in node.args)])
    if (deepest := max(depth.values())) > DEEPEST:
        raise EquationError(
            f"{cell.file}:1: the equations are nested {deepest} deep, and the engines "
            f"fused and stacked go {DEEPEST} deep"
        )


class _Sums:
    """A cell's graph in the making again: products become columns, all else stays as it is."""

    def __init__(self, cell: Cell):
        self.graph = Graph(lambda: 0)
        self.columns: list[Column] = []
        self.new: dict[Symbol, Symbol] = {}
        nodes = cell.nodes
        self.uses = Counter(arg for node in nodes for arg in node.args)
        self.uses.update(cell.states.values())
        self.in_sums = Counter(arg for node in nodes if node.op == "add" for arg in node.args)
        self.stored = {node.args[0] for node in nodes if node.op == "product"}
        self.stored |= {*cell.states.values()}

    def absorbed(self, node: Symbol) -> bool:
        """Whether a node is nothing but a term of one sum."""
        once = self.uses[node] == 1 == self.in_sums[node]
        return once and node.op in ("add", "product", "weight")

    def terms(self, node: Symbol) -> list[Symbol]:
        """Return what a sum adds up; another node is its only term."""
        if node.op != "add":
            return [node]
        parts = (self.terms(arg) if self.absorbed(arg) else [arg] for arg in node.args)
        return [term for part in parts for term in part]

    def lowered(self, node: Symbol) -> Symbol:
        """Return what becomes of a node whose arguments are done."""
        terms = self.terms(node) if node.op in ("add", "product") else []
        products = [
            term for term in terms if term.op == "product" and (term is node or self.absorbed(term))
        ]
        if products:
            return self.column_sum(products, [term for term in terms if term not in products])
        if node.op == "add":
            total = self.new[terms[0]]
            for term in terms[1:]:
                total = self.graph.node("add", total, self.new[term])
            return total
        same = self.graph.node(node.op, *(self.new[arg] for arg in node.args), name=node.name)
        return settled(self.graph, same) if node.op == "mean" and node in self.stored else same

    def column_sum(self, products: list[Symbol], others: list[Symbol]) -> Symbol:
        """Make columns of products, and of biases that nothing else uses; add the rest."""
        made: list[Column] = []
        for product in products:
            self.place(product, made)
        biases = [term for term in others if term.op == "weight" and self.absorbed(term)]
        rest = [term for term in others if term not in biases]
        for column, bias in zip(made, biases, strict=False):
            column.bias = bias.name
        total = made[0].node
        for column in made[1:]:
            total = self.graph.node("add", total, column.node)
        for term in [*biases[: len(made) - 1 : -1], *rest]:
            if term.op == "mul" and self.uses[term] == 1:
                total = self.graph.node("fma", *(self.new[arg] for arg in term.args), total)
            else:
                total = self.graph.node("add", total, self.new[term])
        return total

    def place(self, product: Symbol, made: list[Column]) -> None:
        """Give a product to the first column that has none of its vector yet, or to a new one."""
        source = self.new.get(product.args[0])  # none: x

        def taken(column: Column) -> bool:
            return column.inputs is not None if source is None else source in column.matrices

        column = next((each for each in made if not taken(each)), None)
        if column is None:
            column = Column(self.graph.node("column", name=len(self.columns)))
            made.append(column)
            self.columns.append(column)
        if source is None:
            column.inputs = product.name
        else:
            column.matrices[source] = product.name


def settled(graph: Graph, mean: Symbol) -> Symbol:
    """Make of a mean what a hidden unit can store, a wave later, when all units are added up."""
    return graph.node("mul", mean, graph.node("constant", name=1.0))
