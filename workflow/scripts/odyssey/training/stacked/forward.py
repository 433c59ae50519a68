"""A layer of many trials, forward.

Axes are time, lanes, sequences and units: (T, L, S, N). A lane is one direction of one trial, with
weights of its own. Lanes with fewer units than N have zeros in their place, and keep them.

Sequences come in the order of their lengths, the longest first, so that what still runs at a frame
is the first so many lanes (in training: each lane has its own sequence) or the first so many
sequences (in evaluation: all lanes have the same ones).

Frames run in a loop of few operations. What needs no other frame is done for all of them at once:
products with the inputs before the loop, factors of derivatives before the one back, and gradients
of weights after it.
"""

from dataclasses import dataclass, field

import torch

from odyssey.cells.equations import Symbol
from odyssey.training.stacked.reading import INTO, LEAVES, OTHERS, Reading

States = dict[str, torch.Tensor]


@dataclass(frozen=True)
class LaneWeights:
    """The weights of a layer's lanes, or their gradients.

    Parameters
    ----------
    inputs : torch.Tensor, shape (L, columns with inputs * N, M)
    blocks : tuple of torch.Tensor, shape (L, columns * N, sources * N)
        As `odyssey.cells.graph.Layout.blocks` says.
    vectors : torch.Tensor, shape (L, vectors, N)
    """

    inputs: torch.Tensor
    blocks: tuple[torch.Tensor, ...]
    vectors: torch.Tensor


@dataclass(frozen=True)
class Units:
    """Which units the lanes have.

    Parameters
    ----------
    mask : torch.Tensor of bool, shape (L, 1, N), or None
        None: all of them have N.
    number : torch.Tensor, shape (L, 1, 1)
    """

    mask: torch.Tensor | None
    number: torch.Tensor

    def only(self, a: torch.Tensor) -> torch.Tensor:
        """Put 0 where there is no unit, whatever stands there."""
        return a if self.mask is None else a.masked_fill(~self.mask, 0)

    def mean(self, a: torch.Tensor) -> torch.Tensor:
        """Return, for each unit, the mean over those that there are."""
        return (self.only(a).sum(-1, keepdim=True) / self.number).expand_as(a)


@dataclass(frozen=True)
class Running:
    """What still runs at each frame.

    Parameters
    ----------
    axis : int
        0: the first lanes do; 1: the first sequences do.
    counts : list of int
        How many of them at each frame.
    valid : torch.Tensor of bool, shape (T, L, S, 1)
        The same, as a tensor; one of L and S may be 1.
    """

    axis: int
    counts: list[int]
    valid: torch.Tensor

    def part(self, a: torch.Tensor, count: int) -> torch.Tensor:
        """Return of (L, S, ...) what still runs."""
        return a if a.shape[self.axis] == count else a.narrow(self.axis, 0, count)

    def lanes(self, a: torch.Tensor, count: int) -> torch.Tensor:
        """Return of weights (L, ...), or of a constant (), those of the lanes that still run."""
        return a[:count] if self.axis == 0 and a.dim() else a

    def frames(self, a: torch.Tensor) -> list[torch.Tensor]:
        """Return of (T, L, S, ...) what still runs, frame by frame."""
        parts = zip(a.unbind(0), self.counts, strict=True)
        return [self.part(frame, count) for frame, count in parts]


@dataclass
class Pass:
    """What a way forward leaves for the way back.

    Parameters
    ----------
    reading : Reading
    weights : LaneWeights
    units : Units
    running : Running
    x : torch.Tensor, shape (T, L, S, M)
    sums : torch.Tensor, shape (T, L, S, columns * N)
    states : dict of str to torch.Tensor, shape (T + 1, L, S, N)
        Before the first frame and after each.
    fixed : dict of Symbol to torch.Tensor
        Of constants () and nodes of weights alone (L, 1, N).
    values : dict of Symbol to torch.Tensor, shape (T, L, S, N)
        Of other nodes.
    places : dict of Symbol to torch.Tensor, shape (T, L, S, N)
        Where a frame's nodes go that are wanted later.
    """

    reading: Reading
    weights: LaneWeights
    units: Units
    running: Running
    x: torch.Tensor
    sums: torch.Tensor
    states: dict[str, torch.Tensor] = field(default_factory=dict)
    fixed: dict[Symbol, torch.Tensor] = field(default_factory=dict)
    values: dict[Symbol, torch.Tensor] = field(default_factory=dict)
    places: dict[Symbol, torch.Tensor] = field(default_factory=dict)

    def column(self, number: int) -> slice:
        """Where a column's units stand among the sums."""
        n = self.weights.vectors.shape[-1]
        return slice(number * n, (number + 1) * n)

    def columns(self, numbers: tuple[int, ...]) -> slice:
        """Where neighbouring columns stand."""
        return slice(self.column(numbers[0]).start, self.column(numbers[-1]).stop)

    def given(self, node: Symbol) -> torch.Tensor:
        """Return what a node is at all frames, or for all of them."""
        if node.op == "column":
            return self.sums[..., self.column(node.name)]
        if node.op == "before":
            return self.states[node.name][:-1]
        return self.values[node] if node in self.values else self.fixed[node]


