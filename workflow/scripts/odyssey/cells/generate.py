"""A cell's arithmetic in C++, for the frame in `fused`: a page for each cell."""

from collections import Counter
from dataclasses import dataclass, field

from odyssey.cells.equations import ELEMENTWISE, Cell, Symbol
from odyssey.cells.graph import KEPT, Layout, at_padding, lay_out

# What takes so long that loading hides behind it.
SLOW = (*ELEMENTWISE, "div")
TAKEN = {"at", "more", "bar", "all", "fma", "rounded", "larger", "above", "magnitude", "root"}
TAKEN |= {"log", "sum", "load", "store", "V", "vec", "smaller", "largest", "double", "float"}
TAKEN |= set(  # noqa: SIM905
    "alignas alignof asm auto bool case catch char const constexpr decltype default delete do "
    "enum explicit export extern friend goto inline int long mutable namespace new noexcept "
    "nullptr operator private protected public register short signed sizeof static struct switch "
    "template this throw typedef typeid typename union unsigned using virtual void volatile".split()
)
TAKEN |= {*ELEMENTWISE, "vec", "ivec", "V"}


@dataclass
class Storage:
    """Where values stay that another wave or the backward pass needs.

    Parameters
    ----------
    columns : dict of Symbol to int
        In a column's place, by its number.
    kept, temporary : dict of Symbol to int
        In arrays of their own: of all frames, and of the frame at hand.
    means, sums : dict of Symbol to int
        Means over the units, forward and backward.
    """

    columns: dict[Symbol, int] = field(default_factory=dict)
    kept: dict[Symbol, int] = field(default_factory=dict)
    temporary: dict[Symbol, int] = field(default_factory=dict)
    means: dict[Symbol, int] = field(default_factory=dict)
    sums: dict[Symbol, int] = field(default_factory=dict)


class Page:
    """The lines of one wave, in the making.

    Parameters
    ----------
    layout : Layout
    names : dict of Symbol to str
        What a node is called.
    here : callable
        Whether the wave computes a node itself.
    place : callable
        Where the wave finds a node that it does not compute; None: it computes it once more.
    """

    def __init__(self, layout: Layout, names: dict[Symbol, str], here, place):
        self.layout, self.names, self.here, self.place = layout, names, here, place
        self.hides = True
        self.lines: list[str] = []
        self.known: dict[Symbol, str] = {}
        self.uses: Counter[Symbol] = Counter()
        self.slow = 0

    def count(self, node: Symbol) -> None:
        """Count how often a node is used, so that what is used once needs no name."""
        self.uses[node] += 1
        if self.uses[node] == 1 and (self.here(node) or self.place(node) is None):
            for a in node.args:
                self.count(a)

    def value(self, node: Symbol) -> str:
        """Return the expression for a node; lines before it compute what it needs."""
        if node in self.known:
            return self.known[node]
        if node.op == "constant":
            return f"all({float(node.name)!r}f)"
        place = None if self.here(node) else self.place(node)
        if place and place.startswith("bar["):
            return place
        text = place or self._computed(node)
        if not place and node not in self.names and (self.uses[node] < 2 and node.op not in SLOW):
            return text
        name = self.names.get(node) or self._called(node)
        if name in self.known.values():
            name = f"{name}_{len(self.known)}"
        self.known[node] = name
        self.lines.append(f"const vec {name} = {_bare(text)};")
        if not place and node.op in SLOW and self.hides:
            self.slow += 1
            self.lines.append("more();")
        return name

    def _called(self, node: Symbol) -> str:
        """Call what the equations give no name to after its operation."""
        if node.op == "after":
            return f"d_{node.name}_after"
        known = {"output": "d_y_above", "column": f"sum_{node.name}", "through": "d_through"}
        of = self.names.get(node.args[0]) if len(node.args) == 1 else None
        return known.get(node.op) or (f"{node.op}_{of}" if of else f"{node.op}_{len(self.known)}")

    def _computed(self, node: Symbol) -> str:
        """Write a node's operation: each rounds once, and `fma` is one."""
        op = node.op
        texts = [self.value(arg) for arg in node.args]
        a, *others = texts
        one = [n.op == "constant" and n.name == 1 for n in node.args]
        if op == "mul" and any(one):
            return others[0] if one[0] else a
        if op in ("add", "sub") or (op == "fma" and any(one[:2])):
            first = 1 if op == "fma" and one[0] else 0
            a, b = (_rounded(node.args[n], texts[n]) for n in (first, -1))
            return f"({a} {'-' if op == 'sub' else '+'} {b})"
        if op in ("mul", "div"):
            return f"({a} {'*' if op == 'mul' else '/'} {others[0]})"
        if op == "neg":
            return f"(-{a})"
        functions = {"relu": "larger", "maximum": "larger", "sqrt": "root", "abs": "magnitude"}
        others += ["vec{}"] if op == "relu" else []
        return f"{functions.get(op, op)}({', '.join(_bare(a) for a in (a, *others))})"


