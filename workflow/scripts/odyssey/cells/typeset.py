"""A cell's equations as a reader writes them, in TeX: from its graph, in the names of its file."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from odyssey.cells.equations import Cell, Symbol

# What is shared and has no name gets one if it has more operations than this.
SHORT = 3
FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "maximum": r"\max"}
LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = frozenset(LETTERS.split())
SUM, TIMES, ACTS, WHOLE = range(4)  # how tightly a term holds together


@dataclass(frozen=True)
class Equation:
    """A line of a cell."""

    left: str  # TeX of what is computed
    # TeX of the right side in pieces, each of which may begin a line of its own; all but the first
    # begin with their operator.
    pieces: tuple[str, ...]

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.left} = {' '.join(self.pieces)}"


def equations(cell: Cell) -> list[Equation]:
    """Write a cell's equations, one for each temporary and each state, in their order.

    A state of the step before has a minus, ⊙ is the elementwise product. What the file uses more
    than once without naming it has the name a, numbered, unless it is short.
    """
    names, rest = _names(cell)
    writer = _Writer(names)
    found = [Equation(names[node], writer.pieces(node)) for node in cell.nodes if node in names]
    return found + [Equation(symbol(name), writer.pieces_of(node)) for name, node in rest]


def starts(cell: Cell) -> dict[str, tuple[str, ...]]:
    """Write, by their first value, the weights that are not drawn at first; all as TeX."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in cell.starts.items():
        written = _number(value)[1][0]
        found[written] = (*found.get(written, ()), symbol(name))
    return found


def symbol(name: str) -> str:
    """Write a variable's name as TeX: Greek letters as such, what follows a ``_`` as an index."""
    head, *index = [part for part in name.split("_") if part] or [r"\_"]
    letters = re.sub(r"\d*$", "", head)
    number = head[len(letters) :]
    index = [number, *index] if letters and number else index
    head = letters or head
    if head in GREEK:
        head = f"\\{head}"
    elif len(head) > 1 and head[0] != "\\":
        head = f"\\mathit{{{head}}}"
    below = ",".join(f"\\{part}" if part in GREEK else part for part in index)
    return f"{head}_{{{below}}}" if below else head


def _names(cell: Cell) -> tuple[dict[Symbol, str], list[tuple[str, Symbol]]]:
    """Name what has an equation of its own; the states that are only another name for something."""
    of_node = {node: cell.names[id(node)] for node in cell.nodes if id(node) in cell.names}
    # A temporary may bear the name of something else that is shown.
    taken = {"x": None, **cell.states}
    names = {node: symbol(name) for node, name in of_node.items() if taken.get(name, node) is node}
    rest = []
    for name, node in cell.states.items():
        if node.args and node not in names:
            names[node] = symbol(name)
        elif names.get(node) != symbol(name):
            rest.append((name, node))
    uses = Counter(argument for node in cell.nodes for argument in node.args)
    size: dict[Symbol, int] = {}
    number = 0
    for node in cell.nodes:
        size[node] = sum(0 if arg in names else size[arg] for arg in node.args) + bool(node.args)
        if node not in names and uses[node] > 1 and size[node] > SHORT:
            number += 1
            names[node] = f"a_{{{number}}}"
    return names, rest


