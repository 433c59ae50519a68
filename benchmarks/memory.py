"""Ask what networks remember: the adding problem, and random labels in bits a parameter.

    python benchmarks/memory.py

Prints the tables of docs/memory.md and writes all trials into results/memory.csv. Some six minutes
of a core.
"""

import math
import statistics
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from odyssey import seeds
from odyssey.analysis.files import write_csv
from odyssey.cells.build import build
from odyssey.cells.variants import cell
from odyssey.features import memory
from odyssey.features.sequences import Sequences
from odyssey.tasks import read_settings
from odyssey.training.engine import Engine, Optimiser
from odyssey.training.engines import open_engine
from odyssey.training.networks import Network, count_weights, initial_weights
from odyssey.training.sizes import nearest_size

RESULTS = Path(__file__).parent / "results" / "memory.csv"
PROCESSES = 2

# Drawn log-uniformly, and clipping 50:50, the same for every cell.
LEARNING_RATE = 2e-3, 0.3
ONE_MINUS_MOMENTUM = 0.02, 1.0

ADDING = {"kind": "adding", "length": 50}
ADDING_VARIANTS = ("V", "RNN")
ADDING_PARAMETERS = 2_700  # of V with 24 blocks
ADDING_TRIALS = 12
ADDING_EPOCHS = 100
SOLVED = 1e-3

CAPACITY_VARIANTS = ("V", "GRU", "RNN")
CAPACITY_PARAMETERS = 300, 700
CAPACITY_TRIALS = 8
CAPACITY_SEEDS = 5  # new items and first weights for the best of the trials
CAPACITY_EPOCHS = 800
INPUTS, LENGTH = 14, 3
ITEMS = 2.0, 3.0  # a parameter, one of these
COLLINS = 5  # bits a parameter (Collins et al. (2017), abstract)


@dataclass(frozen=True)
class Trial:
    """What is trained once; `items` is the task's, None for the adding problem."""

    question: str
    variant: str
    role: str  # "search" or "again"
    trial: int
    seed: int
    hidden_size: int
    parameters: int
    items: int | None
    epochs: int
    learning_rate: float
    momentum: float
    clip: bool


def sized(variant: str, parameters: int, inputs: int, outputs: int, loss: str) -> Network:
    """Find the network with the number of weights that comes nearest."""
    network = Network(cell(variant), inputs, 1, outputs, 1, loss)
    return replace(network, hidden_size=nearest_size(network, parameters))


def draw(generator: np.random.Generator) -> dict:
    """Draw the hyperparameters of a trial."""
    rate = math.exp(generator.uniform(*np.log(LEARNING_RATE)))
    momentum = 1 - math.exp(generator.uniform(*np.log(ONE_MINUS_MOMENTUM)))
    return {"learning_rate": rate, "momentum": momentum, "clip": bool(generator.integers(2))}


def adding_trials() -> Iterator[Trial]:
    """Draw the trials of the adding problem."""
    for variant in ADDING_VARIANTS:
        network = sized(variant, ADDING_PARAMETERS, 2, 1, "squared")
        size, parameters = network.hidden_size, count_weights(network)
        generator = np.random.default_rng(1)
        for trial in range(ADDING_TRIALS):
            drawn = draw(generator)
            yield Trial(
                "adding", variant, "search", trial, trial, size, parameters, None,
                ADDING_EPOCHS, **drawn,
            )  # fmt: skip


def capacity_trials() -> Iterator[Trial]:
    """Draw the trials that search for the most bits."""
    for parameters in CAPACITY_PARAMETERS:
        for variant in CAPACITY_VARIANTS:
            network = sized(variant, parameters, INPUTS, 2, "softmax")
            size, count = network.hidden_size, count_weights(network)
            generator = np.random.default_rng(2)
            for trial in range(CAPACITY_TRIALS):
                drawn, items = draw(generator), round(count * generator.choice(ITEMS))
                yield Trial(
                    "capacity", variant, "search", trial, trial, size, count, items,
                    CAPACITY_EPOCHS, **drawn,
                )  # fmt: skip


