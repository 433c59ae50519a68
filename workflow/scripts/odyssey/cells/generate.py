"""A cell's arithmetic in C++, for the frame in `fused`: a page for each cell."""

from collections import Counter
from collections.abc import Callable, Iterable

from odyssey.cells.equations import ELEMENTWISE, Cell, Symbol
from odyssey.cells.graph import Layout, lay_out
from odyssey.cells.schedule import GIVEN, Schedule, at_padding, schedule

# These operations take so long that loading hides behind them.
SLOW = (*ELEMENTWISE, "div")
TAKEN = {"at", "more", "bar", "all", "fma", "rounded", "larger", "above", "magnitude", "root"}
TAKEN |= {"log", "sum", "load", "store", "V", "vec", "smaller", "largest", "double", "float"}
KEYWORDS = (
    "alignas alignof asm auto bool case catch char const constexpr decltype default delete do "
    "enum explicit export extern friend goto inline int long mutable namespace new noexcept "
    "nullptr operator private protected public register short signed sizeof static struct switch "
    "template this throw typedef typeid typename union unsigned using virtual void volatile"
)
TAKEN |= {*KEYWORDS.split(), *ELEMENTWISE, "vec", "ivec", "V"}

# What a wave leaves behind: a line with a place for the value, and the value.
Store = tuple[str, Symbol]


def source_text(cell: Cell) -> str:
    """Write a cell's arithmetic in C++; an EquationError says that fused cannot train the cell."""
    plan = schedule(lay_out(cell))
    names = _names(cell, plan)
    waves = 1 + max(plan.layout.wave(node) for node in plan.layout.order)
    back_waves = 1 + max([0, *(plan.back_wave(node) for node in plan.back_nodes)])
    lines = [f"// {cell.title}: generated from its equations.", "", *_constants(plan)]
    lines += [f"constexpr int WAVES = {waves};", f"constexpr int BACK_WAVES = {back_waves};"]
    lines += _blocks(plan.layout)
    for wave in range(waves):
        lines += _forward(plan, names, wave)
    for wave in range(back_waves):
        lines += _backward(plan, names, wave)
    return "\n".join(lines) + "\n"


def _constants(plan: Schedule) -> list[str]:
    numbers = {
        "COLUMNS": len(plan.layout.columns),
        "SOURCES": len(plan.layout.sources),
        "STATES": len(_own_states(plan.layout)),
        "CARRIED": len(plan.layout.states),
        "VECTORS": len(plan.layout.vectors),
        "KEPT": len(plan.kept),
        "TEMPORARY": len(plan.temporary),
        "MEANS": len(plan.means),
        "SUMS": len(plan.sums),
    }
    return [f"constexpr int {name} = {value};" for name, value in numbers.items()]


def _blocks(layout: Layout) -> list[str]:
    all_columns, vectors = layout.columns, layout.vectors
    inputs = [number for number, column in enumerate(all_columns) if column.inputs]
    from_inputs = [str(bool(column.inputs)).lower() for column in all_columns]
    bias = [vectors.index(column.bias) if column.bias else -1 for column in all_columns]
    blocks = [(each.sources[0], len(each.sources), each.columns) for each in layout.blocks]
    return [
        "",
        "// Of each column: whether x reaches it, and the vector of weights that is its bias.",
        f"constexpr bool FROM_INPUTS[] = {_list(from_inputs)};",
        f"constexpr int BIAS[] = {_list(bias)};",
        "",
        "// Matrices on x, and on sources in a row; the columns that they reach.",
        f"constexpr Block INPUTS = {{0, 0, {len(inputs)}, {_list(inputs)}}};",
        f"constexpr int BLOCK_COUNT = {len(layout.blocks)};",
        "constexpr Block BLOCKS[] = {",
        *(
            f"    {{{first}, {count}, {len(columns)}, {_list(columns)}}},"
            for first, count, columns in blocks or [(0, 0, ())]
        ),
        "};",
    ]


def _list(values: Iterable[object]) -> str:
    return "{" + ", ".join(map(str, values)) + "}"


