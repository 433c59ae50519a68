"""The network around the blocks: its weights' names, shapes, number and first values."""

import math
from dataclasses import dataclass

import numpy as np

from odyssey import seeds
from odyssey.cells.equations import Cell

WEIGHT_DEVIATION = 0.1  # paper: N(0, 0.1^2), all of them


@dataclass(frozen=True)
class Network:
    """One hidden layer of a cell's units, in one or two directions, into one output layer.

    Parameters
    ----------
    cell : Cell
    inputs : int
        M, inputs a frame.
    hidden_size : int
        N, units a direction.
    outputs : int
        Units of the output layer.
    directions : int
        1 or 2.
    loss : str
        ``"softmax"``, ``"sigmoid"`` or ``"ctc"``.
    """

    cell: Cell
    inputs: int
    hidden_size: int
    outputs: int
    directions: int
    loss: str


def weight_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Name all weights of a network and give their shapes, in the order in which they are drawn.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict of str to tuple of int
        ``forward.W_z`` and so on as the cell names them, ``backward.W_z`` and so on for a
        bidirectional network, and ``output.W`` (outputs, directions * N), whose columns are the
        forward units first, and ``output.b`` (outputs,).
    """
    n = network.hidden_size
    of_kind = {"input": (n, network.inputs), "recurrent": (n, n), "vector": (n,)}
    shapes = {
        f"{direction}.{name}": of_kind[kind]
        for direction in ("forward", "backward")[: network.directions]
        for name, kind in network.cell.weights.items()
    }
    shapes["output.W"] = (network.outputs, network.directions * network.hidden_size)
    shapes["output.b"] = (network.outputs,)
    return shapes


def count_weights(network: Network) -> int:
    """Return the number of trained weights.

    Parameters
    ----------
    network : Network

    Returns
    -------
    int
    """
    return sum(math.prod(shape) for shape in weight_shapes(network).values())


def initial_weights(network: Network, seed: int) -> dict[str, np.ndarray]:
    """Draw a network's first weights from N(0, 0.1^2), but for those with a start of their own.

    Parameters
    ----------
    network : Network
    seed : int
        The trial's seed.

    Returns
    -------
    dict of str to numpy.ndarray of float32
        Shaped as `weight_shapes` says.
    """
    sequence = seeds.training_sequence(seed, "weights")
    generator = np.random.Generator(np.random.PCG64(sequence))
    drawn = {
        name: (WEIGHT_DEVIATION * generator.standard_normal(shape)).astype(np.float32)
        for name, shape in weight_shapes(network).items()
    }
    # Drawn all the same, so that the other weights are those of a cell without a start.
    for name, weights in drawn.items():
        start = network.cell.starts.get(name.split(".")[1])
        if start is not None and not name.startswith("output."):
            weights[:] = start
    return drawn
