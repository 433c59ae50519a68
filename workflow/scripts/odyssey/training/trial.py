"""One trial: a network from its first weights to its test result, resumable at any epoch."""

import hashlib
import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from odyssey import seeds
from odyssey.cells.equations import Cell
from odyssey.cells.variants import cell
from odyssey.features.sequences import Description, Sequences
from odyssey.machine import processor
from odyssey.training import checkpoints
from odyssey.training.engine import Engine, Epoch, Evaluation, Optimiser
from odyssey.training.engines import open_engine
from odyssey.training.networks import (
    Network,
    Weights,
    count_weights,
    initial_weights,
    weight_shapes,
)
from odyssey.trials import Record, Trial

# Raised by hand whenever the same trial would come out otherwise: trained trials are then not
# taken for finished ones, and Snakemake trains them again.
PROCEDURE = 1

# Why a trial has diverged whose epochs were all finite.
NO_TEST = "its test result is not finite"
CLIP = 1.0  # paper, "Hyperparameter search": gradients clipped to [-1, 1]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What all trials of a shard have in common.

    Parameters
    ----------
    task, variant : str
    epochs : int
        At most so many.
    patience : int
        Stop once validation has not improved for more epochs than this.
    engine : str
        ``"fused"``, ``"stacked"`` or ``"reference"``.
    device : str
        ``"cpu"`` or ``"cuda"``.
    file : str or None
        Of the variant's equations, if it is a user's own cell.
    """

    task: str
    variant: str
    epochs: int
    patience: int
    engine: str
    device: str
    file: str | None = None

    @property
    def cell(self) -> Cell:
        """The cell of the variant."""
        return cell(self.variant, self.file)


Report = Callable[[int, int, float, float], None]
"""Told of each epoch once it is kept: trial, epoch, training loss a frame (nats), validation
measure. Called from another thread than the one that trains; what it raises ends the trial."""


def fingerprint(plan: Plan, trial: Trial, features_digest: str) -> str:
    """Digest everything that a trial's result depends on.

    Parameters
    ----------
    trial : Trial
        The trial's seed and hyperparameters; ``layers`` and ``batch`` are 1 where it lacks them.
    features_digest : str
        Of the features file.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    said = {key: value for key, value in asdict(plan).items() if key != "file"}
    parts = [said, plan.cell.digest, trial, features_digest, PROCEDURE]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def network_of(plan: Plan, trial: Trial, sequences: Sequences) -> Network:
    """Describe the network that a trial trains."""
    d: Description = sequences.description
    return Network(
        cell=plan.cell,
        inputs=sequences.inputs,
        hidden_size=trial["hidden_size"],
        outputs=d.outputs,
        directions=d.directions,
        loss=d.loss,
        layers=trial.get("layers", 1),
    )


def train(
    plan: Plan,
    trial: Trial,
    sequences: Sequences,
    kernel: str | None,
    checkpoint: str | os.PathLike[str],
    digest: str,
    report: Report,
    stopping: threading.Event,
) -> Record:
    """Train one trial, from its checkpoint if it has one.

    Parameters
    ----------
    trial : Trial
        One row of the trials table.
    kernel : str or None
        Path of the fused engine's compiled kernel.
    checkpoint : path-like
        Written after every epoch, while the next one runs.
    digest : str
        The trial's fingerprint.
    report : callable
        Told of each epoch.
    stopping : threading.Event
        Once it is set, the trial ends after the epoch that it is in.

    Returns
    -------
    Record
        One line of a run file. ``status`` is ``"diverged"`` if a loss ceased to be finite;
        validation and test are then those of the best epoch before, or None. Both are None too
        where that test result is not finite.

    Raises
    ------
    KeyboardInterrupt
        If it was told to stop; its epochs are kept.
    OSError
        If a checkpoint cannot be written.

    References
    ----------
    Greff et al. (2017), "Network architectures and training".
    """
    network, progress = begin(plan, trial, sequences, checkpoint, digest)
    engine = open_engine(plan.engine, network, sequences, progress.weights, kernel, plan.device)
    engine.restore(progress.weights, progress.velocities)

    def keep(done: checkpoints.Progress) -> None:
        checkpoints.save(checkpoint, done, digest)
        report(trial["trial"], done.epoch, done.train_loss[-1], done.validation[-1])

    finite, test = True, None
    with checkpoints.in_background(keep) as begin_to_keep:
        while goes_on(plan, progress):
            if stopping.is_set():
                raise KeyboardInterrupt
            start = clock(plan.device)
            finite = _train_epoch(engine, epoch_of(trial, progress, sequences), progress)
            progress.train_seconds += clock(plan.device) - start
            if not finite:
                break
            begin_to_keep(progress)
        if progress.best_epoch:
            engine.restore(progress.best, None)
            test = engine.evaluate("test").measure
    return ended(plan, trial, sequences, digest, progress, finite, test, engine.arithmetic)