def _forward(plan: Schedule, names: dict[Symbol, str], wave: int) -> list[str]:
    """Write a wave of the forward pass."""
    layout = plan.layout
    columns = [
        number for number, column in enumerate(layout.columns) if layout.wave(column.node) == wave
    ]
    blocks = [number for number, block in enumerate(layout.blocks) if block.wave == wave]
    means = [number for node, number in plan.means.items() if layout.wave(node) == wave]

    def here(node: Symbol) -> bool:
        leaf = node.op in ("before", "weight", "constant", "mean", "column")
        return not leaf and (node.op == "masked" or layout.wave(node) == wave)

    def place(node: Symbol) -> str | None:
        if node.op == "column" and layout.wave(node) == wave:
            return f"bar[{columns.index(node.name)}]"
        return _place(plan, node)

    page = Page(layout, names, here, place, hides=True)
    page.write(layout.order, _forward_stores(plan, wave))
    return [
        "",
        f"template <> struct Forward<{wave}> {{",
        f"    static constexpr int first = {_first(columns)}, columns = {len(columns)}, "
        f"pieces = {page.slow + 1};",
        f"    static constexpr int first_block = {_first(blocks)}, blocks = {len(blocks)};",
        f"    static constexpr int first_mean = {_first(means)}, means = {len(means)};",
        "    template <class More>",
        "    static inline void units(const Place &at, const vec *bar, const More &more) {",
        *(f"        {line}" for line in page.lines),
        "    }",
        "};",
    ]


def _first(numbers: list[int]) -> int:
    return numbers[0] if numbers else 0


def _forward_stores(plan: Schedule, wave: int) -> list[Store]:
    """List what a wave of the forward pass leaves behind."""
    known: dict[Symbol, float] = {}
    stores = [
        (_state(plan.layout, name, "after"), node) for name, node in plan.layout.states.items()
    ]
    stores += [(f"at.source_before({number})", node) for node, number in plan.made.items()]
    found = [(f"{place} = {{}};", node, _masked(plan, node, known)) for place, node in stores]
    found += [(f"{_place(plan, node)} = {{}};", node, node) for node in (*plan.columns, *plan.kept)]
    for node, number in plan.means.items():
        found.append((f"at.add({number}, {{}});", node, _masked(plan, node.args[0], known)))
    return [(line, value) for line, node, value in found if plan.layout.wave(node) == wave]


def _backward(plan: Schedule, names: dict[Symbol, str], wave: int) -> list[str]:
    """Write a wave of the backward pass."""
    sums = [number for node, number in plan.sums.items() if plan.back_wave(node) == wave]

    def here(node: Symbol) -> bool:
        leaf = node in plan.forward_nodes or node.op in GIVEN or plan.is_sum(node)
        return not leaf and (plan.free(node) or plan.back_wave(node) == wave)

    page = Page(plan.layout, names, here, lambda node: _place(plan, node), hides=False)
    page.write(plan.back_nodes, _backward_stores(plan, wave))
    return [
        "",
        f"template <> struct Backward<{wave}> {{",
        f"    static constexpr int first_sum = {_first(sums)}, sums = {len(sums)};",
        "    static inline void units(const Place &at) {",
        *(f"        {line}" for line in page.lines),
        "    }",
        "};",
    ]


def _backward_stores(plan: Schedule, wave: int) -> list[Store]:
    """List what a wave of the backward pass leaves behind."""
    layout, derived = plan.layout, plan.backward
    forward: dict[Symbol, float] = {}
    known = {node: at_padding(node, forward) for node in layout.order}
    # States and made sources are masked where they are stored.
    known.update(dict.fromkeys([*plan.state, *plan.made], 0.0))
    nothing = layout.graph.node("constant", name=0.0)
    found: list[tuple[str, Symbol | None, Symbol]] = [
        (f"at.carry({[*layout.states].index(name)}) = {{}};", node, _masked(plan, node, known))
        for name, node in derived.carried.items()
    ]
    for column in layout.columns:
        delta = derived.deltas.get(column.node)
        value = nothing if delta is None else _masked(plan, delta, known)
        found.append((f"at.column({column.node.name}) = {{}};", delta, value))
    for name, node in derived.weights.items():
        number = layout.vectors.index(name)
        found.append((f"at.gradient({number}) = {{}};", node, _added(plan, number, node, known)))
    found += [
        (f"at.temporary({number}) = {{}};", node, node) for node, number in plan.temporary.items()
    ]
    for node, number in plan.sums.items():
        found.append((f"at.add({number}, {{}});", node, _masked(plan, node.args[0], known)))
    return [(line, value) for line, node, value in found if plan.back_wave(node) == wave]


