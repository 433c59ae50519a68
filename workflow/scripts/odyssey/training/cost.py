"""What training will take, said before it begins: for the sizes of jobs and what they ask for."""

import math
from statistics import mean

from odyssey.cells.equations import Cell
from odyssey.config import Study
from odyssey.search import sizes
from odyssey.tasks.base import TaskSettings
from odyssey.training.networks import count_weights
from odyssey.training.sizes import network
from odyssey.trials import Shard, shards

# Microseconds of a training step for each frame: so many a direction, and so many a weight. Of the
# steps in benchmarks/results/engine.csv these meet the fused engine's within 1.6 times,
# mostly within a third.
SPEEDS = {"fused": (0.2, 8e-5), "reference": (360.0, 1e-3)}
EVALUATION = 1 / 3  # of a training step: the forward pass alone

# Jobs of short trials last as long as so many vanilla ones, not `job_minutes`: cores that take jobs
# in turn then end almost together. Vanilla ones, so that no other variant moves the division.
VANILLA_TRIALS = 50

MEGABYTES = {"fused": 400, "reference": 900}  # of a job, with its Snakemake's, beside the corpus


def epoch_seconds(
    task: TaskSettings, cell: Cell, hidden_size: int, engine: str, layers: int = 1
) -> float:
    """Estimate what an epoch takes on one core of the machine that `SPEEDS` was measured on.

    Parameters
    ----------
    task : TaskSettings
    cell : Cell
    hidden_size : int
    engine : str
        ``"fused"`` or ``"reference"``.
    layers : int

    Returns
    -------
    float
        Seconds, of training and validation.
    """
    chosen = network(task, cell, hidden_size, layers)
    a_direction, a_weight = SPEEDS[engine]
    directions = layers * chosen.directions
    frame = 1e-6 * (a_direction * directions + a_weight * count_weights(chosen))
    training, validation = task.frames()
    return frame * (training + EVALUATION * validation)


def expected_seconds(study: Study, task: str, variant: str, trials: list[dict]) -> list[float]:
    """Estimate what each of a cell's trials takes if it uses all its epochs.

    Parameters
    ----------
    study : Study
    task, variant : str
    trials : list of dict
        As `odyssey.search.draw_cell` returns them.

    Returns
    -------
    list of float
        Seconds.
    """
    settings, cell, engine = study.tasks[task], study.cell(variant), study.engine(variant)
    return [
        study.epochs(task)
        * epoch_seconds(settings, cell, trial["hidden_size"], engine, trial.get("layers", 1))
        for trial in trials
    ]


def cell_shards(study: Study, task: str, seconds: list[float]) -> list[Shard]:
    """Divide a cell's trials among jobs as the study's configuration says.

    Parameters
    ----------
    study : Study
    task : str
    seconds : list of float
        What `expected_seconds` returned.

    Returns
    -------
    list of (int, int)
        First and last trial of each job.
    """
    low, high = study.search.ranges["layers"]
    spread = [
        {"hidden_size": size, "layers": layers}
        for layers in range(low, high + 1)
        for size in sizes(study.search, network(study.tasks[task], study.cell("V"), 1, layers), 9)
    ]
    most = VANILLA_TRIALS * mean(expected_seconds(study, task, "V", spread))
    training = study.training
    allowed = 60 * training.job_minutes * training.threads
    target = min(allowed, (1 + 1e-9) * most)  # more than its own rounding
    return shards(seconds, training.trials_a_job, target)


def job_seconds(seconds: list[float], threads: int) -> float:
    """Estimate how long a job lasts.

    Parameters
    ----------
    seconds : list of float
        What each of its trials takes on a core.
    threads : int
        Trials at the same time.

    Returns
    -------
    float
        Seconds at least: trials that run side by side end together at best.
    """
    return max([sum(seconds) / threads, *seconds])


def job_megabytes(
    task: TaskSettings,
    cell: Cell,
    trials: list[dict],
    engine: str,
    threads: int,
) -> int:
    """Estimate the memory that a training job needs.

    Parameters
    ----------
    task : TaskSettings
    cell : Cell
    trials : list of dict
        The job's.
    engine : str
    threads : int
        Trials at the same time, which share the corpus.

    Returns
    -------
    int
        Megabytes; what a test has seen at TIMIT's full size lies below.
    """
    different = {(trial["hidden_size"], trial.get("layers", 1)) for trial in trials}
    largest = max((count_weights(network(task, cell, *each)) for each in different), default=0)
    # float32 values, targets of up to as many bytes, and a half for the splits not trained on.
    corpus = sum(task.frames()) * 1.5 * 8 * task.shape().inputs / 1e6
    # A job keeps weights, velocities, gradients and the index of each weight, its last and its best
    # state, and copies of both for a checkpoint; `work` is a sequence's activations in each layer.
    # The gradients of a batch are summed in place.
    weights = 18 * 4 * largest / 1e6
    work = 50 * max((layers for _, layers in different), default=1)
    return math.ceil(MEGABYTES[engine] + corpus + threads * (work + weights))
