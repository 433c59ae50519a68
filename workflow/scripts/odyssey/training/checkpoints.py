"""A trial in progress, kept after every epoch.

A checkpoint is a line of JSON, the arrays of the network (weights, velocities, weights of the best
epoch and, within a batch, gradients, each in the order of their names) as float32 one after the
other, and the CRC-32 of all that.
It is written while the next epoch runs: an interruption costs the epoch that it falls into, and
the one before only if that is still being written.
"""

import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from odyssey.files import write_atomically
from odyssey.training.networks import Weights

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a trial has come.

    Its arrays and lists are never changed, only replaced, so that a copy of it stays what it was.

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
    presented : int
        Sequences of the epoch after the finished ones; an epoch that is long is kept in parts.
    begun_loss : float
        Summed over them.
    weights, velocities, best : dict of str to numpy.ndarray
        Present weights, their velocities, and the weights of the best epoch.
    waiting : dict of str to numpy.ndarray or None
        The gradients of a batch that has not ended.
    """

    weights: Weights
    velocities: Weights
    best: Weights
    epoch: int = 0
    best_epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    train_seconds: float = 0.0
    presented: int = 0
    begun_loss: float = 0.0
    waiting: Weights | None = None


# What the content of a damaged or foreign file raises.
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError)
_ARRAYS = ("weights", "velocities", "best", "waiting")  # the last is not always there
CRC = 4  # bytes at the end of the file


def save(path: str | os.PathLike[str], progress: Progress, fingerprint: str) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    fingerprint : str
        Of the trial; a checkpoint serves no other.
    """
    scalars = {k: v for k, v in vars(progress).items() if k not in _ARRAYS}
    scalars["fingerprint"] = fingerprint
    line = json.dumps(scalars).encode() + b"\n"
    # Written after every epoch, which may be as short as 10 ms: making an archive would take 1 ms,
    # and so would writing each array by itself.
    there = [kind for kind in _ARRAYS if getattr(progress, kind) is not None]
    weights = [w for kind in there for _, w in sorted(getattr(progress, kind).items())]
    arrays = np.concatenate(weights, axis=None).data
    crc = zlib.crc32(arrays, zlib.crc32(line)).to_bytes(CRC, "little")
    write_atomically(path, lambda file: file.writelines((line, arrays, crc)))


@contextmanager
def in_background(write: Callable[[Progress], None]) -> Iterator[Callable[[Progress], None]]:
    """Let a trial go on while its last epoch is being written.

    Parameters
    ----------
    write : callable
        Is called in another thread, with one progress after the other.

    Yields
    ------
    callable
        Has a progress written as it now is, once the one before it is written; raises what that
        has raised. At the end the last is waited for, and what it raises goes before anything else.
    """
    last = None

    def begin(progress: Progress) -> None:
        nonlocal last
        if last:
            last.result()
        last = thread.submit(write, copy(progress))

    with ThreadPoolExecutor(1) as thread:
        try:
            yield begin
        finally:
            if last:
                last.result()


def load(
    path: str | os.PathLike[str], shapes: dict[str, tuple[int, ...]], fingerprint: str
) -> Progress | None:
    """Read a checkpoint of a trial, if there is one that can be used.

    A damaged one, or one of another trial or configuration, is set aside with a warning.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        Of the network's weights.
    fingerprint : str
        Of the trial.

    Returns
    -------
    Progress or None
        None: begin anew.

    Raises
    ------
    OSError
        If it is there and cannot be read.
    """
    path = Path(path)
    if not path.exists():
        return None
    try:
        whole = path.read_bytes()
        content, digest = whole[:-CRC], whole[-CRC:]
        if zlib.crc32(content).to_bytes(CRC, "little") != digest:
            raise ValueError("it is damaged, or no checkpoint")
        line, _, arrays = content.partition(b"\n")
        scalars = json.loads(line)
        if scalars.pop("fingerprint") != fingerprint:
            raise ValueError("it belongs to another trial or configuration")
        found = _unravel(np.frombuffer(arrays, np.float32), shapes)
        weights, velocities, best, *waiting = found
        return Progress(weights, velocities, best, waiting=next(iter(waiting), None), **scalars)
    except _DAMAGE as error:
        aside = path.with_name(path.name + ".unusable")
        os.replace(path, aside)
        log.warning("checkpoint %s set aside as %s: %s", path, aside.name, error)
        return None


def epochs_done(path: str | os.PathLike[str]) -> int:
    """Say how many epochs a checkpoint holds.

    Returns
    -------
    int
        0 if there is none that can be read.
    """
    try:
        with open(path, "rb") as file:
            return int(json.loads(file.readline())["epoch"])
    except (OSError, *_DAMAGE):
        return 0


def _unravel(arrays: np.ndarray, shapes: dict[str, tuple[int, ...]]) -> list[Weights]:
    """Take apart what `save` has put into one: the network's arrays, once for each kind."""
    in_order = sorted(shapes.items())
    sizes = [int(np.prod(shape)) for _, shape in in_order]
    kinds, rest = divmod(len(arrays), sum(sizes))
    if rest or kinds not in (len(_ARRAYS) - 1, len(_ARRAYS)):
        raise ValueError("its arrays have another size")
    return [
        {
            name: piece.reshape(shape)
            for (name, shape), piece in zip(
                in_order, np.split(vector, np.cumsum(sizes)[:-1]), strict=True
            )
        }
        for vector in np.split(arrays, kinds)
    ]
