"""A trial in progress, kept after every epoch, so that an interruption costs one epoch at most."""

import json
import logging
import os
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from odyssey.files import write_atomically
from odyssey.training.engines import Weights

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a trial has come.

    Parameters
    ----------
    epoch : int
        Finished epochs.
    best_epoch : int
        The one with the best validation measure so far, 0 before the first.
    train_loss, validation : list of float
        One number an epoch: loss a frame in nats, and the measure.
    train_seconds : float
        Spent on training and validation.
    weights, velocities, best : dict of str to numpy.ndarray
        Present weights, their velocities, and the weights of the best epoch.
    """

    weights: Weights
    velocities: Weights
    best: Weights
    epoch: int = 0
    best_epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    train_seconds: float = 0.0


# What reading a damaged archive raises; flipped bits can make it look encrypted, or of a kind that
# zipfile does not know.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    RuntimeError,  # NotImplementedError too
    zipfile.BadZipFile,
    zlib.error,
)
_ARRAYS = ("weights", "velocities", "best")


def save(path: str | os.PathLike, progress: Progress, fingerprint: str) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path : path-like
    progress : Progress
    fingerprint : str
        Of the trial; a checkpoint serves no other.
    """
    # One vector each: a network has dozens of arrays, and an archive's cost is by the member.
    vectors = {
        name: np.concatenate([w.ravel() for w in getattr(progress, name).values()])
        for name in _ARRAYS
    }
    scalars = {k: v for k, v in vars(progress).items() if k not in _ARRAYS}
    scalars["fingerprint"] = fingerprint
    write_atomically(path, lambda file: np.savez(file, scalars=json.dumps(scalars), **vectors))


def load(
    path: str | os.PathLike, shapes: dict[str, tuple[int, ...]], fingerprint: str
) -> Progress | None:
    """Read a checkpoint of a trial, if there is one that can be used.

    A damaged one, or one of another trial or configuration, is set aside with a warning.

    Parameters
    ----------
    path : path-like
    shapes : dict of str to tuple of int
        Of the network's weights.
    fingerprint : str
        Of the trial.

    Returns
    -------
    Progress or None
        None: begin anew.
    """
    path = Path(path)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            scalars = json.loads(str(file["scalars"]))
            vectors = {name: file[name] for name in _ARRAYS}
        if scalars.pop("fingerprint") != fingerprint:
            raise ValueError("it belongs to another trial or configuration")
        arrays = {name: _unravel(vector, shapes) for name, vector in vectors.items()}
        return Progress(**arrays, **scalars)
    except _DAMAGE as error:
        aside = path.with_name(path.name + ".unusable")
        os.replace(path, aside)
        log.warning("checkpoint %s set aside as %s: %s", path, aside.name, error)
        return None


def epochs_done(path: str | os.PathLike) -> int:
    """Say how many epochs a checkpoint holds.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    int
        0 if there is none that can be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return json.loads(str(file["scalars"]))["epoch"]
    except _DAMAGE:
        return 0


def _unravel(vector: np.ndarray, shapes: dict[str, tuple[int, ...]]) -> Weights:
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    if vector.shape != (sum(sizes),):
        raise ValueError("its arrays have another size")
    pieces = np.split(vector, np.cumsum(sizes)[:-1])
    return {k: p.reshape(s) for (k, s), p in zip(shapes.items(), pieces, strict=True)}
