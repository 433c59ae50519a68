"""The networks of many trials, from inputs to outputs and back."""

import functools
from dataclasses import dataclass

import torch

from odyssey.training.networks import Network
from odyssey.training.stacked.backward import backward
from odyssey.training.stacked.forward import Pass, Running, Units, forward
from odyssey.training.stacked.lanes import Stack, lane_weights, of_lanes
from odyssey.training.stacked.reading import Reading


@dataclass(frozen=True)
class Way:
    """What networks of one shape have in common, and the sequences that they run over.

    Parameters
    ----------
    network : Network
        The one with the most hidden units.
    reading : Reading
    units : Units
        Of the lanes.
    running : Running
        Of the lanes.
    turned : torch.Tensor of int64, shape (T, K or 1, S)
        The frame with which each changes places when a sequence is turned round.
    """

    network: Network
    reading: Reading
    units: Units
    running: Running
    turned: torch.Tensor

    def turn(self, a: torch.Tensor) -> torch.Tensor:
        """Turn sequences round: (T, K, S, ...) to the same."""
        return a.take_along_dim(self.turned.unsqueeze(-1), 0)

    def both(self, ahead: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
        """Lay what goes to the two directions beside each other: (T, K, D, S, ...)."""
        if self.network.directions == 1:
            return ahead.unsqueeze(2)
        return torch.stack([ahead, self.turn(back)], 2)

    def halves(self, a: torch.Tensor) -> list[torch.Tensor]:
        """Take directions apart again, each in the order of time: (T, K * D, S, ...)."""
        ahead, *back = torch.unflatten(a, 1, (-1, self.network.directions)).unbind(2)
        return [ahead, *(self.turn(part) for part in back)]


@dataclass(frozen=True)
class Passed:
    """What the way to the outputs leaves: a pass a layer, and what the output layer got."""

    layers: list[Pass]
    y: torch.Tensor


def outputs(way: Way, stack: Stack, x: torch.Tensor, keep: bool) -> tuple[torch.Tensor, Passed]:
    """Run networks over sequences.

    Parameters
    ----------
    way : Way
    stack : dict of str to torch.Tensor
        The weights of K trials.
    x : torch.Tensor, shape (T, K or 1, S, M)
        1: the same for all trials, and not copied for each of them.
    keep : bool
        Whether there is a way back.

    Returns
    -------
    logits : torch.Tensor, shape (T, K, S, outputs)
        Before softmax or sigmoid.
    passed : Passed
    """
    passes = []
    for layer in range(1, way.network.layers + 1):
        weights = lane_weights(stack, layer, len(way.reading.blocks))
        both = way.both(x, x).expand(-1, len(stack["output.b"]), -1, -1, -1)
        y, passed = forward(way.reading, weights, way.units, way.running, both, keep)
        passes.append(passed)
        x = torch.cat(way.halves(y), -1)
    frames, _, sequences, _ = x.shape
    bias = stack["output.b"].unsqueeze(1)
    logits = torch.baddbmm(bias, x.transpose(0, 1).flatten(1, 2), stack["output.W"].mT)
    return torch.unflatten(logits, 1, (frames, sequences)).transpose(0, 1), Passed(passes, x)


def gradients(way: Way, stack: Stack, passed: Passed, of_logits: torch.Tensor) -> Stack:
    """Run networks back.

    Parameters
    ----------
    way : Way
    stack : dict of str to torch.Tensor
    passed : Passed
        Of `outputs`, kept.
    of_logits : torch.Tensor, shape (T, K, S, outputs)
        Derivative of the loss.

    Returns
    -------
    dict of str to torch.Tensor
        As `stack`.
    """
    frames, _, sequences, _ = of_logits.shape
    flat = of_logits.transpose(0, 1).flatten(1, 2)  # (K, T * S, outputs)
    found = {
        "output.W": torch.bmm(flat.mT, passed.y.transpose(0, 1).flatten(1, 2)),
        "output.b": flat.sum(1),
    }
    of_y = torch.unflatten(torch.bmm(flat, stack["output.W"]), 1, (frames, sequences)).transpose(
        0, 1
    )
    for layer in range(way.network.layers, 0, -1):
        *ahead, back = of_y.chunk(way.network.directions, -1)
        of_lanes_y = way.both(ahead[0] if ahead else back, back).flatten(1, 2)
        of_weights, of_x = backward(passed.layers[layer - 1], of_lanes_y, to_inputs=layer > 1)
        found.update(of_lanes(of_weights, layer, way.network.directions))
        if of_x is not None:
            of_y = functools.reduce(torch.add, way.halves(of_x))
    return found
