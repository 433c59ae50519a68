"""What many networks' outputs cost, each on its own sequences."""

from dataclasses import dataclass

import torch
from torch.nn import functional

NOTHING = torch.empty(0)


@dataclass(frozen=True)
class Targets:
    """What is wanted of some sequences of each trial.

    Parameters
    ----------
    values : torch.Tensor
        softmax: (T, K, S) classes; sigmoid and squared: (T, K, S, outputs); ctc: (K, S, labels)
        classes, anything beyond a sequence's number of them. K may be 1, for all trials.
    scored : torch.Tensor of bool, shape (T, K, S)
        The frames that count; not with ctc.
    frames, labels : torch.Tensor of int64, shape (K, S)
        With ctc: how many there are, on the CPU, where PyTorch reads them.
    """

    values: torch.Tensor
    scored: torch.Tensor = NOTHING
    frames: torch.Tensor = NOTHING
    labels: torch.Tensor = NOTHING


def losses(logits: torch.Tensor, targets: Targets, loss: str) -> torch.Tensor:
    """Sum each sequence's loss over scored frames and outputs.

    Parameters
    ----------
    logits : torch.Tensor, shape (T, K, S, outputs)
    targets : Targets
    loss : str
        One of `odyssey.features.sequences.LOSSES`.

    Returns
    -------
    torch.Tensor, shape (K, S)
        As `odyssey.training.reference.sequence_loss` does.
    """
    frames, trials, sequences, outputs = logits.shape
    if loss == "ctc":
        flat = logits.log_softmax(3).view(frames, trials * sequences, outputs)
        labels = targets.values.expand(trials, sequences, -1).reshape(trials * sequences, -1)
        found = functional.ctc_loss(
            flat,
            labels,
            targets.frames.expand(trials, sequences).flatten(),
            targets.labels.expand(trials, sequences).flatten(),
            blank=outputs - 1,
            reduction="none",
        )
        return found.view(trials, sequences)
    values = targets.values.expand(frames, trials, *targets.values.shape[2:])
    if loss == "softmax":
        each = functional.cross_entropy(logits.flatten(0, 2), values.flatten(), reduction="none")
        each = each.view(frames, trials, sequences)
    elif loss == "sigmoid":
        each = functional.binary_cross_entropy_with_logits(
            logits, values.to(logits.dtype), reduction="none"
        ).sum(3)
    else:
        each = (logits - values).square().sum(3)
    return each.masked_fill(~targets.scored, 0).sum(0)


def wrong_frames(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Count each trial's scored frames whose class is not the likeliest, as (K,)."""
    wrong = (logits.argmax(3) != targets.values) & targets.scored
    return wrong.sum((0, 2))
