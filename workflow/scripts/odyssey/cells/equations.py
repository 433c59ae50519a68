"""What a cell's equations are written in: they run on numbers (tensors) and on symbols alike.

A cell's file defines ``step(x, before, w)``, one step of the recurrence, which returns its `State`.
Run once on symbols (`trace`), it becomes a graph, from which all else about the cell follows.
"""

import difflib
import functools
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from types import SimpleNamespace as State
from typing import Any, NoReturn

from odyssey.user_code import line_of

__all__ = [
    "State",
    "exp",
    "maximum",
    "mean",
    "relu",
    "sigmoid",
    "softsign",
    "sqrt",
    "tanh",
]
Vector = Any  # over the hidden units: a tensor or a `Symbol`, which understand the same operations
Step = Callable[..., State]  # ``step(x, before, w)``

LARGEST = 3.4e38  # of constants: what a float32 holds
ELEMENTWISE = ("sigmoid", "tanh", "relu", "exp", "sqrt", "softsign")


class EquationError(ValueError):
    """Equations that are no cell's; the message names file and line, and is shown as it is."""


def sigmoid(a: Vector) -> Vector:
    """Return 1 / (1 + exp(-a)), elementwise."""
    return a.sigmoid()


def tanh(a: Vector) -> Vector:
    """Return the hyperbolic tangent, elementwise."""
    return a.tanh()


def relu(a: Vector) -> Vector:
    """Return a where it is above 0, else 0."""
    return a.relu()


def exp(a: Vector) -> Vector:
    """Return the exponential, elementwise."""
    return a.exp()


def sqrt(a: Vector) -> Vector:
    """Return the square root, elementwise."""
    return a.sqrt()


def softsign(a: Vector) -> Vector:
    """Return a / (1 + abs(a)), elementwise."""
    if isinstance(a, Symbol):
        return a.graph.node("softsign", a.graph.vector(a))
    return a / (1 + a.abs())


def maximum(a: Vector, b: Vector) -> Vector:
    """Return the larger of two, elementwise; one of them may be a number."""
    return b.clamp(min=a) if isinstance(a, int | float) else a.clamp(min=b)


def mean(a: Vector) -> Vector:
    """Return the mean over the hidden units, which acts on each of them."""
    if isinstance(a, Symbol):
        return a.graph.node("mean", a.graph.vector(a))
    return a.mean(-1, keepdim=True).expand_as(a)


class Symbol:
    """A node of a cell's graph: a vector over the hidden units, or ``x``, the inputs.

    Parameters
    ----------
    op : str
        ``x before weight constant`` (leaves), ``product add sub mul div neg maximum mean``, or a
        function of `ELEMENTWISE`.
    name : str, int, float or None
        Of a state before, a weight or a product's matrix; a column's number; a constant's value.
    """

    __array_ufunc__ = None  # NumPy must not take symbols for numbers

    def __init__(self, graph: "Graph", op: str, args: tuple["Symbol", ...], name: Any):
        self.graph, self.op, self.args, self.name = graph, op, args, name

    def _with(self, op: str, other: object, turned: bool = False) -> "Symbol":
        pair = (self.graph.vector(self), self.graph.vector(other))
        return self.graph.node(op, *(pair[::-1] if turned else pair))

    def __matmul__(self, other: object) -> "Symbol":
        return self.graph.product(self, other)

    def __bool__(self, *_: object) -> NoReturn:
        raise EquationError("equations must not depend on values: no if, no comparison")

    __lt__ = __le__ = __gt__ = __ge__ = __bool__
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other if isinstance(other, Symbol) else self.__bool__()

    def __pow__(self, exponent: object) -> "Symbol":
        if exponent not in (2, 3):
            raise EquationError("only the powers 2 and 3 are allowed")
        return functools.reduce(lambda a, b: a * b, [self] * exponent)

    def __getattr__(self, name: str) -> NoReturn:
        raise EquationError(f"{name} is not allowed; allowed are + - * / @ ** and {_allowed()}")

    def __repr__(self) -> str:
        return f"<{self.op} {self.name or ''}>"

    __add__ = functools.partialmethod(_with, "add")
    __radd__ = functools.partialmethod(_with, "add", turned=True)
    __sub__ = functools.partialmethod(_with, "sub")
    __rsub__ = functools.partialmethod(_with, "sub", turned=True)
    __mul__ = functools.partialmethod(_with, "mul")
    __rmul__ = functools.partialmethod(_with, "mul", turned=True)
    __truediv__ = functools.partialmethod(_with, "div")
    __rtruediv__ = functools.partialmethod(_with, "div", turned=True)

    def __neg__(self) -> "Symbol":
        return self.graph.node("neg", self.graph.vector(self))

    def clamp(self, min: object) -> "Symbol":  # noqa: A002  as torch names it
        """Return the larger of this and another."""
        return self._with("maximum", min)


