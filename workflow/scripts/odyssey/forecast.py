"""What a study will cost, measured on this machine: `odyssey cost`."""

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from odyssey.catalogue import EVOLUTION
from odyssey.cells.build import build
from odyssey.config import Study
from odyssey.config_files import study_or_exit
from odyssey.features.sequences import Description, Sequences
from odyssey.search import draw_trials, sizes
from odyssey.training.cost import expected_seconds, job_seconds, search_shards, stack_width
from odyssey.training.engine import Epoch, Optimiser
from odyssey.training.engines import check_engine, open_engine
from odyssey.training.networks import Network, count_weights, initial_weights
from odyssey.training.sizes import network
from odyssey.training.trial import clock

FRAMES, LABELS = 200, 20  # of the made-up sequence that is measured on
SIZES = 4  # at which a variant is measured
# Kernels take seconds to compile: of more variants, so many are measured, and stand for the others.
MOST_MEASURED = 20


@dataclass(frozen=True)
class Forecast:
    """What the trials of a task will cost.

    Parameters
    ----------
    task : str
    trials, jobs : int
    hours : float
        Of one core like this machine's, if every trial takes all its epochs.
    longest : float
        Hours of the longest job.
    """

    task: str
    trials: int
    jobs: int
    hours: float
    longest: float


def made_up(chosen: Network) -> Sequences:
    """Make up a sequence of each split, of the right shape and without meaning."""
    generator = np.random.default_rng(0)
    labels = LABELS if chosen.loss == "ctc" else FRAMES
    if chosen.loss == "sigmoid":
        targets = generator.integers(0, 2, (3 * labels, chosen.outputs)).astype(np.uint8)
    elif chosen.loss == "squared":
        targets = generator.standard_normal((3 * labels, chosen.outputs)).astype(np.float32)
    else:
        targets = generator.integers(0, chosen.outputs - 1, 3 * labels).astype(np.int32)
    return Sequences(
        Description(
            task="",
            source="made up",
            synthetic=True,
            loss=chosen.loss,
            outputs=chosen.outputs,
            directions=chosen.directions,
            measure="",
        ),
        generator.standard_normal((3 * FRAMES, chosen.inputs)).astype(np.float32),
        np.full(3, FRAMES),
        targets,
        np.full(3, labels),
        np.arange(3, dtype=np.uint8),
        np.array(["train", "validation", "test"]),
    )


def frame_seconds(
    chosen: Network, engine: str, kernel: str | None, device: str, side_by_side: int = 1
) -> tuple[float, float]:
    """Measure what a frame of a trial takes on this machine.

    Parameters
    ----------
    side_by_side : int
        Trials of a stack, whose time is divided among them.

    Returns
    -------
    training, evaluation : float
        Seconds of one core or GPU a frame, the best of three times.
    """
    data, weights = made_up(chosen), initial_weights(chosen, 0)
    optimiser = Optimiser(1e-6, 0.9, nesterov=True, clip=None)
    epoch = Epoch(np.array([0]), np.zeros(2, np.uint32), 0.1, optimiser)

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            start = clock(device)
            work()
            times.append(clock(device) - start)
        return min(times) / FRAMES / side_by_side

    if engine == "stacked":
        # Imported here, because PyTorch takes seconds and most studies need none.
        from odyssey.training.stacked.engine import StackedEngine

        stack = StackedEngine([chosen] * side_by_side, data, [weights] * side_by_side, None, device)
        train = best(lambda: stack.train_epoch([epoch] * side_by_side))
        return train, best(lambda: stack.evaluate("validation"))
    alone = open_engine(engine, chosen, data, weights, kernel, device)
    train = best(lambda: alone.train_epoch(epoch.order, epoch.noise_key, 0.1, optimiser))
    return train, best(lambda: alone.evaluate("validation"))


def measured_for(study: Study) -> dict[str, str]:
    """Choose the variants that are measured, and say for which each stands.

    Returns
    -------
    dict of str to str
        From each variant to itself, or to one of the same engine whose weights are nearest.
    """
    if len(study.variants) <= MOST_MEASURED:
        return {variant: variant for variant in study.variants}
    task = next(iter(study.tasks.values()))
    weights = {v: count_weights(network(task, study.cell(v), 100)) for v in study.variants}
    engines = {v: study.engine(v) for v in study.variants}
    found = {}
    for engine in set(engines.values()):
        own = sorted((v for v in engines if engines[v] == engine), key=weights.__getitem__)
        spread = np.linspace(0, len(own) - 1, min(len(own), MOST_MEASURED))
        chosen = [own[round(place)] for place in spread]
        for variant in own:
            found[variant] = min(chosen, key=lambda one: abs(weights[one] - weights[variant]))
    return found


