"""From a number of weights to the size of the network that has it."""

from bisect import bisect_left
from dataclasses import replace

from odyssey.cells.equations import Cell
from odyssey.search_space import MOST_HIDDEN
from odyssey.tasks.base import TaskSettings
from odyssey.training.networks import Network, count_weights


def network(task: TaskSettings, cell: Cell, hidden_size: int, layers: int = 1) -> Network:
    """Return the network that a task calls for.

    Parameters
    ----------
    task : TaskSettings
    cell : Cell
    hidden_size : int
    layers : int

    Returns
    -------
    Network
    """
    s = task.shape()
    return Network(cell, s.inputs, hidden_size, s.outputs, s.directions, s.loss, layers)


def weights_at(network: Network, hidden_size: int) -> int:
    """Return the number of weights that a network would have with another size.

    Parameters
    ----------
    network : Network
    hidden_size : int

    Returns
    -------
    int
    """
    return count_weights(replace(network, hidden_size=hidden_size))


def nearest_size(network: Network, weights: float) -> int:
    """Find the size whose network has a number of weights, or the one nearest to it.

    Parameters
    ----------
    network : Network
        Whose own size is not read.
    weights : float

    Returns
    -------
    int
        In [1, `MOST_HIDDEN`]; of two that are as near, the smaller.
    """
    sizes = range(1, MOST_HIDDEN + 1)
    above = bisect_left(sizes, weights, key=lambda size: weights_at(network, size))
    nearest = sizes[max(above - 1, 0) : above + 1]
    return min(nearest, key=lambda size: abs(weights_at(network, size) - weights))