def _masked(plan: Schedule, node: Symbol, known: dict[Symbol, float]) -> Symbol:
    """Keep padding exactly zero where it would be something else."""
    return node if at_padding(node, known) == 0 else plan.layout.graph.node("masked", node)


def _added(plan: Schedule, number: int, node: Symbol, known: dict[Symbol, float]) -> Symbol:
    """Add a frame's share to the gradient of a vector of weights."""
    gradient, masked = plan.layout.graph.node("gradient", name=number), _masked(plan, node, known)
    if masked.op == "mul":
        return plan.layout.graph.node("fma", *masked.args, gradient)
    return plan.layout.graph.node("add", gradient, masked)


def _own_states(layout: Layout) -> list[str]:
    """Return the states that no matrix acts on, which lie apart from the sources."""
    acted_on = {source.name for source in layout.sources if source.op == "before"}
    return [name for name in layout.states if name not in acted_on]


def _state(layout: Layout, name: str, step: str) -> str:
    own = _own_states(layout)
    if name in own:
        return f"at.state_{step}({own.index(name)})"
    return f"at.source_{step}({layout.sources.index(layout.graph.node('before', name=name))})"


def _place(plan: Schedule, node: Symbol) -> str | None:
    """Say where a value lies once its wave is over, or before the step; None: nowhere."""
    if node.op == "before":
        return _state(plan.layout, node.name, "before")
    if node in plan.state:
        return _state(plan.layout, plan.state[node], "after")
    given: dict[str, Callable[[], str]] = {
        "output": lambda: "at.output()",
        "weight": lambda: f"at.weight({plan.layout.vectors.index(node.name)})",
        "after": lambda: f"at.carried({[*plan.layout.states].index(node.name)})",
        "gradient": lambda: f"at.gradient({node.name})",
    }
    if node.op in given:
        return given[node.op]()
    kinds = {
        "source_before": plan.made,
        "column": plan.columns,
        "kept": plan.kept,
        "mean": plan.means,
        "sum": plan.sums,
        "temporary": plan.temporary,
    }
    return next((f"at.{kind}({of[node]})" for kind, of in kinds.items() if node in of), None)


def _names(cell: Cell, plan: Schedule) -> dict[Symbol, str]:
    """Call nodes what the equations call them, where C++ can."""
    taken = set(TAKEN)
    names: dict[Symbol, str] = {}
    leaves = ("column", "before", "weight", "constant")
    for node in cell.nodes:
        name, lowered = cell.names.get(id(node)), plan.layout.lowered.get(node)
        if name is None or lowered is None or lowered.op in leaves:
            continue
        if name.isascii() and name not in taken:
            names[lowered] = name
            taken.add(name)
    nodes = plan.layout.graph.nodes.values()
    for number, node in enumerate(each for each in nodes if each.op in leaves[1:3]):
        name = f"{node.name}_before" if node.op == "before" else node.name
        plain = name.isascii() and name not in taken
        names[node] = name if plain else f"{node.op}_{number}"
    for node, adjoint in plan.backward.adjoints.items():
        if node in names and node.op not in leaves:
            names.setdefault(adjoint, f"d_{names[node]}")
    for column, delta in plan.backward.deltas.items():
        names.setdefault(delta, f"delta_{column.name}")
    return names


