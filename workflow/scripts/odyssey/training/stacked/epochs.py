"""An epoch of many trials, laid out before it begins: who gets which sequence when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from odyssey.features.sequences import Sequences
from odyssey.training.engine import Epoch
from odyssey.training.networks import Weights

Put = Callable[..., torch.Tensor]  # brings an array to the device, as a type if one is given


@dataclass(frozen=True)
class Begun:
    """How far an epoch has come.

    Parameters
    ----------
    presented : int
        Sequences, of each trial.
    loss : numpy.ndarray of float64, shape (trials,)
        Summed over them; not finite for good once one sequence's is not.
    waiting : list of dict of str to numpy.ndarray, or None
        Of each trial, the gradients of a batch that has not ended. None: no trial has batches.
    """

    presented: int
    loss: np.ndarray
    waiting: list[Weights] | None = None


@dataclass(frozen=True)
class Rates:
    """What the trials' optimisers are (`odyssey.training.engine.Optimiser`), each as (K,).

    Parameters
    ----------
    momentum, step : torch.Tensor
        The step is (1 - momentum) * learning rate.
    clip : torch.Tensor or None
        None: no trial clips.
    nesterov : torch.Tensor of bool
    classical : bool
        Whether any trial is without Nesterov's momentum.
    noise : torch.Tensor or None
        None: no trial has any.
    batches : bool
        Whether any trial has more than one sequence an update.
    """

    momentum: torch.Tensor
    step: torch.Tensor
    clip: torch.Tensor | None
    nesterov: torch.Tensor
    classical: bool
    noise: torch.Tensor | None
    batches: bool


@dataclass(frozen=True)
class Step:
    """One sequence for each trial. Trials are in the order of their lengths, the longest first.

    Parameters
    ----------
    running : list of int
        Trials at each of the T frames of the longest.
    start, length, position : torch.Tensor of int64, shape (K,)
        First frame, number of frames, and place among the training sequences.
    order, back : torch.Tensor of int64, shape (K,)
        Which trial each is, and where in that order each trial is.
    targets : numpy.ndarray of int64, shape (3, K)
        With ctc: start and number of the targets, and the number of frames.
    begins, ends : torch.Tensor of bool, shape (K,)
        Whether a batch does; of the trials in their own order.
    """

    running: list[int]
    start: torch.Tensor
    length: torch.Tensor
    position: torch.Tensor
    order: torch.Tensor
    back: torch.Tensor
    targets: np.ndarray
    begins: torch.Tensor
    ends: torch.Tensor


def rates(epochs: list[Epoch], put: Put, dtype: torch.dtype) -> Rates:
    """Lay the trials' optimisers side by side."""
    optimisers = [epoch.optimiser for epoch in epochs]
    momentum = np.array([o.momentum for o in optimisers])
    learning_rate = np.array([o.learning_rate for o in optimisers])
    nesterov = np.array([o.nesterov for o in optimisers])
    clip = np.array([np.inf if o.clip is None else o.clip for o in optimisers])
    noise = np.array([epoch.input_noise for epoch in epochs])
    return Rates(
        put(momentum, dtype),
        put((1 - momentum) * learning_rate, dtype),
        put(clip, dtype) if np.isfinite(clip).any() else None,
        put(nesterov),
        not nesterov.all(),
        put(noise, dtype) if noise.any() else None,
        any(epoch.batch > 1 for epoch in epochs),
    )


def steps(epochs: list[Epoch], sequences: Sequences, put: Put, presented: int) -> Iterator[Step]:
    """Lay an epoch out, and bring that to the device all at once.

    Parameters
    ----------
    epochs : list of Epoch
        A trial each.
    put : callable
    presented : int
        Sequences that each trial has had already.
    """
    s, train = sequences, sequences.indices("train")
    positions = np.stack([epoch.order[presented:] for epoch in epochs], 1)  # (steps, K)
    order = np.argsort(-s.lengths[train[positions]], axis=1, kind="stable")
    positions = np.take_along_axis(positions, order, 1)
    index = train[positions]
    lengths, starts = s.lengths[index], s.starts[index]
    back = np.argsort(order, axis=1)
    there = put(np.stack([starts, lengths, positions, order, back], 1).astype(np.int64))
    of_ctc = [s.target_starts[index], s.target_lengths[index], lengths]
    targets = np.stack(of_ctc, 1).astype(np.int64)
    batch = np.array([epoch.batch for epoch in epochs])
    count = np.arange(presented, len(train))[:, None]
    begins = put(count % batch == 0)
    ends = put((count % batch == batch - 1) | (count == len(train) - 1))
    for n, of_step in enumerate(there):
        frames = np.arange(lengths[n, 0])
        # So many are longer than t: lengths descend.
        running = np.searchsorted(-lengths[n], -frames, side="left").tolist()
        start, length, position, own, place = of_step
        yield Step(running, start, length, position, own, place, targets[n], begins[n], ends[n])
