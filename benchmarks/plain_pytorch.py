"""Time trials of a study beside the same trials in plain PyTorch.

    python benchmarks/plain_pytorch.py --configfile config/jsb.yaml

Trials are drawn at random from the study. Those of variant NP are trained to their end, by the
fused engine and by torch.nn.LSTM, which has no peepholes. One of each variant is trained for two
epochs by the fused engine and by the reference, which is what a variant takes that PyTorch has no
kernel for. Everything else, from noise to early stopping, is the same code. Seconds are those of
one core. Writes results/plain_pytorch.csv; some 20 minutes.
"""

import argparse
import os

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # before numpy is loaded

import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from odyssey.cells.build import build
from odyssey.config_files import study_or_exit
from odyssey.search import draw_trials
from odyssey.training import trial as training
from odyssey.training.engines import open_engine
from odyssey.training.reference import ReferenceEngine

RESULTS = Path(__file__).parent / "results" / "plain_pytorch.csv"
BARS = ("i", "f", "z", "o")  # as torch.nn.LSTM stacks them
FEW_EPOCHS = 2


class LSTMEngine(ReferenceEngine):
    """Variant NP by torch.nn.LSTM, with one bias as the paper has it."""

    def restore(self, weights, velocities):
        """See `Engine.restore`."""
        n = self.network.hidden_size
        self.lstm = torch.nn.LSTM(self.network.inputs, n)
        self.zero = torch.zeros(4 * n)
        super().restore(_stacked(weights), velocities and _stacked(velocities))

    def state(self):
        """See `Engine.state`."""
        return tuple(map(_apart, super().state()))

    def _logits(self, x):
        w = self.weights
        names = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), "WRb", strict=True))
        given = {theirs: w[ours] for theirs, ours in names.items()} | {"bias_hh_l0": self.zero}
        y, _ = torch.func.functional_call(self.lstm, given, (x[:, None],))
        return torch.addmm(w["output.b"], y[:, 0], w["output.W"].T)


def _stacked(weights):
    """Put the bars' weights into one array a kind."""
    kinds = {k: np.concatenate([weights[f"forward.{k}_{bar}"] for bar in BARS]) for k in "WRb"}
    return kinds | {k: weights[k] for k in ("output.W", "output.b")}


def _apart(stacked):
    """Undo `_stacked`."""
    parts = {
        f"forward.{k}_{bar}": part
        for k in "WRb"
        for bar, part in zip(BARS, np.split(stacked[k], 4), strict=True)
    }
    return parts | {k: stacked[k] for k in ("output.W", "output.b")}


def open_any(name, network, sequences, weights, *rest):
    """Open the library's engines and the one above."""
    if name == "nn.LSTM":
        return LSTMEngine(network, sequences, weights)
    return open_engine(name, network, sequences, weights, *rest)


training.open_engine = open_any


def train(plan, trial, sequences, kernel) -> dict:
    """Train a trial and return its record."""
    with tempfile.TemporaryDirectory() as folder:
        file, stopping = Path(folder) / "checkpoint", threading.Event()
        report = lambda *_: None  # noqa: E731
        return training.train(plan, trial, sequences, kernel, file, "", report, stopping)


def compare(plan, trial, sequences, kernel) -> dict:
    """Train a trial with the fused engine and with another."""
    fused = train(replace(plan, engine="fused"), trial, sequences, kernel)
    other = train(plan, trial, sequences, kernel)
    row = {
        "engine": plan.engine,
        "variant": plan.variant,
        "trial": trial["trial"],
        "hidden_size": trial["hidden_size"],
        "epochs": other["epochs"],
        "fused_epochs": fused["epochs"],
        "seconds": other["train_seconds"],
        "fused_seconds": fused["train_seconds"],
        "test": other["test"],
        "fused_test": fused["test"],
    }
    # An epoch; one in which a trial diverges does not count.
    times = [record["train_seconds"] / max(1, record["epochs"]) for record in (other, fused)]
    row["ratio"] = times[0] / times[1]
    print(", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()))
    return row


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configfile", type=Path, required=True, help="a study of jsb, in JSON")
    parser.add_argument("--trials", type=int, default=5, help="of variant NP (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing (default: 0)")
    arguments = parser.parse_args()
    study = study_or_exit([arguments.configfile], with_corpora=True)
    sequences = study.tasks["jsb"].features("jsb", None, 1, lambda *_: None)
    draw = np.random.default_rng(arguments.seed)
    some = {v: draw.permutation(draw_trials(study, "jsb", v)) for v in study.variants}
    epochs, patience = study.epochs("jsb"), study.training.patience
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        kernels = {v: str(Path(folder) / f"{v}.so") for v in {"NP", *study.variants}}
        for name, kernel in kernels.items():
            build(study.cell(name), kernel, study.training.instruction_set)
        plan = training.Plan("jsb", "NP", epochs, patience, "nn.LSTM", "cpu")
        whole = draw.permutation(draw_trials(study, "jsb", "NP"))[: arguments.trials]
        rows += [compare(plan, trial, sequences, kernels["NP"]) for trial in whole]
        for name, trials in some.items():
            file = study.cells.get(name)
            plan = training.Plan("jsb", name, FEW_EPOCHS, patience, "reference", "cpu", file)
            rows.append(compare(plan, trials[0], sequences, kernels[name]))
    table = pd.DataFrame(rows)
    table.round(4).to_csv(RESULTS, index=False, lineterminator="\n")
    for name, part in table.groupby("engine", sort=False):
        low, middle, high = part["ratio"].quantile([0, 0.5, 1])
        print(f"{name}: {middle:.1f} times as long (from {low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
