"""Made-up sequences, and the standard that the fused engine is held against.

The standard is `ReferenceEngine` in float64, with PyTorch's autograd and CTC. The error of a
gradient array is the norm of the difference over the norm of the standard's (Frobenius); the bound
of 1e-4 is the engine's promise for float32, about a thousand times its unit roundoff.
"""

import numpy as np
import pytest
import torch

from odyssey.features.sequences import Description, Sequences
from odyssey.training.fused import FusedEngine
from odyssey.training.networks import initial_weights
from odyssey.training.reference import ReferenceEngine

PROMISE = 1e-4


def make(network, lengths, labels=None, training=None, seed=0, scored=None):
    """Make up sequences for a network; the first `training` are the training set.

    Of each sequence the last frame is scored and of the others a share of `scored`; None: all.
    """
    draw = np.random.default_rng(seed)
    lengths = np.array(lengths)
    target_lengths = lengths
    if network.loss == "sigmoid":
        targets = draw.integers(0, 2, (lengths.sum(), network.outputs)).astype(np.uint8)
    elif network.loss == "softmax":
        targets = draw.integers(0, network.outputs, lengths.sum()).astype(np.int32)
    elif network.loss == "squared":
        targets = draw.standard_normal((lengths.sum(), network.outputs)).astype(np.float32)
    else:
        target_lengths = lengths // 3 if labels is None else np.array(labels)
        targets = draw.integers(0, network.outputs - 1, target_lengths.sum()).astype(np.int32)
    split = np.where(np.arange(len(lengths)) < (training or len(lengths)), 0, 1).astype(np.uint8)
    chosen = None
    if scored is not None and network.loss != "ctc":
        chosen = np.random.default_rng(seed + 1).random(lengths.sum()) < scored
        chosen[np.cumsum(lengths) - 1] = True
        targets[~chosen] = 0
    return Sequences(
        Description("task", "made up", True, network.loss, network.outputs, network.directions, ""),
        draw.standard_normal((lengths.sum(), network.inputs)).astype(np.float32),
        lengths,
        targets,
        target_lengths,
        split,
        np.array([str(n) for n in range(len(lengths))]),
        chosen,
    )


def check_gradients(network, sequences, kernel, instruction_set=None, floor=0.0, weights=None):
    """Hold loss and gradients of every sequence against the standard.

    `floor` allows an error of so much of the whole gradient's norm, for arrays that cancel to next
    to nothing.
    """
    weights = weights or initial_weights(network, 1)
    fused = FusedEngine(network, sequences, weights, kernel, instruction_set)
    standard = ReferenceEngine(network, sequences, weights, torch.float64)
    for index in range(len(sequences.lengths)):
        loss, found = fused.loss_and_gradients(index)
        wanted_loss, wanted = standard.loss_and_gradients(index)
        assert loss == pytest.approx(wanted_loss, rel=1e-5)
        assert found.keys() == wanted.keys()
        whole = np.sqrt(sum(np.sum(g**2) for g in wanted.values()))
        for name, g in wanted.items():
            assert found[name].shape == g.shape
            error, norm = np.linalg.norm(found[name] - g), np.linalg.norm(g)
            assert error <= PROMISE * norm + floor * whole, (name, index, error / (norm or 1))