def _rounded(node: Symbol, text: str) -> str:
    """Write a term of a sum, into which no compiler may draw its product."""
    return f"rounded({_bare(text)})" if node.op in ("mul", "neg") else text


def _bare(text: str) -> str:
    """Take away the brackets around a text."""
    return text[1:-1] if text.startswith("(") and _wraps(text) else text


def _wraps(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last."""
    depth = 0
    for n, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return n == len(text) - 1
    return False


class Generator:
    """Everything that a cell's page says, from its layout."""

    def __init__(self, cell: Cell):
        self.cell, self.layout = cell, lay_out(cell)
        layout = self.layout
        self.forward_nodes = set(layout.order)
        self.made = {s: n for n, s in enumerate(layout.sources) if s.op != "before"}
        self.in_u = {
            name: layout.sources.index(before)
            for name in layout.states
            if (before := layout.graph.node("before", name=name)) in layout.sources
        }
        others = [name for name in layout.states if name not in self.in_u]
        self.in_s = {name: n for n, name in enumerate(others)}
        self.states_of: dict[Symbol, str] = {}
        for name, value in layout.states.items():
            self.states_of.setdefault(value, name)
        self.storage = Storage()
        self.back_waves: dict[Symbol, int] = {}
        self.frees: dict[Symbol, bool] = {}
        self.padding: dict[Symbol, float] = {}
        self._names()
        self._store()

    # Waves of the backward pass.

    def free(self, node: Symbol) -> bool:
        """Whether a node of the backward pass needs forward values alone."""
        if node not in self.frees:
            self.frees[node] = node.op not in ("through", "output", "after") and all(
                a in self.forward_nodes or self.free(a) for a in node.args
            )
        return self.frees[node]

    def back_wave(self, node: Symbol) -> int:
        """Return the wave of the backward pass in which a node can be computed."""
        if node in self.forward_nodes:
            return 0
        if node not in self.back_waves:
            backward = self.layout.backward
            if node.op == "through" and node.args[0] in self.made:
                deltas = [
                    backward.deltas[c.node]
                    for c in self.layout.columns
                    if node.args[0] in c.matrices and c.node in backward.deltas
                ]
                wave = 1 + max((self.back_wave(d) for d in deltas), default=-1)
            else:
                later = [self.back_wave(a) + self._is_sum(a) for a in node.args]
                wave = max([0, *later]) if node.op != "through" else 0
            self.back_waves[node] = wave
        return self.back_waves[node]

    def _is_sum(self, node: Symbol) -> bool:
        return node.op == "mean" and node not in self.forward_nodes

    # Storage.

    def _saved(self, node: Symbol) -> bool:
        """Whether a forward value is kept, not computed again, where another wave needs it."""
        return node.op in KEPT or node in self.states_of or node in self.made

    def _store(self) -> None:
        layout, storage = self.layout, self.storage
        backward = layout.backward
        last: dict[Symbol, int] = {}  # the last backward wave that needs a forward value

        def fetch(node: Symbol, wave: int) -> None:
            if node.op in ("constant", "before", "weight"):
                return
            if self._saved(node):
                last[node] = max(wave, last.get(node, -1))
            else:
                for a in node.args:
                    fetch(a, wave)

        for node in layout.order:
            for a in node.args:
                if layout.wave(a) < layout.wave(node) and a.op != "mean":
                    fetch(a, -1)
        seen: set[Symbol] = set()
        roots = [*backward.deltas.values(), *backward.weights.values(), *backward.carried.values()]

        def visit(node: Symbol, wave: int) -> None:
            """Find what a backward node needs, in the wave that uses it."""
            if node in self.forward_nodes:
                fetch(node, wave)
            elif self.free(node) or node not in seen:
                seen.add(node)
                for a in () if node.op == "through" else node.args:
                    visit(a, wave if self.free(node) else self.back_wave(node))
            leaf = node.op in ("output", "after", "constant") or self._is_sum(node)
            if node not in self.forward_nodes and not self.free(node) and not leaf:
                if self.back_wave(node) < wave:
                    storage.temporary.setdefault(node, len(storage.temporary))

        for node in roots:
            visit(node, self.back_wave(node))
        self.back_nodes = [n for n in layout.graph.nodes.values() if n in seen]
        sums = sorted((n for n in self.back_nodes if self._is_sum(n)), key=self.back_wave)
        storage.sums = {n: k for k, n in enumerate(sums)}
        means = sorted((n for n in layout.order if n.op == "mean"), key=layout.wave)
        storage.means = {n: k for k, n in enumerate(means)}
        taken: set[int] = set()
        for node in layout.order:
            kept = node in last and node not in self.states_of and node not in self.made
            if not kept or node.op == "mean":
                continue
            free = (
                number
                for number, column in enumerate(layout.columns)
                if number not in taken
                and layout.wave(column.node) <= layout.wave(node)
                and last[node] <= self._delta_wave(column.node)
            )
            number = next(free, None)
            if number is None:
                storage.kept[node] = len(storage.kept)
            else:
                storage.columns[node] = number
                taken.add(number)

    def _delta_wave(self, column: Symbol) -> int:
        delta = self.layout.backward.deltas.get(column)
        return 0 if delta is None else self.back_wave(delta)

    # Names.

    def _names(self) -> None:
        taken = set(TAKEN)
        self.names: dict[Symbol, str] = {}
        said = {
            self._lowered(node): name
            for node in self.cell.nodes
            if (name := self.cell.names.get(id(node)))
        }
        for node, name in said.items():
            named = node is not None and node.op not in ("column", "before", "weight", "constant")
            if named and name.isascii() and name not in taken:
                self.names[node] = name
                taken.add(name)
        leaves = [n for n in self.layout.graph.nodes.values() if n.op in ("before", "weight")]
        for number, node in enumerate(leaves):
            name = f"{node.name}_before" if node.op == "before" else node.name
            plain = name.isascii() and name not in taken
            self.names[node] = name if plain else f"{node.op}_{number}"
        backward = self.layout.backward
        for node, adjoint in backward.adjoints.items():
            if node in self.names and node.op not in ("before", "weight"):
                self.names.setdefault(adjoint, f"d_{self.names[node]}")
        for column, delta in backward.deltas.items():
            self.names.setdefault(delta, f"delta_{column.name}")

    def _lowered(self, node: Symbol):
        return self.layout.lowered.get(node)

    # Places.

    def _state(self, name: str, after: bool) -> str:
        step = "after" if after else "before"
        if name in self.in_u:
            return f"at.source_{step}({self.in_u[name]})"
        return f"at.state_{step}({self.in_s[name]})"

    def _place(self, node: Symbol) -> str | None:
        """Say where a forward value lies once its wave is over, or before the step."""
        s = self.storage
        if node.op == "before":
            return self._state(node.name, after=False)
        if node.op == "weight":
            return f"at.weight({self.layout.vectors.index(node.name)})"
        if node in self.states_of:
            return self._state(self.states_of[node], after=True)
        if node in self.made:
            return f"at.source_before({self.made[node]})"
        if node in s.columns:
            return f"at.column({s.columns[node]})"
        if node in s.kept:
            return f"at.kept({s.kept[node]})"
        if node in s.means:
            return f"at.mean({s.means[node]})"
        return None

    def _masked(self, node: Symbol, text: str, padding: dict[Symbol, float]) -> str:
        """Keep padding exactly zero where it would be something else."""
        return text if at_padding(node, padding) == 0 else f"at.masked({text})"

    # Pages.

    def forward(self, wave: int) -> tuple[list[str], int]:
        """Write a wave of the forward pass: its lines, and how many of them are slow."""
        layout, s = self.layout, self.storage
        columns = [n for n, c in enumerate(layout.columns) if layout.wave(c.node) == wave]

        def here(node):
            leaf = node.op in ("before", "weight", "constant", "mean", "column")
            return not leaf and layout.wave(node) == wave

        def place(node):
            if node.op == "column" and layout.wave(node) == wave:
                return f"bar[{columns.index(node.name)}]"
            return self._place(node)

        page = Page(layout, self.names, here, place)
        means = [n for n in s.means if layout.wave(n) == wave]
        made = [n for n in self.made if layout.wave(n) == wave]
        kept = [n for n in (*s.columns, *s.kept) if layout.wave(n) == wave]
        states = [(k, v) for k, v in layout.states.items() if self._wave_of_state(v) == wave]
        wanted = [*(v for _, v in states), *made, *kept, *(m.args[0] for m in means)]
        for node in wanted:
            page.count(node)
        for node in layout.order:
            if page.uses[node] and here(node) and (node in page.names or node.op in SLOW):
                page.value(node)
        known = self.padding
        stores = []
        for name, value in states:
            target = self._state(name, after=True)
            stores.append(f"{target} = {self._masked(value, _bare(page.value(value)), known)};")
        for node in made:
            text = self._masked(node, page.value(node), known)
            stores.append(f"at.source_before({self.made[node]}) = {text};")
        stores += [f"{self._place(node)} = {page.value(node)};" for node in kept]
        for node in means:
            text = self._masked(node.args[0], page.value(node.args[0]), known)
            stores.append(f"at.add({s.means[node]}, {text});")
        return [*page.lines, *stores], page.slow

    def _wave_of_state(self, value: Symbol) -> int:
        return self.layout.wave(value)

    def backward(self, wave: int) -> list[str]:
        """Write a wave of the backward pass."""
        layout, s, derived = self.layout, self.storage, self.layout.backward

        def here(node):
            leaf = node.op in ("constant", "output", "after") or self._is_sum(node)
            mine = self.free(node) or self.back_wave(node) == wave
            return node not in self.forward_nodes and not leaf and mine

        def place(node):
            if node in self.forward_nodes:
                return self._place(node)
            if node.op == "output":
                return "at.output()"
            if node.op == "after":
                return f"at.carried({[*layout.states].index(node.name)})"
            if node in s.sums:
                return f"at.sum({s.sums[node]})"
            return f"at.temporary({s.temporary[node]})" if node in s.temporary else None

        page = _BackPage(layout, self.names, here, place)
        padding = {n: at_padding(n, self.padding) for n in layout.order}
        padding.update(dict.fromkeys([*self.states_of, *self.made], 0.0))
        deltas = [
            (c.node.name, derived.deltas.get(c.node))
            for c in layout.columns
            if self._delta_wave(c.node) == wave
        ]
        weights = [(k, v) for k, v in derived.weights.items() if self.back_wave(v) == wave]
        carried = [(k, v) for k, v in derived.carried.items() if self.back_wave(v) == wave]
        temporary = [n for n in s.temporary if self.back_wave(n) == wave]
        sums = [n for n in s.sums if self.back_wave(n) == wave]
        wanted = [d for _, d in deltas if d is not None]
        wanted += [*(v for _, v in carried), *temporary, *(n.args[0] for n in sums)]
        for node in wanted:
            page.count(node)
        for _, node in weights:
            for a in node.args if node.op == "mul" else (node,):
                page.count(a)
        for node in self.back_nodes:
            if page.uses[node] and here(node) and node in page.names:
                page.value(node)
        stores = []
        for name, node in carried:
            text = self._masked(node, page.value(node), padding)
            stores.append(f"at.carry({[*layout.states].index(name)}) = {text};")
        for number, node in deltas:
            text = "vec{}" if node is None else self._masked(node, page.value(node), padding)
            stores.append(f"at.column({number}) = {text};")
        for name, node in weights:
            place_ = f"at.gradient({layout.vectors.index(name)})"
            if node.op == "mul" and at_padding(node, padding) == 0:
                a, b = (page.value(a) for a in node.args)
                stores.append(f"{place_} = fma({a}, {b}, {place_});")
            else:
                text = self._masked(node, page.value(node), padding)
                stores.append(f"{place_} = {place_} + rounded({text});")
        stores += [f"at.temporary({s.temporary[n]}) = {page.value(n)};" for n in temporary]
        for node in sums:
            text = self._masked(node.args[0], page.value(node.args[0]), padding)
            stores.append(f"at.add({s.sums[node]}, {text});")
        return [*page.lines, *stores]


class _BackPage(Page):
    """A wave of the backward pass, where matrices are turned."""

    def __init__(self, layout, names, here, place):
        super().__init__(layout, names, here, place)
        self.hides = False

    def count(self, node: Symbol) -> None:
        """Count uses, but not of what stands behind a turned matrix."""
        if node.op == "through":
            self.uses[node] += 1
        else:
            super().count(node)

    def _computed(self, node: Symbol) -> str:
        if node.op != "through":
            return super()._computed(node)
        source = self.layout.sources.index(node.args[0])
        when = "after" if node.args[0].op == "before" else "now"
        blocks = [n for n, b in enumerate(self.layout.blocks) if source in b.sources]
        terms = [
            f"at.through_{when}<{n}>({source - self.layout.blocks[n].sources[0]})" for n in blocks
        ]
        return f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]


