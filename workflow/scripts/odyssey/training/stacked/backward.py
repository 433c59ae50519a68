"""A layer of many trials, back: the derivative of its cell's equations, frame by frame."""

from dataclasses import dataclass

import torch

from odyssey.cells.equations import Symbol
from odyssey.training.stacked.forward import (
    LaneWeights,
    Pass,
    Still,
    beside,
    compute,
    neighbours,
    still_running,
)


def backward(
    p: Pass, of_outputs: torch.Tensor, to_inputs: bool
) -> tuple[LaneWeights, torch.Tensor | None]:
    """Run a layer back.

    Parameters
    ----------
    p : Pass
        Of `forward`, kept.
    of_outputs : torch.Tensor, shape (T, L, S, N)
        Derivative of the loss by the outputs.
    to_inputs : bool
        Whether that by the inputs is wanted.

    Returns
    -------
    gradients : LaneWeights
    of_inputs : torch.Tensor, shape (T, L, S, M), or None
    """
    reading, running = p.reading, p.running
    for n in reading.free:
        p.values[n] = compute(n, [p.given(a) for a in n.args], p.units)
    deltas = torch.zeros_like(p.sums)
    stored = {n: torch.zeros_like(of_outputs) for n in reading.stored}
    nothing = torch.zeros_like(of_outputs[0])
    later = Later(
        {source: nothing.clone() for source in reading.layout.sources if source.op == "before"},
        {name: nothing.clone() for name in reading.layout.states},
    )
    frames = running.frames
    given = {n: frames(p.given(n)) for n in reading.read_in_loop}
    places = {n: frames(a) for n, a in stored.items()}
    parts, of_frames = frames(deltas), frames(of_outputs)
    still = None
    for t in reversed(range(len(running.counts))):
        if still is None or still.count != running.counts[t]:
            still = still_running(p, running.counts[t])
        values = dict(still.fixed)
        values.update((n, a[t]) for n, a in given.items())
        frame = _Frame(p, still, values, of_frames[t], later, parts[t])
        _step_back(frame, {n: a[t] for n, a in places.items()})
    p.values.update(stored)
    for n in reading.tail:
        p.values[n] = compute(n, [p.given(a) for a in n.args], p.units)
    return _gradients(p, deltas), _of_deltas(p, deltas) if to_inputs else None


@dataclass(frozen=True)
class Later:
    """What comes back from the frame after: by way of matrices, and from states to states."""

    through: dict[Symbol, torch.Tensor]
    after: dict[str, torch.Tensor]


@dataclass(frozen=True)
class _Frame:
    """A frame on the way back: what is known of it, and what it gets from outside."""

    p: Pass
    still: Still
    values: dict[Symbol, torch.Tensor]
    of_outputs: torch.Tensor
    later: Later
    deltas: torch.Tensor

    def part(self, a: torch.Tensor) -> torch.Tensor:
        return self.p.running.part(a, self.still.count)

    def of_columns(self, numbers: tuple[int, ...]) -> torch.Tensor:
        return _of_columns(self.p, self.deltas, numbers)

    def settled(self, n: Symbol) -> torch.Tensor:
        value = self.values[n]
        return self.still.units.only(value) if n in self.p.reading.masked else value

    def compute(self, n: Symbol, place: torch.Tensor | None) -> torch.Tensor:
        """Compute a node of the loop, or fetch it from outside."""
        if n.op == "output":
            return self.of_outputs
        if n.op == "after":
            return self.part(self.later.after[n.name])
        if n.op == "through" and n.args[0].op == "before":
            return self.part(self.later.through[n.args[0]])
        if n.op == "through":
            return _through(self, n.args[0])
        return compute(n, [self.values[a] for a in n.args], self.still.units, place)