def forecast(
    study: Study, kernels: dict[str, str], show: Callable[[str], object]
) -> list[Forecast]:
    """Measure how fast this machine is, and add up the trials of a study.

    Parameters
    ----------
    kernels : dict of str to str
        Paths of the fused engine's kernels, by variant, of those that `measured_for` chooses.
    show : callable
        Told, in a line, what is being measured.

    Returns
    -------
    list of Forecast
        One a task.
    """

    @cache
    def measured(task: str, variant: str, size: int, layers: int) -> tuple[float, float, float]:
        show(f"measuring {task} {variant} with {layers} x {size} units")
        chosen, device = (
            network(study.tasks[task], study.cell(variant), size, layers),
            study.training.device,
        )
        engine, kernel = study.engine(variant), kernels.get(variant)
        width = stack_width(study, task, variant)
        beside = min(width, study.training.trials_a_job or width, study.search.trials)
        return count_weights(chosen), *frame_seconds(chosen, engine, kernel, device, beside)

    stands = measured_for(study)

    def epoch(task: str, variant: str, size: int, layers: int) -> float:
        here = network(study.tasks[task], study.cell(variant), size, layers)
        variant = stands[variant]
        measured_at = sorted(set(sizes(study.search, here, SIZES)))
        weights, train, evaluate = zip(
            *(measured(task, variant, at, layers) for at in measured_at), strict=True
        )
        of_training, of_validation = study.tasks[task].frames()
        return float(
            of_training * np.interp(count_weights(here), weights, train)
            + of_validation * np.interp(count_weights(here), weights, evaluate)
        )

    return [_forecast_task(study, task, epoch) for task in study.tasks]


def _forecast_task(
    study: Study, task: str, epoch: Callable[[str, str, int, int], float]
) -> Forecast:
    total, longest, jobs = 0.0, 0.0, 0
    for variant in study.variants:
        trials = draw_trials(study, task, variant)
        each = [
            study.epochs(task) * epoch(task, variant, trial["hidden_size"], trial.get("layers", 1))
            for trial in trials
        ]
        # The jobs are the workflow's, which knows no machine.
        made = search_shards(study, task, variant, expected_seconds(study, task, variant, trials))
        threads = study.training.threads
        lasting = (job_seconds(each[first : last + 1], threads) for first, last in made)
        longest = max(longest, *lasting)
        total, jobs = total + sum(each), jobs + len(made)
    count = len(study.variants) * study.search.trials
    return Forecast(task, count, jobs, total / 3600, longest / 3600)


def _of_all_bred(study: Study, known: Forecast) -> Forecast:
    """Take each cell that is to be bred for one of the known ones, whose trials are the same."""
    settings = study.evolution
    cells = settings.generations * settings.population
    times = cells / len(study.variants)
    jobs = settings.generations * math.ceil(settings.population / settings.cells_per_job)
    a_cell = known.hours / len(study.variants)
    return Forecast(
        known.task,
        cells * study.search.trials,
        jobs,
        times * known.hours,
        min(settings.cells_per_job, settings.population) * a_cell,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="odyssey cost", description=__doc__)
    parser.add_argument("--configfile", nargs="+", default=["config/config.yaml"])
    study = study_or_exit(parser.parse_args(argv).configfile)
    console = Console()
    with tempfile.TemporaryDirectory() as folder, console.status("compiling") as status:
        chosen = set(measured_for(study).values())
        kernels = {v: f"{folder}/{v}.so" for v in chosen if study.engine(v) == "fused"}
        try:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                sets = study.training.instruction_set
                list(pool.map(lambda v: build(study.cell(v), kernels[v], sets), kernels))
            for variant in chosen:
                check_engine(study.engine(variant), study.training.device, kernels.get(variant))
        except ValueError as error:
            sys.exit(f"Error: {error}")
        made = forecast(study, kernels, status.update)
        if study.kind == EVOLUTION:
            made = [_of_all_bred(study, one) for one in made]
    table = Table(title=study.study, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("task")
    for name in ("trials", "jobs", "core-hours", "longest job, h"):
        table.add_column(name, justify="right")
    total = sum(f.hours for f in made)
    for f in made:
        table.add_row(f.task, f"{f.trials:,}", f"{f.jobs:,}", f"{f.hours:,.2f}", f"{f.longest:.2f}")
    if len(made) > 1:
        table.add_section()
        jobs, longest = sum(f.jobs for f in made), max(f.longest for f in made)
        table.add_row(
            "all",
            f"{sum(f.trials for f in made):,}",
            f"{jobs:,}",
            f"{total:,.2f}",
            f"{longest:.2f}",
        )
    console.print(table)
    console.print(
        "Core-hours at most, if every trial takes all its epochs, on cores like this machine's."
    )
    if study.kind == EVOLUTION:
        console.print(
            f"As if each cell that is bred took what {' or '.join(study.variants)} takes; it is "
            "compiled besides, for some seconds."
        )
    if len(chosen) < len(study.variants):
        console.print(
            f"Measured of {len(chosen)} of the {len(study.variants)} cells, which stand for those "
            "with about as many weights."
        )