class _Writer:
    """Writes terms; those that have names by their names."""

    def __init__(self, names: dict[Symbol, str]):
        self.names = names

    def pieces_of(self, node: Symbol) -> tuple[str, ...]:
        """Write a node by its name if it has one."""
        return tuple(self._term(node, SUM))

    def pieces(self, node: Symbol) -> tuple[str, ...]:
        """Write what a node is made of."""
        return tuple(self._made(node)[1])

    def _term(self, node: Symbol, least: int) -> list[str]:
        """Write a node as part of a term that holds together as tightly as `least`."""
        if node in self.names:
            return [self.names[node]]
        tightness, pieces = self._made(node)
        return pieces if tightness >= least else _in_brackets("(", pieces, ")")

    def _made(self, node: Symbol) -> tuple[int, list[str]]:
        if not node.args:
            return _leaf(node)
        if node.op in ("add", "sub"):
            return self._sum(node.op, *node.args)
        if node.op == "product":
            acted_on = self._term(node.args[0], WHOLE)
            return ACTS, _in_brackets(f"{symbol(node.name)}\\,", acted_on)
        if node.op == "neg":
            return SUM, _in_brackets("-", self._term(node.args[0], TIMES))
        written: dict[str, Callable[..., tuple[int, list[str]]]]
        written = {"mul": self._product, "div": self._ratio, "sqrt": self._root}
        return written.get(node.op, partial(self._function, node.op))(*node.args)

    def _function(self, op: str, *args: Symbol) -> tuple[int, list[str]]:
        name = FUNCTIONS.get(op, f"\\mathrm{{{op}}}")
        first, *others = (self._term(argument, SUM) for argument in args)
        for other in others:
            first = [*_in_brackets("", first, ","), *other]
        return WHOLE, _in_brackets(f"{name}(", first, ")")

    def _sum(self, op: str, a: Symbol, b: Symbol) -> tuple[int, list[str]]:
        if _is(a, 0) and op == "add":  # where Python's sum begins
            return self._part(b)
        if _is(b, 0):
            return self._part(a)
        second = self._term(b, SUM if op == "add" else TIMES)
        sign = "+" if op == "add" else "-"
        if second[0].startswith("-"):
            second = _in_brackets("(", second, ")")
        return SUM, [*self._term(a, SUM), *_in_brackets(f"{sign} ", second)]

    def _product(self, a: Symbol, b: Symbol) -> tuple[int, list[str]]:
        if _is(a, 1) or _is(b, 1):
            return self._part(b if _is(a, 1) else a)
        if a is b:
            return WHOLE, _in_brackets("", self._term(a, WHOLE), "^{2}")
        if "constant" in (a.op, b.op):
            number, other = (a, b) if a.op == "constant" else (b, a)
            written = self._term(number, WHOLE)[0] + "\\,"
            return TIMES, _in_brackets(written, self._term(other, ACTS))
        return TIMES, [*self._term(a, TIMES), *_in_brackets(r"\odot ", self._term(b, ACTS))]

    def _ratio(self, a: Symbol, b: Symbol) -> tuple[int, list[str]]:
        if _is(b, 1):
            return self._part(a)
        above, below = self._term(a, SUM), self._term(b, SUM)
        if len(above) + len(below) <= SHORT:
            return WHOLE, [f"\\dfrac{{{' '.join(above)}}}{{{' '.join(below)}}}"]
        if b.op == "constant":  # begins no line
            return TIMES, _in_brackets("", self._term(a, TIMES), f" / {self._term(b, WHOLE)[0]}")
        return TIMES, [*self._term(a, TIMES), *_in_brackets("/ ", self._term(b, WHOLE))]

    def _root(self, a: Symbol) -> tuple[int, list[str]]:
        under = self._term(a, SUM)
        if len(under) <= SHORT:
            return WHOLE, [f"\\sqrt{{{' '.join(under)}}}"]
        return WHOLE, _in_brackets("(", under, ")^{1/2}")

    def _part(self, node: Symbol) -> tuple[int, list[str]]:
        """Write what alone is left of a term."""
        return (WHOLE, [self.names[node]]) if node in self.names else self._made(node)


def _leaf(node: Symbol) -> tuple[int, list[str]]:
    """Write what is made of nothing else."""
    if node.op == "constant":
        return _number(node.name)
    if node.op == "before":
        return WHOLE, [f"{symbol(node.name)}^{{-}}"]
    return WHOLE, ["x" if node.op == "x" else symbol(node.name)]


def _is(node: Symbol, value: float) -> bool:
    return node.op == "constant" and node.name == value


def _in_brackets(before: str, pieces: list[str], after: str = "") -> list[str]:
    """Write something before the first piece and after the last."""
    *front, last = pieces
    pieces = [*front, last + after]
    return [before + pieces[0], *pieces[1:]]


def _number(value: float) -> tuple[int, list[str]]:
    """Write a constant; powers of ten as such."""
    text = f"{value:.6g}"
    digits, _, exponent = text.partition("e")
    if not exponent:
        return (SUM if value < 0 else WHOLE), [text]
    power = f"10^{{{int(exponent)}}}"
    digits = {"1": "", "-1": "-"}.get(digits, f"{digits} \\cdot ")
    return (SUM if value < 0 else TIMES if digits else WHOLE), [digits + power]