def _step_back(frame: _Frame, places: dict[Symbol, torch.Tensor]) -> None:
    """Go a frame back: fill its deltas, and prepare what the frame before it needs."""
    p, reading, values = frame.p, frame.p.reading, frame.values
    for n in (*reading.ready, *reading.loop):
        columns = [frame.deltas[..., p.column(number)] for number in reading.columns_of.get(n, ())]
        if n not in values:
            # Straight into its place, if it has one and is not to be masked there.
            place = columns[0] if columns and n not in reading.masked else places.get(n)
            values[n] = frame.compute(n, place)
        for column in columns:
            if column is not values[n]:
                column.copy_(frame.settled(n))
        if n in places and places[n] is not values[n]:
            places[n].copy_(values[n])
    # Copied first where it is another state's, which is about to change.
    carried = {
        name: frame.settled(n).clone() if n.op == "after" else frame.settled(n)
        for name, n in reading.backward.carried.items()
    }
    for name, value in carried.items():
        frame.part(frame.later.after[name]).copy_(value)
    _through_states(frame)


def _through(frame: _Frame, source: Symbol) -> torch.Tensor:
    """Bring a frame's deltas to a vector that the step has made."""
    p = frame.p
    number, n = p.reading.layout.sources.index(source), p.weights.vectors.shape[-1]
    products = []
    for block, matrix in zip(p.reading.blocks, frame.still.blocks, strict=True):
        if number in block.sources:
            place = block.sources.index(number)
            part = matrix[..., place * n : (place + 1) * n]
            products.append(torch.bmm(frame.of_columns(block.columns), part))
    return sum(products[1:], start=products[0])


def _through_states(frame: _Frame) -> None:
    """Bring a frame's deltas to the states before it."""
    p, through = frame.p, frame.later.through
    n, sources = p.weights.vectors.shape[-1], p.reading.layout.sources
    begun = set()
    for block, matrix in zip(p.reading.blocks, frame.still.blocks, strict=True):
        # States come first among the sources.
        states = [sources[number] for number in block.sources if sources[number].op == "before"]
        if states:
            deltas = frame.of_columns(block.columns)
            products = torch.bmm(deltas, matrix[..., : len(states) * n]).chunk(len(states), -1)
            for state, product in zip(states, products, strict=True):
                place = frame.part(through[state])
                place.add_(product) if state in begun else place.copy_(product)
                begun.add(state)


def _of_columns(p: Pass, deltas: torch.Tensor, columns: tuple[int, ...]) -> torch.Tensor:
    """Take columns out of (..., columns * N), one beside the other."""
    if neighbours(columns):
        return deltas[..., p.columns(columns)]
    return beside([deltas[..., p.column(number)] for number in columns])


def _flat(a: torch.Tensor) -> torch.Tensor:
    """Make (L, T * S, ...) of (T, L, S, ...)."""
    return a.transpose(0, 1).flatten(1, 2)


def _gradients(p: Pass, deltas: torch.Tensor) -> LaneWeights:
    """Sum up, over all frames, what the deltas say of the weights."""
    reading, flat = p.reading, _flat(deltas)
    inputs = torch.zeros_like(p.weights.inputs)
    if reading.inputs:
        inputs = torch.bmm(_of_columns(p, flat, reading.inputs).mT, _flat(p.x))
    shape = (*deltas.shape[:3], p.weights.vectors.shape[-1])
    blocks = []
    for block in reading.blocks:
        of_block = [reading.layout.sources[number] for number in block.sources]
        sources = beside([p.given(source).expand(shape) for source in of_block])
        blocks.append(torch.bmm(_of_columns(p, flat, block.columns).mT, _flat(sources)))
    vectors = torch.zeros_like(p.weights.vectors)
    sums = flat.sum(1)
    for column, vector in reading.biases.items():
        vectors[:, vector] = sums[:, p.column(column)]
    for name, node in reading.backward.weights.items():
        value = p.given(node)
        value = p.units.only(value) if node in reading.masked else value
        value = value.masked_fill(~p.running.valid, 0)  # nothing ran there: it may be no number
        vectors[:, reading.layout.vectors.index(name)] = value.sum((0, 2))
    return LaneWeights(inputs, tuple(blocks), vectors)


def _of_deltas(p: Pass, deltas: torch.Tensor) -> torch.Tensor:
    """Bring all deltas to the inputs."""
    frames, lanes, sequences, _ = deltas.shape
    if not p.reading.inputs:
        return deltas.new_zeros(p.x.shape)
    columns = _of_columns(p, _flat(deltas), p.reading.inputs)
    found = torch.bmm(columns, p.weights.inputs)
    return found.view(lanes, frames, sequences, -1).transpose(0, 1)