def forward(
    reading: Reading,
    weights: LaneWeights,
    units: Units,
    running: Running,
    x: torch.Tensor,
    keep: bool,
) -> tuple[torch.Tensor, Pass]:
    """Run a layer over its sequences.

    Parameters
    ----------
    reading : Reading
    weights : LaneWeights
    units : Units
    running : Running
    x : torch.Tensor, shape (T, K, D, S, M)
        A lane that goes backward gets its sequences turned round.
    keep : bool
        Whether there is a way back. If not, columns are made frame by frame, for memory's sake.

    Returns
    -------
    y : torch.Tensor, shape (T, L, S, N)
        The outputs; 0 where nothing runs.
    passed : Pass
        Of use if it was kept.
    """
    frames, trials, directions, sequences, _ = x.shape
    shape = (trials * directions, sequences, weights.vectors.shape[-1])
    if keep:
        x = x.flatten(1, 2)
    p = Pass(reading, weights, units, running, x, _of_inputs(reading, weights, x) if keep else x)
    p.fixed.update(_fixed(reading, weights, units, x))
    buffers: dict[Symbol, torch.Tensor] = {}  # one for two names of the same value
    states = reading.layout.states
    for name, state in states.items():
        if keep or name == "y":
            p.states[name] = buffers.setdefault(state, x.new_zeros(frames + 1, *shape))
    p.places.update({state: buffer[1:] for state, buffer in buffers.items()})
    if keep:
        p.places.update({n: x.new_zeros(frames, *shape) for n in reading.kept})
    before = {name: x.new_zeros(shape) for name in states}
    places = {n: running.frames(a) for n, a in p.places.items()}
    all_sums = running.frames(p.sums) if keep else []
    still = None
    for t, count in enumerate(running.counts):
        if still is None or still.count != count:
            still = still_running(p, count)
            before = {name: running.part(a, count) for name, a in before.items()}
        if keep:
            sums = all_sums[t]
        else:
            part = _of_inputs(reading, weights, x[t : t + 1].flatten(1, 2))[0]
            sums = running.part(part, count)
        values = _step(p, still, before, sums, {n: frames[t] for n, frames in places.items()})
        before = {name: values[state] for name, state in states.items()}
    p.values.update(p.places)
    return p.states["y"][1:], p


@dataclass(frozen=True)
class Still:
    """What does not change while nobody ends: count, units, values of weights, matrices."""

    count: int
    units: Units
    fixed: dict[Symbol, torch.Tensor]
    blocks: list[torch.Tensor]


def still_running(p: Pass, count: int) -> Still:
    """Return, of what there is a lane, those of the lanes that still run."""
    lanes, units = p.running.lanes, p.units
    mask = None if units.mask is None else lanes(units.mask, count)
    return Still(
        count,
        Units(mask, lanes(units.number, count)),
        {n: lanes(a, count) for n, a in p.fixed.items()},
        [lanes(block, count) for block in p.weights.blocks],
    )