def trained(trial: Trial, kernels: Path) -> dict:
    """Train one trial, its rate falling to 0 along a cosine, and measure it."""
    if trial.question == "adding":
        settings = read_settings(ADDING)
    else:
        sizes = {"items": trial.items, "inputs": INPUTS, "length": LENGTH, "seed": trial.seed}
        settings = read_settings({"kind": "capacity", **sizes})
    sequences = settings.features(trial.question, None, 1, lambda done, total: None)
    shape = settings.shape()
    network = Network(
        cell(trial.variant), shape.inputs, trial.hidden_size, shape.outputs, 1, shape.loss
    )
    weights = initial_weights(network, trial.seed)
    engine = open_engine("fused", network, sequences, weights, str(kernels / f"{trial.variant}.so"))
    finite = all(epoch_is_finite(engine, sequences, trial, n) for n in range(trial.epochs))
    measure = engine.evaluate("test").measure if finite else math.nan
    return {**asdict(trial), "measure": measure, **bits(trial, measure)}


def epoch_is_finite(engine: Engine, sequences: Sequences, trial: Trial, epoch: int) -> bool:
    """Train one epoch, the first of which is 0."""
    rate = trial.learning_rate * (1 + math.cos(math.pi * epoch / trial.epochs)) / 2
    loss = engine.train_epoch(
        seeds.order(trial.seed, epoch + 1, len(sequences.indices("train"))),
        seeds.noise_key(trial.seed, epoch + 1),
        0.0,
        Optimiser(rate, trial.momentum, nesterov=True, clip=1.0 if trial.clip else None),
    )
    return math.isfinite(loss)


def bits(trial: Trial, measure: float) -> dict:
    """Say what is stored, with the binomial interval of the error that it follows from."""
    if trial.items is None or not math.isfinite(measure):
        return {"bits_a_parameter": math.nan, "bits_low": math.nan, "bits_high": math.nan}
    wrong = round(trial.items * measure / 100)
    interval = stats.binomtest(wrong, trial.items).proportion_ci()
    stored = [
        memory.stored_bits(trial.items, error) / trial.parameters
        for error in (wrong / trial.items, interval.high, interval.low)
    ]
    return dict(zip(("bits_a_parameter", "bits_low", "bits_high"), stored, strict=True))


def again(searched: pd.DataFrame) -> Iterator[Trial]:
    """Repeat the best trial of each cell and size with items and weights that nobody chose by."""
    names = list(Trial.__dataclass_fields__)
    for _, group in searched.groupby(["parameters", "variant"], sort=False):
        best = group.loc[group["bits_a_parameter"].idxmax(), names].to_dict()
        for repeat in range(CAPACITY_SEEDS):
            yield Trial(**best | {"role": "again", "seed": 1000 + repeat})


def adding_table(trials: pd.DataFrame) -> str:
    """Lay out how many trials solve the adding problem."""
    lines = [
        f"| cell | weights | trials | below {SOLVED:g} | best mean square | median |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for variant, group in trials.groupby("variant", sort=False):
        error = group["measure"]
        lines.append(
            f"| {variant} | {group['parameters'].iloc[0]} | {len(group)} | "
            f"{(error < SOLVED).sum()} | {error.min():.2g} | {error.median():.2g} |"
        )
    return "\n".join(lines)


def capacity_table(trials: pd.DataFrame) -> str:
    """Lay out bits a parameter, their mean over the new seeds with its 95 % t interval."""
    lines = [
        "| cell | blocks | weights | items | labels wrong, % | bits a parameter (95 %) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    repeated = trials[trials["role"] == "again"]
    for (count, variant), group in repeated.groupby(["parameters", "variant"], sort=False):
        found = list(group["bits_a_parameter"])
        mean, deviation = statistics.mean(found), statistics.stdev(found)
        half = stats.t.ppf(0.975, len(found) - 1) * deviation / math.sqrt(len(found))
        lines.append(
            f"| {variant} | {group['hidden_size'].iloc[0]} | {count} | {group['items'].iloc[0]:.0f}"
            f" | {group['measure'].mean():.1f} | {mean:.2f} ({mean - half:.2f} to "
            f"{mean + half:.2f}) |"
        )
    lines.append(f"| Collins et al. (2017) | | | | | about {COLLINS} |")
    return "\n".join(lines)


def main() -> None:
    """Train, print the tables, write the trials."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool,
    ):
        for variant in {*ADDING_VARIANTS, *CAPACITY_VARIANTS}:
            build(cell(variant), Path(folder) / f"{variant}.so")
        train = partial(trained, kernels=Path(folder))
        adding = pd.DataFrame(pool.map(train, adding_trials()))
        print(adding_table(adding), "\n", flush=True)
        searched = pd.DataFrame(pool.map(train, capacity_trials()))
        repeated = pd.DataFrame(pool.map(train, again(searched)))
    print(capacity_table(repeated))
    write_csv(pd.concat([adding, searched, repeated]), RESULTS)


if __name__ == "__main__":
    main()