class Page:
    """The lines of one wave, in the making.

    Parameters
    ----------
    names : dict of Symbol to str
        What nodes are called.
    here : callable
        Whether the wave computes a node itself.
    place : callable
        Where the wave finds a node that it does not compute; None: it computes it once more.
    hides : bool
        Whether loading hides behind the slow lines.
    """

    def __init__(
        self,
        layout: Layout,
        names: dict[Symbol, str],
        here: Callable[[Symbol], bool],
        place: Callable[[Symbol], str | None],
        hides: bool,
    ):
        self.layout, self.names, self.here, self.place = layout, names, here, place
        self.hides = hides
        self.lines: list[str] = []
        self.known: dict[Symbol, str] = {}
        self.uses: Counter[Symbol] = Counter()
        self.slow = 0

    def write(self, order: list[Symbol], stores: list[Store]) -> None:
        """Write the lines: what has a name or takes long in its order, then what is stored."""
        for _, value in stores:
            self.count(value)
        for node in order:
            if self.uses[node] and self.here(node) and (node in self.names or node.op in SLOW):
                self.value(node)
        found = [(line, _bare(self.value(value))) for line, value in stores]
        self.lines += [line.format(text) for line, text in found]

    def count(self, node: Symbol) -> None:
        """Count how often a node is used, so that what is used once needs no name."""
        self.uses[node] += 1
        computed = self.here(node) or self.place(node) is None
        if self.uses[node] == 1 and computed and node.op != "through":
            for arg in node.args:
                self.count(arg)

    def value(self, node: Symbol) -> str:
        """Return the expression for a node; lines before it compute what it needs."""
        if node in self.known:
            return self.known[node]
        if node.op == "constant":
            return f"all({float(node.name)!r}f)"
        place = None if self.here(node) else self.place(node)
        if place and (node.op == "gradient" or place.startswith("bar[")):
            return place
        text = place or self.computed(node)
        if not place and node not in self.names and (self.uses[node] < 2 and node.op not in SLOW):
            return text
        name = self.names.get(node) or self.called(node)
        if name in self.known.values():
            name = f"{name}_{len(self.known)}"
        self.known[node] = name
        self.lines.append(f"const vec {name} = {_bare(text)};")
        if not place and node.op in SLOW and self.hides:
            self.slow += 1
            self.lines.append("more();")
        return name

    def called(self, node: Symbol) -> str:
        """Call what the equations give no name to after its operation."""
        if node.op == "after":
            return f"d_{node.name}_after"
        known = {"output": "d_y_above", "column": f"sum_{node.name}", "through": "d_through"}
        of = self.names.get(node.args[0]) if len(node.args) == 1 else None
        return known.get(node.op) or (f"{node.op}_{of}" if of else f"{node.op}_{len(self.known)}")

    def computed(self, node: Symbol) -> str:
        """Write a node's operation: each rounds once, and `fma` is one."""
        if node.op == "through":
            return self.through(node)
        op, texts = node.op, [self.value(arg) for arg in node.args]
        one = [arg.op == "constant" and arg.name == 1 for arg in node.args]
        if op == "mul" and any(one):
            return texts[1] if one[0] else texts[0]
        if op in ("add", "sub") or (op == "fma" and any(one[:2])):
            first = 1 if op == "fma" and one[0] else 0
            left, right = (_rounded(node.args[at], texts[at]) for at in (first, -1))
            return f"({left} {'-' if op == 'sub' else '+'} {right})"
        if op in ("mul", "div"):
            return f"({texts[0]} {'*' if op == 'mul' else '/'} {texts[1]})"
        if op == "neg":
            return f"(-{texts[0]})"
        functions = {"relu": "larger", "maximum": "larger", "sqrt": "root", "abs": "magnitude"}
        functions["masked"] = "at.masked"
        texts += ["vec{}"] if op == "relu" else []
        return f"{functions.get(op, op)}({', '.join(map(_bare, texts))})"

    def through(self, node: Symbol) -> str:
        """Write what a source's matrices bring back."""
        source = self.layout.sources.index(node.args[0])
        when = "after" if node.args[0].op == "before" else "now"
        terms = [
            f"at.through_{when}<{number}>({source - block.sources[0]})"
            for number, block in enumerate(self.layout.blocks)
            if source in block.sources
        ]
        return f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]


def _rounded(node: Symbol, text: str) -> str:
    """Write a term of a sum, into which no compiler may draw its product."""
    return f"rounded({_bare(text)})" if node.op in ("mul", "neg") else text


def _bare(text: str) -> str:
    """Take away the brackets around a text."""
    return text[1:-1] if text.startswith("(") and _wraps(text) else text


def _wraps(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(text) - 1
    return False
