"""How the weights of networks of several sizes lie side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from odyssey.training.networks import Network, Weights, directions_of, weight_shapes
from odyssey.training.stacked.forward import LaneWeights
from odyssey.training.stacked.reading import Reading

Stack = dict[str, torch.Tensor]
"""The weights of K trials: ``<layer>.inputs`` (K, D, columns * N, M), ``<layer>.block.<n>``
(K, D, columns * N, sources * N), ``<layer>.vectors`` (K, D, vectors, N), ``output.W`` (K, outputs,
D * N) and ``output.b`` (K, outputs); zero where a trial has fewer units than N."""


@dataclass(frozen=True)
class Piece:
    """Where a part of a trial's weights lies in the stack."""

    name: str
    own: tuple[slice, ...]
    key: str
    stacked: tuple[int | slice, ...]


def shapes(network: Network, reading: Reading) -> dict[str, tuple[int, ...]]:
    """Give the shapes of a stack's tensors, without their axis of trials.

    Parameters
    ----------
    network : Network
        The largest of the stack.
    """
    n, directions = network.hidden_size, network.directions
    found: dict[str, tuple[int, ...]] = {}
    for layer in range(1, network.layers + 1):
        inputs = network.inputs if layer == 1 else directions * n
        found[f"{layer}.inputs"] = (directions, len(reading.inputs) * n, inputs)
        for number, block in enumerate(reading.blocks):
            size = len(block.columns) * n, len(block.sources) * n
            found[f"{layer}.block.{number}"] = (directions, *size)
        found[f"{layer}.vectors"] = (directions, len(reading.layout.vectors), n)
    found["output.W"] = (network.outputs, directions * n)
    found["output.b"] = (network.outputs,)
    return found


def pieces(network: Network, reading: Reading, widest: int) -> Iterator[Piece]:
    """Find where a trial's weights lie in a stack.

    Parameters
    ----------
    network : Network
        The trial's.
    widest : int
        N, the units of the stack.
    """
    n, whole = network.hidden_size, slice(None)

    def beside(number: int, size: int = n) -> slice:
        return slice(number * size, number * size + n)

    below = [(beside(d), beside(d, widest)) for d in range(network.directions)]
    for layer in range(1, network.layers + 1):
        inputs = [(whole, whole)] if layer == 1 else below
        for d, direction in enumerate(directions_of(network, layer)):
            for name, row, own, stacked in _of_inputs(reading, inputs):
                place = (d, beside(row, widest), stacked)
                yield Piece(f"{direction}.{name}", (whole, own), f"{layer}.inputs", place)
            for name, block, row, column in _of_blocks(reading):
                place = (d, beside(row, widest), beside(column, widest))
                yield Piece(f"{direction}.{name}", (whole, whole), f"{layer}.block.{block}", place)
            for number, name in enumerate(reading.layout.vectors):
                yield Piece(
                    f"{direction}.{name}", (whole,), f"{layer}.vectors", (d, number, slice(n))
                )
    for own, stacked in below:
        yield Piece("output.W", (whole, own), "output.W", (whole, stacked))
    yield Piece("output.b", (whole,), "output.b", (whole,))


def _of_inputs(
    reading: Reading, parts: list[tuple[slice, slice]]
) -> Iterator[tuple[str | None, int, slice, slice]]:
    """Name the matrices on the inputs, with their rows and the parts of their columns."""
    for row, number in enumerate(reading.inputs):
        for own, stacked in parts:
            yield reading.layout.columns[number].inputs, row, own, stacked


def _of_blocks(reading: Reading) -> Iterator[tuple[str, int, int, int]]:
    """Name the other matrices, with their blocks and their rows and columns there."""
    for number, block in enumerate(reading.blocks):
        for row, column in enumerate(block.columns):
            matrices = reading.layout.columns[column].matrices
            for place, source in enumerate(block.sources):
                yield matrices[reading.layout.sources[source]], number, row, place


def together(
    networks: list[Network], reading: Reading, weights: list[Weights], dtype: type[np.floating]
) -> dict[str, np.ndarray]:
    """Lay the weights of trials side by side.

    Parameters
    ----------
    networks : list of Network
        A trial each.
    weights : list of dict of str to numpy.ndarray

    Returns
    -------
    dict of str to numpy.ndarray
        As `Stack` says.
    """
    largest = max(networks, key=lambda network: network.hidden_size)
    found = {
        key: np.zeros((len(networks), *shape), dtype)
        for key, shape in shapes(largest, reading).items()
    }
    for k, (network, own) in enumerate(zip(networks, weights, strict=True)):
        for piece in pieces(network, reading, largest.hidden_size):
            found[piece.key][k][piece.stacked] = own[piece.name][piece.own]
    return found


def apart(
    networks: list[Network],
    reading: Reading,
    stack: dict[str, np.ndarray],
    dtype: type[np.floating],
) -> list[Weights]:
    """Give each trial its own weights again.

    Parameters
    ----------
    stack : dict of str to numpy.ndarray
        As `together` returned them.

    Returns
    -------
    list of dict of str to numpy.ndarray
        Named and shaped as `odyssey.training.networks.weight_shapes` says.
    """
    widest = max(network.hidden_size for network in networks)
    found = []
    for k, network in enumerate(networks):
        own = {name: np.empty(shape, dtype) for name, shape in weight_shapes(network).items()}
        for piece in pieces(network, reading, widest):
            own[piece.name][piece.own] = stack[piece.key][k][piece.stacked]
        found.append(own)
    return found


def lane_weights(stack: Stack, layer: int, blocks: int) -> LaneWeights:
    """Take a layer's weights out of a stack, its trials' directions one after the other."""
    return LaneWeights(
        stack[f"{layer}.inputs"].flatten(0, 1),
        tuple(stack[f"{layer}.block.{number}"].flatten(0, 1) for number in range(blocks)),
        stack[f"{layer}.vectors"].flatten(0, 1),
    )


def of_lanes(gradients: LaneWeights, layer: int, directions: int) -> Stack:
    """Name a layer's gradients as its weights in a stack are."""

    def trials(a: torch.Tensor) -> torch.Tensor:
        return torch.unflatten(a, 0, (-1, directions))

    return {
        f"{layer}.inputs": trials(gradients.inputs),
        **{f"{layer}.block.{n}": trials(a) for n, a in enumerate(gradients.blocks)},
        f"{layer}.vectors": trials(gradients.vectors),
    }
