"""What training will take, said before it begins: for the sizes of jobs and what they ask for."""

import math
from statistics import mean

from odyssey.cells.equations import Cell
from odyssey.cells.graph import lay_out
from odyssey.config import Study
from odyssey.search import sizes
from odyssey.tasks.base import TaskSettings
from odyssey.training.networks import count_weights
from odyssey.training.sizes import network
from odyssey.training.stacked import EVALUATION_MEGABYTES
from odyssey.trials import Shard, Trial, shards

# Microseconds of a training step for each frame: so many a direction, and so many a weight. Of the
# steps in benchmarks/results/engine.csv these meet the fused engine's within 1.6 times, mostly
# within a third. The stacked engine takes its first number once for all trials side by side, a
# layer; both were measured on one core of a CPU (benchmarks/results/gpu.csv), and none on a GPU.
SPEEDS = {"fused": (0.2, 8e-5), "stacked": (450.0, 8e-4), "reference": (360.0, 1e-3)}
EVALUATION = 1 / 3  # of a training step: the forward pass alone

# Jobs of short trials last as long as so many vanilla ones, not `job_minutes`: cores that take jobs
# in turn then end almost together. Vanilla ones, so that no other variant moves the division.
VANILLA_TRIALS = 50

# Of a job, with its Snakemake's, beside the corpus.
MEGABYTES = {"fused": 400, "stacked": 900, "reference": 900}
LONGEST_SEQUENCE = 1000  # frames, for which a stack's memory is reckoned
# Numbers a frame that a stacked trial's way there and back takes, measured: for each column of a
# hidden unit, and for each input and output.
A_COLUMN, AN_INPUT = 12, 9
OF_CUDA = 3000  # megabytes of a job for CUDA's libraries: a margin, not measured


def epoch_seconds(
    task: TaskSettings,
    cell: Cell,
    hidden_size: int,
    engine: str,
    layers: int = 1,
    side_by_side: int = 1,
) -> float:
    """Estimate what an epoch takes on one core of the machine that `SPEEDS` was measured on.

    Parameters
    ----------
    engine : str
        ``"fused"``, ``"stacked"`` or ``"reference"``.
    side_by_side : int
        Trials of a stack, which share its time.

    Returns
    -------
    float
        Seconds, of training and validation.
    """
    chosen = network(task, cell, hidden_size, layers)
    a_direction, a_weight = SPEEDS[engine]
    if engine == "stacked":
        passes = a_direction * layers / side_by_side
    else:
        passes = a_direction * layers * chosen.directions
    frame = 1e-6 * (passes + a_weight * count_weights(chosen))
    training, validation = task.frames()
    return frame * (training + EVALUATION * validation)


def expected_seconds(study: Study, task: str, variant: str, trials: list[Trial]) -> list[float]:
    """Estimate what each of a search's trials takes if it uses all its epochs.

    Parameters
    ----------
    trials : list of Trial
        As `odyssey.search.draw_trials` returns them: a job's, or all of them. A stack has side by
        side those of the same number of layers.

    Returns
    -------
    list of float
        Seconds.
    """
    settings, cell, engine = study.tasks[task], study.cell(variant), study.engine(variant)
    of_one_depth = len(trials) // len({trial.get("layers", 1) for trial in trials} or {1})
    beside = max(1, min(stack_width(study, task, variant), of_one_depth))
    return [
        study.epochs(task)
        * epoch_seconds(
            settings, cell, trial["hidden_size"], engine, trial.get("layers", 1), beside
        )
        for trial in trials
    ]


def stack_width(study: Study, task: str, variant: str) -> int:
    """Say how many trials of a search the stacked engine trains side by side.

    Returns
    -------
    int
        1 with the other engines. With ``stack: auto``, as many of the largest as the memory holds,
        whatever their number: more trials change no job but the last.
    """
    training = study.training
    if study.engine(variant) != "stacked":
        return 1
    if training.stack != "auto":
        return training.stack
    settings, cell = study.tasks[task], study.cell(variant)
    layers = study.search.layers.high
    (largest,) = sizes(study.search, network(settings, cell, 1, layers), 2)[1:]
    one = stacked_megabytes(settings, cell, largest, layers)
    return max(1, int((training.stack_megabytes - EVALUATION_MEGABYTES) // one))


def stacked_megabytes(task: TaskSettings, cell: Cell, hidden_size: int, layers: int) -> float:
    """Estimate the memory that one trial of a stack takes on its device."""
    chosen = network(task, cell, hidden_size, layers)
    # Weights and velocities, both once more in the order of a step, gradients, and what changes.
    of_weights = 7 * count_weights(chosen)
    columns = A_COLUMN * len(lay_out(cell).columns)
    frame = columns * layers * chosen.directions * hidden_size
    frame += AN_INPUT * (chosen.inputs + chosen.outputs)
    return 4e-6 * (of_weights + LONGEST_SEQUENCE * frame)


def search_shards(study: Study, task: str, variant: str, seconds: list[float]) -> list[Shard]:
    """Divide a search's trials among jobs as the study's configuration says.

    Parameters
    ----------
    seconds : list of float
        What `expected_seconds` returned.

    Returns
    -------
    list of (int, int)
        First and last trial of each job.
    """
    training = study.training
    if study.engine(variant) == "stacked":
        return shards(seconds, training.trials_a_job or stack_width(study, task, variant), 0)
    depths = study.search.layers
    spread = [
        {"hidden_size": size, "layers": layers}
        for layers in range(depths.low, depths.high + 1)
        for size in sizes(study.search, network(study.tasks[task], study.cell("V"), 1, layers), 9)
    ]
    most = VANILLA_TRIALS * mean(expected_seconds(study, task, "V", spread))
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
    trials: list[Trial],
    engine: str,
    threads: int,
    side_by_side: int = 1,
    device: str = "cpu",
) -> int:
    """Estimate the memory that a training job needs.

    Parameters
    ----------
    trials : list of Trial
        The job's.
    threads : int
        Trials at the same time, which share the corpus.
    side_by_side : int
        Trials of a stack.
    device : str
        A stack on a GPU takes that one's memory, and of the machine's its trials' weights.

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
    work: float = 50 * max((layers for _, layers in different), default=1)
    if engine == "stacked":
        layers = max((layers for _, layers in different), default=1)
        size = max((size for size, _ in different), default=1)
        work, threads = stacked_megabytes(task, cell, size, layers), min(side_by_side, len(trials))
        if device == "cuda":
            return math.ceil(MEGABYTES[engine] + OF_CUDA + corpus + threads * weights)
        return math.ceil(
            MEGABYTES[engine] + EVALUATION_MEGABYTES + corpus + threads * (work + weights)
        )
    return math.ceil(MEGABYTES[engine] + corpus + threads * (work + weights))
