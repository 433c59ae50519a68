"""The network around the blocks: its weights' names, shapes, number and first values."""

import math
from dataclasses import dataclass

import numpy as np

from odyssey import seeds
from odyssey.cells.equations import Cell
from odyssey.search_space import MOST_LAYERS

Weights = dict[str, np.ndarray]  # named and shaped as `weight_shapes` says
WEIGHT_DEVIATION = 0.1  # paper: N(0, 0.1^2), all of them


@dataclass(frozen=True)
class Network:
    """Hidden layers of a cell's units, in one or two directions, into one output layer.

    What the units of a layer put out, in all its directions, is the input of the next layer.

    Parameters
    ----------
    cell : Cell
    inputs : int
        M, inputs a frame.
    hidden_size : int
        N, units a direction of each layer.
    outputs : int
        Units of the output layer.
    directions : int
        1 or 2.
    loss : str
        One of `odyssey.features.sequences.LOSSES`.
    layers : int
        1 to `MOST_LAYERS`.

    Raises
    ------
    ValueError
        If there are more or fewer layers.
    """

    cell: Cell
    inputs: int
    hidden_size: int
    outputs: int
    directions: int
    loss: str
    layers: int = 1

    def __post_init__(self) -> None:
        """Check the number of layers."""
        if not 1 <= self.layers <= MOST_LAYERS:
            raise ValueError(f"layers must be 1 to {MOST_LAYERS}, not {self.layers}")


def directions_of(network: Network, layer: int) -> list[str]:
    """Name the directions of a layer, as the names of its weights begin.

    Parameters
    ----------
    layer : int
        From 1.

    Returns
    -------
    list of str
        ``"forward"`` and ``"backward"``, and from the second layer on ``"forward_2"`` and so on.
    """
    number = f"_{layer}" if layer > 1 else ""
    return [direction + number for direction in ("forward", "backward")[: network.directions]]


def weight_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Name all weights of a network and give their shapes, in the order in which they are drawn.

    Returns
    -------
    dict of str to tuple of int
        ``forward.W_z`` and so on as the cell names them, ``backward.W_z`` and so on for a
        bidirectional network, ``forward_2.W_z`` and so on for the second layer, whose inputs are
        the forward units of the first and then its backward ones; at last ``output.W`` (outputs,
        directions * N), whose columns are the last layer's forward units first, and ``output.b``
        (outputs,).
    """
    n = network.hidden_size
    units = network.directions * n
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(1, network.layers + 1):
        inputs = network.inputs if layer == 1 else units
        of_kind: dict[str, tuple[int, ...]] = {
            "input": (n, inputs),
            "recurrent": (n, n),
            "vector": (n,),
        }
        for direction in directions_of(network, layer):
            for name, kind in network.cell.weights.items():
                shapes[f"{direction}.{name}"] = of_kind[kind]
    shapes["output.W"] = (network.outputs, units)
    shapes["output.b"] = (network.outputs,)
    return shapes


def count_weights(network: Network) -> int:
    """Return the number of trained weights."""
    return sum(math.prod(shape) for shape in weight_shapes(network).values())


def initial_weights(network: Network, seed: int) -> Weights:
    """Draw a network's first weights from N(0, 0.1^2), but for those with a start of their own.

    Parameters
    ----------
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