def begin(
    plan: Plan, trial: Trial, sequences: Sequences, checkpoint: str | os.PathLike[str], digest: str
) -> tuple[Network, checkpoints.Progress]:
    """Draw a trial's first weights, or find where it stopped.

    Parameters
    ----------
    digest : str
        The trial's fingerprint.

    Raises
    ------
    OSError
        If the checkpoint cannot be read.
    """
    network = network_of(plan, trial, sequences)
    progress = checkpoints.load(checkpoint, weight_shapes(network), digest)
    if progress is None:
        weights = initial_weights(network, trial["seed"])
        zeros = {k: 0 * w for k, w in weights.items()}
        progress = checkpoints.Progress(weights, zeros, best=weights)
    elif progress.epoch:
        log.info("trial %d goes on after epoch %d", trial["trial"], progress.epoch)
    return network, progress


def goes_on(plan: Plan, progress: checkpoints.Progress) -> bool:
    """Say whether a trial has another epoch before it."""
    return progress.epoch < plan.epochs and progress.epoch - progress.best_epoch <= plan.patience


def epoch_of(trial: Trial, progress: checkpoints.Progress, sequences: Sequences) -> Epoch:
    """Return a trial's next epoch, a pure function of its seed and hyperparameters."""
    epoch, seed = progress.epoch + 1, trial["seed"]
    return Epoch(
        seeds.order(seed, epoch, len(sequences.indices("train"))),
        seeds.noise_key(seed, epoch),
        trial["input_noise"],
        Optimiser(
            trial["learning_rate"],
            trial["momentum"],
            trial.get("nesterov", True),
            CLIP if trial.get("clip", False) else None,
        ),
        trial.get("batch", 1),
    )


def advance(
    progress: checkpoints.Progress,
    train_loss: float,
    validation: Evaluation,
    state: tuple[Weights, Weights],
) -> None:
    """Add an epoch to a trial.

    Parameters
    ----------
    progress : checkpoints.Progress
        Gets it.
    train_loss : float
        A frame.
    state : tuple of dict of str to numpy.ndarray
        Weights and velocities after the epoch.
    """
    progress.weights, progress.velocities = state
    progress.epoch += 1
    if not progress.validation or validation.measure < min(progress.validation):
        progress.best, progress.best_epoch = progress.weights, progress.epoch
    progress.train_loss = [*progress.train_loss, train_loss]
    progress.validation = [*progress.validation, validation.measure]


def ended(
    plan: Plan,
    trial: Trial,
    sequences: Sequences,
    digest: str,
    progress: checkpoints.Progress,
    finite: bool,
    test: float | None,
    arithmetic: str,
) -> Record:
    """Make the record of a trial that has come to its end.

    Parameters
    ----------
    finite : bool
        Whether the losses were to the end.
    test : float or None
        Measure of the best epoch; None: there is no such epoch. A trial whose measure is not finite
        has diverged, though what it validates was.
    arithmetic : str
        The engine's.

    Returns
    -------
    Record
        See `train`.
    """
    reason = "" if finite else f"not finite in epoch {progress.epoch + 1}"
    if test is not None and not math.isfinite(test):
        test, reason = None, reason or NO_TEST
    return {
        **_begun(plan, trial, sequences),
        "status": "diverged" if reason else "completed",
        "reason": reason,
        "epochs": progress.epoch,
        "best_epoch": None if test is None else progress.best_epoch,
        "validation": progress.validation[progress.best_epoch - 1] if test is not None else None,
        "test": test,
        "train_seconds": round(progress.train_seconds, 3),
        "machine": f"{processor()}, {arithmetic}",
        "fingerprint": digest,
        "curve": {"train_loss": progress.train_loss, "validation": progress.validation},
    }


def failure(plan: Plan, trial: Trial, sequences: Sequences, digest: str, reason: str) -> Record:
    """Make the record of a trial that an error has ended.

    Parameters
    ----------
    digest : str
        The trial's fingerprint.
    reason : str
        One line.

    Returns
    -------
    Record
        Like `train`'s, with ``status`` ``"failed"`` and no results.
    """
    return {
        **_begun(plan, trial, sequences),
        "status": "failed",
        "reason": reason,
        "epochs": 0,
        "best_epoch": None,
        "validation": None,
        "test": None,
        "train_seconds": 0.0,
        "machine": processor(),
        "fingerprint": digest,
        "curve": {"train_loss": [], "validation": []},
    }


def _begun(plan: Plan, trial: Trial, sequences: Sequences) -> Record:
    """Lay out what is known of a trial before it is trained."""
    return {
        "task": plan.task,
        "variant": plan.variant,
        **trial,
        "parameters": count_weights(network_of(plan, trial, sequences)),
        "engine": plan.engine,
        "device": plan.device,
        "source": sequences.description.source,
        "synthetic": sequences.description.synthetic,
    }


def clock(device: str) -> float:
    """Return a time of which differences are seconds of work.

    Parameters
    ----------
    device : str
        On a CPU a trial is one thread, and what counts is the time for which this thread had a
        core: a crowded machine makes the trial wait, but does not make it dearer.
    """
    return time.thread_time() if device == "cpu" else time.perf_counter()


def _train_epoch(engine: Engine, epoch: Epoch, progress: checkpoints.Progress) -> bool:
    """Train and validate one epoch; False, and nothing changed, if it is not finite."""
    train_loss = engine.train_epoch(
        epoch.order, epoch.noise_key, epoch.input_noise, epoch.optimiser, epoch.batch
    )
    if not math.isfinite(train_loss):
        return False
    validation = engine.evaluate("validation")
    if not math.isfinite(validation.loss):
        return False
    advance(progress, train_loss, validation, engine.state())
    return True
