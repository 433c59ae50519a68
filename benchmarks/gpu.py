"""Time the stacked engine by the number of its trials, beside a CPU's core and torch.nn.LSTM.

A step is one sequence of each trial, as in engine.py. The fused engine trains one trial on one core
of the same machine, and nn.LSTM (cuDNN on a GPU) one trial at a time. They take turns.
Without a GPU, `--device cpu` says how the stacked engine grows, and no more than that.
"""

import engine as bench  # first: it keeps NumPy and PyTorch to one thread

# isort: split
import argparse
import csv
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from odyssey import seeds
from odyssey.cells.build import build
from odyssey.cells.variants import cell
from odyssey.machine import processor
from odyssey.training.engine import Epoch
from odyssey.training.fused import FusedEngine
from odyssey.training.networks import Network, initial_weights
from odyssey.training.stacked.engine import StackedEngine

SIZES = (20, 78, 200)
TRIALS = (1, 8, 64, 256, 1024)
ON_A_CPU = 20_000  # hidden units of all trials together at most, for time's sake


@dataclass(frozen=True)
class Row:
    """What a frame of a trial takes."""

    shape: str
    hidden_size: int
    engine: str
    trials: int
    us_per_frame_and_trial: float
    device: str


def stacked_step(network: Network, sequences, trials: int, device: str):
    """Return a function that trains a stack on so many sequences."""
    weights = [initial_weights(network, 1)] * trials
    stack = StackedEngine([network] * trials, sequences, weights, None, device)
    generator = np.random.default_rng(1)

    def steps(count: int) -> None:
        left = iter(range(count))
        epochs = [
            Epoch(
                generator.permutation(bench.SEQUENCES),
                seeds.noise_key(k, 1),
                bench.NOISE,
                bench.OPTIMISER,
            )
            for k in range(trials)
        ]
        next(left)
        stack.train_epoch(epochs, None, lambda: next(left, None) is None)

    return steps


def measure(shape: str, size: int, device: str, kernel: str, repetitions: int):
    """Yield the rows of a shape and a size."""
    inputs, outputs, frames, _, directions, loss = bench.SHAPES[shape]
    network = Network(cell("V"), inputs, size, outputs, directions, loss)
    sequences = bench.make_sequences(shape)
    fused = FusedEngine(network, sequences, initial_weights(network, 1), kernel)
    engines = {("fused", 1): bench.engine_step(fused)}
    peer = bench.torch_step(torch.nn.LSTM, network, sequences, device)
    engines["nn.LSTM", 1] = peer
    for trials in TRIALS:
        if device == "cuda" or trials * size <= ON_A_CPU:
            engines["stacked", trials] = stacked_step(network, sequences, trials, device)
    for (name, trials), seconds in bench.race(engines, repetitions).items():
        where = processor() if name == "fused" or device == "cpu" else torch.cuda.get_device_name()
        each = round(1e6 * seconds / frames / trials, 3)
        yield Row(shape, size, name, trials, each, where)


def main() -> None:
    """Measure, print the table, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--shapes", nargs="+", choices=("jsb", "timit"), default=["jsb", "timit"])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--output", type=Path, default=bench.HERE / "results" / "gpu.csv")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here: --device cpu measures this machine's core")
    print(f"{processor()}, PyTorch {torch.__version__}, {platform.system()}", file=sys.stderr)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        kernel = f"{folder}/V.so"
        build(cell("V"), kernel, "auto")
        for shape in given.shapes:
            for size in SIZES:
                for row in measure(shape, size, given.device, kernel, given.repetitions):
                    rows.append(row)
                    print(*asdict(row).values(), sep="\t", flush=True)
    with open(given.output, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, asdict(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(asdict, rows))


if __name__ == "__main__":
    main()