def source_text(cell: Cell) -> str:
    """Write a cell's arithmetic in C++.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    str

    Raises
    ------
    EquationError
        If the fused engine cannot train such a cell.
    """
    g = Generator(cell)
    layout, s = g.layout, g.storage
    waves = 1 + max(layout.wave(n) for n in layout.order)
    back_waves = 1 + max([0, *(g.back_wave(n) for n in g.back_nodes)])
    bias = [layout.vectors.index(c.bias) if c.bias else -1 for c in layout.columns]
    inputs = [n for n, c in enumerate(layout.columns) if c.inputs]
    numbers = {
        "COLUMNS": len(layout.columns),
        "SOURCES": len(layout.sources),
        "STATES": len(g.in_s),
        "CARRIED": len(layout.states),
        "VECTORS": len(layout.vectors),
        "KEPT": len(s.kept),
        "TEMPORARY": len(s.temporary),
        "MEANS": len(s.means),
        "SUMS": len(s.sums),
        "WAVES": waves,
        "BACK_WAVES": back_waves,
    }
    lines = [f"// {cell.title}: generated from its equations.", ""]
    lines += [f"constexpr int {name} = {value};" for name, value in numbers.items()]
    lines += [
        "",
        "// Of each column: whether x reaches it, and the vector of weights that is its bias.",
        f"constexpr bool FROM_INPUTS[] = {_list([str(n in inputs).lower() for n in range(len(bias))])};",
        f"constexpr int BIAS[] = {_list(bias)};",
        "",
        "// Matrices on x, and on sources in a row; the columns that they reach.",
        f"constexpr Block INPUTS = {{0, 0, {len(inputs)}, {_list(inputs)}}};",
        f"constexpr int BLOCK_COUNT = {len(layout.blocks)};",
        "constexpr Block BLOCKS[] = {",
        *(
            f"    {{{b.sources[0]}, {len(b.sources)}, {len(b.columns)}, {_list(b.columns)}}},"
            for b in layout.blocks
        ),
        *(["    {0, 0, 0, {}},"] if not layout.blocks else []),
        "};",
    ]
    for wave in range(waves):
        columns = [n for n, c in enumerate(layout.columns) if layout.wave(c.node) == wave]
        blocks = [n for n, b in enumerate(layout.blocks) if b.wave == wave]
        means = [k for n, k in s.means.items() if layout.wave(n) == wave]
        body, slow = g.forward(wave)
        lines += [
            "",
            f"template <> struct Forward<{wave}> {{",
            f"    static constexpr int first = {columns[0] if columns else 0}, "
            f"columns = {len(columns)}, pieces = {slow + 1};",
            f"    static constexpr int first_block = {blocks[0] if blocks else 0}, "
            f"blocks = {len(blocks)};",
            f"    static constexpr int first_mean = {means[0] if means else 0}, "
            f"means = {len(means)};",
            "    template <class More>",
            "    static inline void units(const Place &at, const vec *bar, const More &more) {",
            *(f"        {line}" for line in body),
            "    }",
            "};",
        ]
    for wave in range(back_waves):
        sums = [k for n, k in s.sums.items() if g.back_wave(n) == wave]
        lines += [
            "",
            f"template <> struct Backward<{wave}> {{",
            f"    static constexpr int first_sum = {sums[0] if sums else 0}, sums = {len(sums)};",
            "    static inline void units(const Place &at) {",
            *(f"        {line}" for line in g.backward(wave)),
            "    }",
            "};",
        ]
    return "\n".join(lines) + "\n"


def _list(values) -> str:
    return "{" + ", ".join(map(str, values)) + "}"
