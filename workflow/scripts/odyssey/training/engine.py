"""What an engine is: a trial's arithmetic behind one interface, readable or fast."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from odyssey.training.networks import Network, Weights


@dataclass(frozen=True)
class Optimiser:
    """Stochastic gradient descent with momentum in the paper's form.

    With m the momentum and s = (1 - m) * learning_rate::

        Nesterov:   v <- m v;  w <- w + v;  g = gradient at w;  v <- v - s g;  w <- w - s g
        classical:  g = gradient at w;  v <- m v - s g;  w <- w + v

    Parameters
    ----------
    learning_rate : float
        For the gradient of the loss summed over frames, outputs and the sequences of a batch.
    momentum : float
        In [0, 1).
    nesterov : bool
    clip : float or None
        Each element of that gradient is clipped to [-clip, clip]; None: not at all.
    """

    learning_rate: float
    momentum: float
    nesterov: bool
    clip: float | None


@dataclass(frozen=True)
class Epoch:
    """An epoch of a trial, in the words of `Engine.train_epoch`."""

    order: npt.NDArray[np.int64]
    noise_key: npt.NDArray[np.uint32]
    input_noise: float
    optimiser: Optimiser
    batch: int = 1


@dataclass(frozen=True)
class Evaluation:
    """How a network does on a split.

    Parameters
    ----------
    measure : float
        Frame error in percent (softmax), nats a frame (sigmoid), character error rate in percent
        (ctc), or mean square of the differences (squared); of the scored frames.
    loss : float
        Summed loss of the split divided by its scored frames, in nats or squares.
    """

    measure: float
    loss: float


def evaluation(network: Network, loss: float, frames: int, errors: int, labels: int) -> Evaluation:
    """Make the measure of a network from what was summed over a split.

    Parameters
    ----------
    frames : int
        Scored ones.
    errors : int
        Wrong frames (softmax), or edit distance (ctc).
    labels : int
        Of the targets; softmax: scored frames.
    """
    loss /= frames
    if network.loss == "sigmoid":
        return Evaluation(measure=loss, loss=loss)
    if network.loss == "squared":
        return Evaluation(measure=loss / network.outputs, loss=loss)
    return Evaluation(measure=100 * errors / labels, loss=loss)


class Engine(Protocol):
    """A network in training on a set of sequences.

    Parameters
    ----------
    arithmetic : str
        What its last bits depend on besides the processor: instruction set, or library version.
    """

    arithmetic: str

    def train_epoch(
        self,
        order: npt.NDArray[np.int64],
        noise_key: npt.NDArray[np.uint32],
        input_noise: float,
        optimiser: Optimiser,
        batch: int = 1,
    ) -> float:
        """Present the training sequences once, with an update after each batch.

        Parameters
        ----------
        order : array, shape (training sequences,)
            Positions among the training sequences (`Sequences.indices("train")`).
        noise_key : array, shape (2,)
            Key of `odyssey.seeds.gaussian_noise`; its `sequence` is the position above.
        input_noise : float
            Standard deviation of the noise added to the inputs.
        batch : int
            Sequences an update, one after the other in that order; their gradients are summed. The
            last batch may be smaller.

        Returns
        -------
        float
            Summed loss divided by scored frames, each sequence's taken at the weights at which its
            gradient was; not finite as soon as one sequence's is not (the epoch ends there).
        """

    def evaluate(self, split: str) -> Evaluation:
        """Measure the network on a split, without noise."""

    def loss_and_gradients(self, index: int) -> tuple[float, Weights]:
        """Compute one sequence's loss and its gradients, without noise or update.

        Parameters
        ----------
        index : int
            Among all sequences.

        Returns
        -------
        loss : float
            Summed over scored frames and outputs, in nats or squares.
        gradients : Weights
        """

    def state(self) -> tuple[Weights, Weights]:
        """Return copies of the weights and of the momentum's velocities.

        Returns
        -------
        weights, velocities : Weights
        """

    def restore(self, weights: Weights, velocities: Weights | None) -> None:
        """Go on from weights and velocities.

        Parameters
        ----------
        velocities : Weights or None
            None means all zero.
        """
