"""The engines by their names."""

import os

from odyssey.features.sequences import Sequences
from odyssey.training.engine import Engine
from odyssey.training.networks import Network, Weights


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
    weights : dict of str to numpy.ndarray
        The first weights.
    kernel : str or None
        Path of the compiled kernel (`odyssey.cells.build`); the reference engine needs none.
    device : str
        ``"cpu"``, or ``"cuda"`` for the reference engine.

    Raises
    ------
    ValueError
        If the name is unknown, or the fused engine has no kernel.
    """
    # Imported here, because a job must not pay for the engine that it does not use.
    if name == "fused":
        from odyssey.training.fused import FusedEngine

        return FusedEngine(network, sequences, weights, _compiled(kernel))
    if name == "reference":
        from odyssey.training.reference import ReferenceEngine

        return ReferenceEngine(network, sequences, weights, device=device)
    raise ValueError(f"unknown engine {name!r}: allowed are reference, fused")


def _compiled(kernel: str | None) -> str:
    if kernel is None:
        raise ValueError("the fused engine needs a compiled kernel")
    return kernel


def check_engine(name: str, device: str, kernel: str | None) -> None:
    """Make sure that an engine can work on this machine.

    Parameters
    ----------
    kernel : str or None
        As for `open_engine`.

    Raises
    ------
    ValueError
        If the device is not there, or the kernel cannot be loaded.
    """
    if name == "fused":
        from odyssey.training.fused import instruction_sets

        instruction_sets(_compiled(kernel))
    elif device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError(
                "training.device is cuda, but PyTorch sees no GPU here (CUDA_VISIBLE_DEVICES="
                f"{os.environ.get('CUDA_VISIBLE_DEVICES', '')!r}, PyTorch {torch.__version__})"
            )
