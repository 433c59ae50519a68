"""The network around the blocks: its weights' names, shapes, number and first values."""

import math
from dataclasses import dataclass

import numpy as np

from odyssey import seeds
from odyssey.cells.variants import GATES, Variant

WEIGHT_DEVIATION = 0.1  # paper: N(0, 0.1^2), all of them


@dataclass(frozen=True)
class Network:
    """One hidden layer of LSTM blocks, in one or two directions, into one output layer.

    Parameters
    ----------
    variant : Variant
    inputs : int
        M, inputs a frame.
    hidden_size : int
        N, blocks a direction.
    outputs : int
        Units of the output layer.
    directions : int
        1 or 2.
    loss : str
        ``"softmax"``, ``"sigmoid"`` or ``"ctc"``.
    """

    variant: Variant
    inputs: int
    hidden_size: int
    outputs: int
    directions: int
    loss: str


def block_shapes(variant: Variant, inputs: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Name the weights of one direction's blocks and give their shapes.

    Parameters
    ----------
    variant : Variant
    inputs, hidden_size : int
        M and N.

    Returns
    -------
    dict of str to tuple of int
        ``W_z`` (N, M), ``R_z`` (N, N), ``b_z`` (N,), the same for each gate of the variant,
        ``p_*`` (N,), and ``R_if`` (N, N) and so on, the weights from gate i to gate f (FGR).

    References
    ----------
    Greff et al. (2017), section II, equations of the forward pass.
    """
    n = hidden_size
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("z", *variant.gates):
        shapes[f"W_{part}"] = (n, inputs)
        shapes[f"R_{part}"] = (n, n)
        if part in GATES and variant.peepholes:
            shapes[f"p_{part}"] = (n,)
        shapes[f"b_{part}"] = (n,)
    if variant.gate_recurrence:
        for source in variant.gates:
            for target in variant.gates:
                shapes[f"R_{source}{target}"] = (n, n)
    return shapes


def weight_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Name all weights of a network and give their shapes, in the order in which they are drawn.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict of str to tuple of int
        ``forward.W_z`` and so on, ``backward.W_z`` and so on for a bidirectional network, and
        ``output.W`` (outputs, directions * N), whose columns are the forward blocks first, and
        ``output.b`` (outputs,).
    """
    block = block_shapes(network.variant, network.inputs, network.hidden_size)
    shapes = {
        f"{direction}.{name}": shape
        for direction in ("forward", "backward")[: network.directions]
        for name, shape in block.items()
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
    """Draw a network's first weights from N(0, 0.1^2).

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
    return {
        name: (WEIGHT_DEVIATION * generator.standard_normal(shape)).astype(np.float32)
        for name, shape in weight_shapes(network).items()
    }