def _step(
    p: Pass,
    still: Still,
    before: States,
    sums: torch.Tensor,
    places: dict[Symbol, torch.Tensor],
) -> dict[Symbol, torch.Tensor]:
    """Complete a frame's columns and compute its nodes; return the values of all of them."""
    reading, layout = p.reading, p.reading.layout
    values = dict(still.fixed)
    values.update((reading.befores[name], a) for name, a in before.items())
    columns = sums.chunk(len(layout.columns), -1)
    values.update((c.node, a) for c, a in zip(layout.columns, columns, strict=True))
    for wave, nodes in enumerate(reading.waves):
        for block, matrix in zip(reading.blocks, still.blocks, strict=True):
            if block.wave == wave:
                of_block = [values[layout.sources[n]] for n in block.sources]
                sources = beside([a.expand(*sums.shape[:2], -1) for a in of_block])
                _add_products(p, sums, block.columns, sources, matrix.mT)
        for n in nodes:
            arguments = [values[a] for a in n.args]
            values[n] = _settled(reading, n, arguments, still.units, places.get(n))
    for name, state in layout.states.items():
        if state.op in LEAVES or state in still.fixed:  # as it is, it has no place of its own
            value = still.units.only(values[state]).expand_as(before[name])
            values[state] = places[state].copy_(value) if state in places else value
    return values


def _settled(
    reading: Reading,
    n: Symbol,
    arguments: list[torch.Tensor],
    units: Units,
    place: torch.Tensor | None,
) -> torch.Tensor:
    """Compute a node, in its place if it has one, and 0 where it has to be."""
    if n not in reading.masked:
        return compute(n, arguments, units, place)
    value = units.only(compute(n, arguments, units))
    return value if place is None else place.copy_(value)


def beside(parts: list[torch.Tensor]) -> torch.Tensor:
    """Lay units side by side."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, -1)


def neighbours(numbers: tuple[int, ...]) -> bool:
    """Whether numbers follow one another."""
    return numbers == tuple(range(numbers[0], numbers[0] + len(numbers)))


def _add_products(
    p: Pass,
    sums: torch.Tensor,
    columns: tuple[int, ...],
    sources: torch.Tensor,
    matrix: torch.Tensor,
) -> None:
    """Add to columns what matrices make of their sources."""
    if neighbours(columns):
        sums[..., p.columns(columns)].baddbmm_(sources, matrix)
        return
    products = torch.bmm(sources, matrix).chunk(len(columns), -1)
    for column, product in zip(columns, products, strict=True):
        sums[..., p.column(column)].add_(product)


def _of_inputs(reading: Reading, weights: LaneWeights, x: torch.Tensor) -> torch.Tensor:
    """Begin the columns of all frames with what comes of the inputs, and biases."""
    frames, lanes, sequences, _ = x.shape
    n, columns = weights.vectors.shape[-1], len(reading.layout.columns)
    bias = x.new_zeros(lanes, 1, columns, n)
    for column, vector in reading.biases.items():
        bias[:, 0, column] = weights.vectors[:, vector]
    sums = bias.expand(frames, lanes, sequences, columns, n).clone()
    if reading.inputs:
        flat = x.transpose(0, 1).reshape(lanes, frames * sequences, -1)
        products = torch.bmm(flat, weights.inputs.mT).view(lanes, frames, sequences, -1, n)
        for number, column in enumerate(reading.inputs):
            sums[..., column, :] += products[..., number, :].transpose(0, 1)
    return sums.view(frames, lanes, sequences, columns * n)


def _fixed(
    reading: Reading, weights: LaneWeights, units: Units, x: torch.Tensor
) -> dict[Symbol, torch.Tensor]:
    """Compute what depends on weights alone, (L, 1, N), and constants, ()."""
    values: dict[Symbol, torch.Tensor] = {}
    vectors = dict(zip(reading.layout.vectors, weights.vectors.unbind(1), strict=True))
    for n in reading.layout.graph.nodes.values():
        if n.op == "constant":
            values[n] = x.new_full((), n.name)  # made on the device, not brought there
        elif n.op == "weight":
            values[n] = vectors[n.name].unsqueeze(1)
    for n in reading.fixed:
        values[n] = _settled(reading, n, [values[a] for a in n.args], units, None)
    return values


def compute(
    node: Symbol, arguments: list[torch.Tensor], units: Units, out: torch.Tensor | None = None
) -> torch.Tensor:
    """Compute a node of a cell's graph.

    Parameters
    ----------
    node : Symbol
    arguments : list of torch.Tensor
        What its arguments are.
    units : Units
    out : torch.Tensor or None
        Where the result is wanted.

    Returns
    -------
    torch.Tensor
    """
    if out is not None and node.op in INTO:
        return INTO[node.op](*arguments, out=out)
    if node.op == "mean":
        result = units.mean(*arguments)
    else:
        result = (INTO.get(node.op) or OTHERS[node.op])(*arguments)
    return result if out is None else out.copy_(result)