for _name in set(ELEMENTWISE) - {"softsign"}:  # tensors have these methods too
    setattr(Symbol, _name, lambda self, op=_name: self.graph.node(op, self.graph.vector(self)))


def _allowed() -> str:
    return ", ".join(name for name in __all__ if name != "State")


class Graph:
    """The nodes of a cell, each once, in the order of the equations."""

    def __init__(self, line: Callable[[], int]):
        self.nodes: dict[tuple[Any, ...], Symbol] = {}
        self.weights: dict[str, tuple[str, int]] = {}  # kind, and the line where it is first used
        self.line = line

    def node(self, op: str, *args: Symbol, name: Any = None) -> Symbol:
        """Return the node, a new one if there is none that says the same."""
        key = (op, name, *map(id, args))
        if key not in self.nodes:
            self.nodes[key] = Symbol(self, op, args, name)
        return self.nodes[key]

    def vector(self, value: object) -> Symbol:
        """Return what an elementwise operation may work on."""
        if isinstance(value, bool) or not isinstance(value, int | float | Symbol):
            raise EquationError(f"a {type(value).__name__} has no place in an equation")
        if not isinstance(value, Symbol):
            if not abs(value) <= LARGEST:
                raise EquationError(f"{value} is no number that a float32 can hold")
            return self.node("constant", name=float(value))
        if value.op == "x":
            raise EquationError("x has one value an input, not a unit: only a matrix acts on it")
        if value.op == "weight":
            self.use(value.name, "vector")
        return value

    def product(self, matrix: object, vector: object) -> Symbol:
        """Return a matrix of weights times a vector."""
        if not (isinstance(matrix, Symbol) and matrix.op == "weight"):
            raise EquationError("left of @ stands a matrix of weights, as in w.W_z @ x")
        if isinstance(vector, Symbol) and vector.op == "x":
            self.use(matrix.name, "input")
            return self.node("product", vector, name=matrix.name)
        source = self.vector(vector)
        if source.op in ("weight", "constant"):
            raise EquationError("right of @ stands x, a state before or a vector of this step")
        self.use(matrix.name, "recurrent")
        return self.node("product", source, name=matrix.name)

    def use(self, name: str, kind: str) -> None:
        """Note what a weight is."""
        known, line = self.weights.setdefault(name, (kind, self.line()))
        if known != kind:
            shapes = {"input": "a matrix on x", "recurrent": "a matrix on units"}
            was, now = (shapes.get(k, "a vector") for k in (known, kind))
            raise EquationError(f"w.{name} is {now} here, but {was} in line {line}: two shapes")


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell: its equations as a function, and what one run of it on symbols has shown."""

    title: str  # the first sentence of its file
    file: str  # where its equations stand
    step: Step  # on tensors
    states: dict[str, Symbol]  # what the step returns, ``y`` first
    nodes: tuple[Symbol, ...]  # in the order of the equations
    # Kind of each weight, in the order in which they are drawn: ``"input"`` (N, M), ``"recurrent"``
    # (N, N) or ``"vector"`` (N,).
    weights: dict[str, str]
    starts: dict[str, float]  # first value of the weights that are not drawn
    names: dict[int, str]  # what the equations call a node, by its id

    @functools.cached_property
    def digest(self) -> str:
        """Hexadecimal digest of the equations, whatever the names of their temporaries."""
        number = {id(node): place for place, node in enumerate(self.nodes)}
        said = [[n.op, n.name, [number[id(arg)] for arg in n.args]] for n in self.nodes]
        returned = {name: number[id(node)] for name, node in self.states.items()}
        text = json.dumps([said, returned, self.starts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def trace(step: Step, file: str, title: str, starts: dict[str, float]) -> Cell:
    """Run a step, which stands in a file, once on symbols.

    Raises
    ------
    EquationError
        If the equations are no cell's: with file and line.
    """

    def line() -> int:
        frame: FrameType | None = sys._getframe()
        while frame and frame.f_code.co_filename != file:
            frame = frame.f_back
        return frame.f_lineno if frame else 1

    code = getattr(step, "func", step).__code__
    graph = Graph(line)
    read: dict[str, int] = {}
    local: dict[str, Any] = {}

    class Before:
        def __getattr__(self, name: str) -> Symbol:
            read.setdefault(name, line())
            return graph.node("before", name=name)

    class Weights:
        def __getattr__(self, name: str) -> Symbol:
            if not name.isidentifier():
                raise EquationError(f"{name!r} is no name for a weight")
            return graph.node("weight", name=name)

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code:
            local.update(frame.f_locals)

    watched, inputs = sys.getprofile(), graph.node("x")
    sys.setprofile(watch)
    try:
        returned = step(inputs, Before(), Weights())
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever they raise is theirs to mend
        _refuse(error, file, step)
    finally:
        sys.setprofile(watched)
    at = f"{file}:{code.co_firstlineno}: "
    states = _states(returned, graph, at)
    if missing := [name for name in read if name not in states]:
        raise EquationError(
            f"{file}:{read[missing[0]]}: before.{missing[0]} is read here, but the step returns "
            f"only {', '.join(states)}"
        )
    _check_weights(graph, states, file)
    _check_starts(starts, graph, at)
    starts = {name: float(value) for name, value in starts.items()}
    kinds = {name: kind for name, (kind, _) in graph.weights.items()}
    nodes = _reached([*states.values()], graph)
    names = {id(v): k for k, v in local.items() if isinstance(v, Symbol) and v.args}
    return Cell(title, file, step, states, nodes, _drawn_in_order(kinds, nodes), starts, names)


def _states(returned: object, graph: Graph, at: str) -> dict[str, Symbol]:
    """Check what a step returns."""
    if not isinstance(returned, State) or "y" not in vars(returned):
        raise EquationError(f"{at}the step must return State(y=...) with y, the output, in it")
    for name, value in vars(returned).items():
        if not isinstance(value, Symbol) or value.op in ("x", "weight", "constant"):
            raise EquationError(f"{at}state {name} is not a vector that the step computes")
    return {"y": returned.y, **vars(returned)}


def _check_weights(graph: Graph, states: dict[str, Symbol], file: str) -> None:
    """Refuse weights that no training could move: y depends on none of what they make."""
    needed = {"y"}
    found: set[str] = set()
    while needed - found:
        found = set(needed)
        nodes = _reached([states[name] for name in found], graph)
        needed |= {node.name for node in nodes if node.op == "before"}
    used = {node.name for node in nodes if node.op in ("weight", "product")}
    for name, (_, line) in graph.weights.items():
        if name not in used:
            raise EquationError(f"{file}:{line}: y does not depend on w.{name}")
    if not used:
        raise EquationError(f"{file}:1: the equations have no weights")


def _check_starts(starts: object, graph: Graph, at: str) -> None:
    """Refuse first values that are none."""
    if not isinstance(starts, dict):
        raise EquationError(f"{at}START must be like {{'b_f': 1.0}}, a number for each weight")
    for name, value in starts.items():
        if name not in graph.weights:
            raise EquationError(f"{at}START names {name}, which is no weight of the equations")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and abs(value) <= LARGEST):
            raise EquationError(f"{at}START gives {name} the value {value!r}, which is no number")


def _reached(roots: list[Symbol], graph: Graph) -> tuple[Symbol, ...]:
    """Return what the states need, in the order of the equations."""
    needed, waiting = set(), list(roots)
    while waiting:
        node = waiting.pop()
        if id(node) not in needed:
            needed.add(id(node))
            waiting += node.args
    return tuple(node for node in graph.nodes.values() if id(node) in needed)


def _drawn_in_order(kinds: dict[str, str], nodes: tuple[Symbol, ...]) -> dict[str, str]:
    """Order weights as they are drawn: as named, but what acts on neither x nor y at the end."""
    acts_on = {n.name: n.args[0] for n in nodes if n.op == "product"}
    sources = list(dict.fromkeys(id(source) for source in acts_on.values()))

    def place(name: str) -> int:
        source = acts_on.get(name)
        usual = source is None or source.op == "x" or (source.op, source.name) == ("before", "y")
        return -1 if usual else sources.index(id(source))

    return {name: kinds[name] for name in sorted(kinds, key=place)}


def _refuse(error: BaseException, file: str, step: Step) -> NoReturn:
    """Say in a line what is wrong with equations, and where."""
    message = str(error)
    if isinstance(error, NameError) and error.name:
        known = [*step.__globals__, *step.__code__.co_varnames]
        near = difflib.get_close_matches(error.name, known, n=1)
        message += f"; did you mean {near[0]}?" if near else ""
    elif not isinstance(error, EquationError):
        message = f"{type(error).__name__}: {message}"
        message += f"; allowed are + - * / @ ** and {_allowed()}" if "Symbol" in message else ""
    raise EquationError(f"{file}:{line_of(error, file)}: {' '.join(message.split())}") from error
