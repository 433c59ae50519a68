"""What an engine is: a trial's arithmetic behind one interface, readable or fast."""

import os
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from odyssey.features.sequences import Sequences
from odyssey.training.networks import Network

Weights = dict[str, np.ndarray]


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

    order: np.ndarray
    noise_key: np.ndarray
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
    network : Network
    loss : float
    frames : int
        Scored ones.
    errors : int
        Wrong frames (softmax), or edit distance (ctc).
    labels : int
        Of the targets; softmax: scored frames.

    Returns
    -------
    Evaluation
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
        order: np.ndarray,
        noise_key: np.ndarray,
        input_noise: float,
        optimiser: Optimiser,
        batch: int = 1,
    ) -> float:
        """Present the training sequences once, with an update after each batch.

        Parameters
        ----------
        order : numpy.ndarray of int64, shape (training sequences,)
            Positions among the training sequences (`Sequences.indices("train")`).
        noise_key : numpy.ndarray of uint32, shape (2,)
            Key of `odyssey.seeds.gaussian_noise`; its `sequence` is the position above.
        input_noise : float
            Standard deviation of the noise added to the inputs.
        optimiser : Optimiser
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
        """Measure the network on a split, without noise.

        Parameters
        ----------
        split : str

        Returns
        -------
        Evaluation
        """

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
        gradients : dict of str to numpy.ndarray
            Named and shaped as `odyssey.training.networks.weight_shapes` says.
        """

    def state(self) -> tuple[Weights, Weights]:
        """Return copies of the weights and of the momentum's velocities.

        Returns
        -------
        weights, velocities : dict of str to numpy.ndarray
            Named and shaped as `odyssey.training.networks.weight_shapes` says.
        """

    def restore(self, weights: Weights, velocities: Weights | None) -> None:
        """Go on from weights and velocities.

        Parameters
        ----------
        weights : dict of str to numpy.ndarray
            Named and shaped as `odyssey.training.networks.weight_shapes` says.
        velocities : dict of str to numpy.ndarray or None
            The same; None means all zero.
        """


def open_engine(
    name: str,
    network: Network,
    sequences: Sequences,
    weights: Weights,
    kernel: str | None,
    device: str = "cpu",
) -> Engine:
    """Put a network into an engine.

    Parameters
    ----------
    name : str
        ``"reference"`` or ``"fused"``; the stacked one takes many networks (`stacked.engine`).
    network : Network
    sequences : Sequences
    weights : dict of str to numpy.ndarray
        The first weights.
    kernel : str or None
        Path of the compiled kernel (`odyssey.cells.build`); the reference engine needs none.
    device : str
        ``"cpu"``, or ``"cuda"`` for the reference engine.

    Returns
    -------
    Engine

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    # Imported here, because a job must not pay for the engine that it does not use.
    if name == "fused":
        from odyssey.training.fused import FusedEngine

        return FusedEngine(network, sequences, weights, kernel)
    if name == "reference":
        from odyssey.training.reference import ReferenceEngine

        return ReferenceEngine(network, sequences, weights, device=device)
    raise ValueError(f"unknown engine {name!r}: allowed are reference, fused")


def check_engine(name: str, device: str, kernel: str | None) -> None:
    """Make sure that an engine can work on this machine.

    Parameters
    ----------
    name, device : str
    kernel : str or None
        As for `open_engine`.

    Raises
    ------
    ValueError
        If the device is not there, or the kernel cannot be loaded.
    """
    if name == "fused":
        from odyssey.training.fused import instruction_sets

        instruction_sets(kernel)
    elif device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError(
                "training.device is cuda, but PyTorch sees no GPU here (CUDA_VISIBLE_DEVICES="
                f"{os.environ.get('CUDA_VISIBLE_DEVICES', '')!r}, PyTorch {torch.__version__})"
            )
