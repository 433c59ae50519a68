"""A stack: trials of a search trained side by side, each by the protocol of a single one."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from odyssey.features.sequences import Sequences
from odyssey.training import checkpoints
from odyssey.training.engine import Epoch
from odyssey.training.networks import Network, Weights
from odyssey.training.stacked.engine import StackedEngine
from odyssey.training.stacked.epochs import Begun
from odyssey.training.trial import Plan, Report, advance, begin, ended, epoch_of, goes_on
from odyssey.trials import Record, Trial

CHECKPOINT_MINUTES = 5  # a longer epoch is kept in parts


@dataclass(eq=False)
class Member:
    """A trial of a stack, and how far it has come."""

    trial: Trial
    digest: str
    checkpoint: Path
    network: Network
    progress: checkpoints.Progress
    finite: bool = True  # its losses, so far

    @property
    def place(self) -> tuple[int, int]:
        """What all members have in common: layers, and sequences of the epoch they are in."""
        return self.network.layers, self.progress.presented


def train_stack(
    plan: Plan,
    trials: list[tuple[Trial, str, Path]],
    sequences: Sequences,
    at_once: int,
    threads: int,
    report: Report,
    stopping: threading.Event,
) -> Iterator[Record]:
    """Train trials side by side; when some have ended, others take their places.

    Parameters
    ----------
    trials : list of (Trial, str, Path)
        Trials, their fingerprints, and their checkpoints, which are written after every epoch, and
        within an epoch that takes more than `CHECKPOINT_MINUTES`.
    at_once : int
        So many side by side at most, the largest networks first: neighbours in size need little
        padding.
    threads : int
        That PyTorch may use on a CPU.
    report : callable
        See `odyssey.training.trial.Report`.
    stopping : threading.Event
        Once it is set, training ends after the sequence that it is at, which is kept.

    Yields
    ------
    Record
        The record of a trial as soon as it has ended, as `odyssey.training.trial.train` makes it.

    Raises
    ------
    KeyboardInterrupt
        If it was told to stop.
    OSError
        If a checkpoint cannot be read or written.
    ValueError
        If the GPU's memory does not suffice.
    """
    torch.set_num_threads(threads)
    waiting = [
        Member(trial, digest, checkpoint, *begin(plan, trial, sequences, checkpoint, digest))
        for trial, digest, checkpoint in trials
    ]
    # Within an epoch first: at its end the others can join them.
    waiting.sort(key=lambda m: (m.progress.presented == 0, *m.place, -m.network.hidden_size))
    members: list[Member] = []
    engine = None
    with ThreadPoolExecutor(1) as thread:
        saving = thread.submit(lambda: None)
        try:
            while waiting or members:
                joining = _joining(members, waiting, at_once)
                if joining:
                    members, engine = members + joining, None
                if over := [m for m in members if not (m.finite and goes_on(plan, m.progress))]:
                    saving.result()  # or it might write a checkpoint that is to be taken away
                    members, engine = [m for m in members if m not in over], None
                    yield from _records(plan, over, sequences)
                    continue
                if engine is None:
                    engine = _engine(plan, members, sequences)
                _train_epoch(plan, engine, members, sequences, stopping, saving.result)
                saving.result()
                kept = [(m, copy(m.progress)) for m in members if m.finite]
                saving = thread.submit(_keep, kept, report)
                if stopping.is_set():
                    raise KeyboardInterrupt
            saving.result()
        except torch.OutOfMemoryError as error:
            raise ValueError(
                f"{len(members)} trials side by side do not fit into the GPU's memory: set "
                f"training.stack to less than that ({error})"
            ) from error


def _joining(members: list[Member], waiting: list[Member], at_once: int) -> list[Member]:
    """Take from those that wait who can join now."""
    place = (members or waiting)[0].place
    found = [m for m in waiting if m.place == place][: at_once - len(members)]
    for m in found:
        waiting.remove(m)
    return found


def _engine(plan: Plan, members: list[Member], sequences: Sequences) -> StackedEngine:
    return StackedEngine(
        [m.network for m in members],
        sequences,
        [m.progress.weights for m in members],
        [m.progress.velocities for m in members],
        plan.device,
    )


def _keep(done: list[tuple[Member, checkpoints.Progress]], report: Report) -> None:
    """Write the checkpoints of an epoch, and tell of it."""
    for m, progress in done:
        checkpoints.save(m.checkpoint, progress, m.digest)
        loss, validation = progress.train_loss[-1], progress.validation[-1]
        report(m.trial["trial"], progress.epoch, loss, validation)


def _train_epoch(
    plan: Plan,
    engine: StackedEngine,
    members: list[Member],
    sequences: Sequences,
    stopping: threading.Event,
    saved: Callable[[], None],
) -> None:
    """Train and validate an epoch of each member, or what is left of one.

    `saved` returns once the epoch before has been written.
    """
    epochs = [epoch_of(m.trial, m.progress, sequences) for m in members]
    begun = _begun(members)
    while begun.presented < len(epochs[0].order):
        begun = _train_a_while(plan, engine, epochs, begun, members, stopping)
        if begun.presented < len(epochs[0].order):
            _set_begun(members, engine, begun)
            saved()
            for m in members:
                checkpoints.save(m.checkpoint, m.progress, m.digest)
            if stopping.is_set():
                raise KeyboardInterrupt
    start = _clock(plan.device)
    frames = int(sequences.scored_lengths[sequences.indices("train")].sum())
    train_losses = begun.loss / frames
    validations, states = engine.evaluate("validation"), engine.state()
    each = (_clock(plan.device) - start) / len(members)
    for m, loss, validation, state in zip(members, train_losses, validations, states, strict=True):
        m.progress.train_seconds += each
        m.finite = math.isfinite(loss) and math.isfinite(validation.loss)
        if m.finite:
            advance(m.progress, float(loss), validation, state)
            m.progress.presented, m.progress.begun_loss, m.progress.waiting = 0, 0.0, None


def _clock(device: str) -> float:
    """Return a time of which differences are seconds of work, of all threads."""
    return time.process_time() if device == "cpu" else time.perf_counter()


def _train_a_while(
    plan: Plan,
    engine: StackedEngine,
    epochs: list[Epoch],
    begun: Begun,
    members: list[Member],
    stopping: threading.Event,
) -> Begun:
    """Train until the epoch ends, or it is time for a checkpoint."""
    start, until = _clock(plan.device), time.monotonic() + 60 * CHECKPOINT_MINUTES
    begun = engine.train_epoch(epochs, begun, lambda: stopping.is_set() or time.monotonic() > until)
    for m in members:
        m.progress.train_seconds += (_clock(plan.device) - start) / len(members)
    return begun


def _begun(members: list[Member]) -> Begun:
    """Say where in their epoch the members are."""
    gradients = [m.progress.waiting for m in members]
    some = any(gradients)
    nothing = [{k: 0 * w for k, w in m.progress.weights.items()} for m in members if some]
    return Begun(
        members[0].progress.presented,
        np.array([m.progress.begun_loss for m in members]),
        [own or zero for own, zero in zip(gradients, nothing, strict=True)] if some else None,
    )


def _set_begun(members: list[Member], engine: StackedEngine, begun: Begun) -> None:
    """Note where in their epoch the members are."""
    gradients: list[Weights | None] = [*(begun.waiting or ())] or [None] * len(members)
    for m, loss, state, own in zip(members, begun.loss, engine.state(), gradients, strict=True):
        m.progress.weights, m.progress.velocities = state
        m.progress.presented, m.progress.begun_loss = begun.presented, float(loss)
        m.progress.waiting = own


def _records(plan: Plan, over: list[Member], sequences: Sequences) -> Iterator[Record]:
    """Test those that have ended at their best, and make their records."""
    tests: dict[Member, float] = {}
    if tested := [m for m in over if m.progress.best_epoch]:
        networks, best = [m.network for m in tested], [m.progress.best for m in tested]
        engine = StackedEngine(networks, sequences, best, device=plan.device)
        found = engine.evaluate("test")
        tests = {m: e.measure for m, e in zip(tested, found, strict=True)}
    arithmetic = f"PyTorch {torch.__version__}"
    if plan.device == "cuda":
        arithmetic += f" on {torch.cuda.get_device_name()}"
    for m in over:
        test = tests.get(m)
        yield ended(plan, m.trial, sequences, m.digest, m.progress, m.finite, test, arithmetic)
