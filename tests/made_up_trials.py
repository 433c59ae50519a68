"""A made-up study whose true effects are known: `python tests/made_up_trials.py FOLDER` writes it.

Every result is a sum of known terms: the task's best, the variant's shift, a term for each
hyperparameter, and chance. What the analysis has to find in it can so be said beforehand.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from odyssey.cells.variants import PAPER_VARIANTS, cell
from odyssey.config import read_study
from odyssey.search import draw_trial
from odyssey.search_space import Search
from odyssey.training.networks import Network, count_weights

SEED = 1
TASKS = read_study({"study": "s", "tasks": {"timit": {}, "iam": {}, "jsb": {}}}).descriptions
EPOCHS = 150


@dataclass(frozen=True)
class Truth:
    """What is true of a task, in units of its measure.

    Parameters
    ----------
    best : float
        Result of vanilla at the best hyperparameters, but for chance.
    learning_rate : float
        Loss from the best learning rate, 10**-2.8, to the worst, four decades away, squared law.
    hidden_size : float
        Loss from 200 blocks to 20, linear in the logarithm.
    noise : float
        Loss from the best input noise to a whole unit away from it, squared law.
    best_noise : float
    momentum : float
        Loss from momentum 0.99 to 0, linear in the logarithm of 1 - momentum.
    interaction : float
        Of learning rate and momentum, the product of their places in their ranges, each from -1/2
        to 1/2: it has no part in the main effect of either.
    chance : float
        Standard deviation of what nothing explains.
    shifts : dict of str to float
        Of the variants that differ from vanilla.
    inputs, outputs, directions : int
    loss : str
    """

    best: float
    learning_rate: float
    hidden_size: float
    noise: float
    best_noise: float
    momentum: float
    interaction: float
    chance: float
    shifts: dict[str, float]
    inputs: int
    outputs: int
    directions: int
    loss: str


# The paper's findings as the truth: which variants are worse, and what matters how much.
TRUTH = {
    "timit": Truth(
        29.6,
        25.0,
        7.0,
        6.0,
        0.3,
        0.6,
        13.0,
        0.35,
        {"NOG": 3.0, "NIAF": 3.5, "NIG": 3.2, "NFG": 5.0, "NOAF": 6.0},
        39,
        61,
        2,
        "softmax",
    ),
    "iam": Truth(
        9.3,
        60.0,
        16.0,
        8.0,
        0.0,
        1.0,
        30.0,
        0.6,
        {"NOG": 7.0, "NIAF": 6.5, "NIG": 8.0, "NFG": 14.0, "NOAF": 11.0},
        4,
        82,
        2,
        "ctc",
    ),
    "jsb": Truth(
        8.38,
        3.5,
        0.9,
        0.5,
        0.0,
        0.06,
        1.8,
        0.04,
        {"FGR": 0.4, "NFG": 0.6, "NOAF": 0.5},
        88,
        88,
        1,
        "sigmoid",
    ),
}
BEST_LEARNING_RATE = -2.8  # log10
ALSO_SEARCHED = {"timit": ["nesterov", "clip"]}
# What a further layer gains, and what ten times the batch loses, in shares of what size gains.
A_LAYER, A_BATCH = 0.15, 0.3


def expected_result(
    task: str,
    of_variant: str,
    learning_rate: np.ndarray,
    hidden_size: np.ndarray,
    input_noise: np.ndarray,
    momentum: np.ndarray,
) -> np.ndarray:
    """Return the true test result without chance.

    Parameters
    ----------
    task, of_variant : str
    learning_rate, hidden_size, input_noise, momentum : array-like of float
        Of one shape.

    Returns
    -------
    numpy.ndarray of float
        In the task's measure; lower is better.
    """
    t = TRUTH[task]
    place = (np.log10(learning_rate) + 6) / 4 - 0.5
    rate = (np.log10(learning_rate) - BEST_LEARNING_RATE) / 4
    size = np.log10(200 / np.asarray(hidden_size))
    slowness = np.log10(1 - np.asarray(momentum)) / 2 + 1
    return (
        t.best
        + t.shifts.get(of_variant, 0.0)
        + t.learning_rate * rate**2
        + t.hidden_size * size
        + t.noise * (np.asarray(input_noise) - t.best_noise) ** 2
        + t.momentum * slowness
        + t.interaction * place * (slowness - 0.5)
    )


def trials(
    number: int = 200,
    tasks: tuple[str, ...] = tuple(TRUTH),
    variants: tuple[str, ...] = PAPER_VARIANTS,
    synthetic: tuple[str, ...] = tuple(TRUTH),
    seed: int = SEED,
    search: Search | None = None,
) -> pd.DataFrame:
    """Make up the table of all trials.

    Parameters
    ----------
    number : int
        Trials a search.
    tasks, variants : tuple of str
    synthetic : tuple of str
        The tasks whose corpus shall pass for a stand-in.
    seed : int
    search : Search, optional
        The ranges, by default the paper's.

    Returns
    -------
    pandas.DataFrame
        With the columns of ``trials.csv``. Some trials at high learning rates diverge, a few of
        them in their first epoch, and those have no result.
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"task": task, "variant": of_variant}
        | draw_trial(
            search or Search(),
            ALSO_SEARCHED.get(task, []),
            seed,
            task,
            of_variant,
            trial,
            _network(task, of_variant, 1, 1),
        )
        for task in tasks
        for of_variant in variants
        for trial in range(number)
    )
    for column in ("nesterov", "clip"):
        if column in frame:
            frame[column] = frame[column].astype("boolean")
    layers, batch = (frame.get(c, pd.Series(1, frame.index)) for c in ("layers", "batch"))
    frame["parameters"] = [
        count_weights(_network(*of_trial))
        for of_trial in zip(
            frame["task"], frame["variant"], frame["hidden_size"], layers, strict=True
        )
    ]
    chance = frame["task"].map({name: truth.chance for name, truth in TRUTH.items()})
    expected = np.concatenate(
        [
            expected_result(
                task,
                of_variant,
                own["learning_rate"].to_numpy(),
                own["hidden_size"].to_numpy(),
                own["input_noise"].to_numpy(),
                own["momentum"].to_numpy(),
            )
            for (task, of_variant), own in frame.groupby(["task", "variant"], sort=False)
        ]
    )
    gain = frame["task"].map({name: truth.hidden_size for name, truth in TRUTH.items()})
    expected += gain * (A_BATCH * np.log10(batch) - A_LAYER * (layers - 1))
    frame["status"] = "completed"
    frame["reason"] = ""
    speed = np.log10(frame["learning_rate"]) + 6
    frame["best_epoch"] = np.clip(
        np.rint(150 - 30 * speed + rng.normal(0, 8, len(frame))), 3, EPOCHS
    ).astype("int64")
    frame["epochs"] = np.minimum(frame["best_epoch"] + 16, EPOCHS)
    frame["test"] = expected + chance * rng.normal(size=len(frame))
    frame["validation"] = frame["test"] + 0.2 * chance * rng.normal(size=len(frame))
    frame = _diverge(frame, rng)
    work = frame["parameters"] * (1 + 0.3 * frame["input_noise"]) * frame["epochs"]
    frame["train_seconds"] = np.round(1e-4 * work, 3)
    frame["engine"] = "fused"
    frame["device"] = "cpu"
    frame["machine"] = "none: the results are made up"
    frame["synthetic"] = frame["task"].isin(synthetic)
    frame["source"] = np.where(frame["synthetic"], "stand-in", frame["task"] + " corpus")
    # The order of columns is that of the real table.
    first = ["task", "variant", "trial", "seed", "hidden_size", "learning_rate", "momentum"]
    optional = ("input_noise", "nesterov", "clip", "layers", "batch", "parameters", "status")
    first += [c for c in optional if c in frame]
    first += ["reason", "epochs", "best_epoch", "validation", "test"]
    return frame[[*first, *(c for c in frame if c not in first)]]


def _network(task: str, of_variant: str, hidden_size: int, layers: int) -> Network:
    t = TRUTH[task]
    return Network(cell(of_variant), t.inputs, hidden_size, t.outputs, t.directions, t.loss, layers)


def _diverge(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Let a third of the trials with high learning rate and momentum diverge, half at once."""
    hot = (frame["learning_rate"] > 4e-3) & (frame["momentum"] > 0.9)
    diverged = hot & (rng.random(len(frame)) < 1 / 3)
    at_once = diverged & (rng.random(len(frame)) < 1 / 2)
    frame.loc[diverged, "status"] = "diverged"
    frame.loc[diverged, "epochs"] = frame.loc[diverged, "best_epoch"]
    frame.loc[at_once, ["epochs", "best_epoch"]] = 0
    frame.loc[at_once, ["validation", "test"]] = np.nan
    stopped = frame.loc[diverged, "epochs"] + 1
    frame.loc[diverged, "reason"] = "not finite in epoch " + stopped.astype(str)
    return frame


def curves(of_trials: pd.DataFrame, seed: int = SEED) -> pd.DataFrame:
    """Make up the learning curves that end in the trials' results.

    Parameters
    ----------
    of_trials : pandas.DataFrame
        As `trials` returns it.
    seed : int

    Returns
    -------
    pandas.DataFrame
        With the columns of ``curves.parquet``; the least validation value of a trial is its result
        and stands at its best epoch.
    """
    rng = np.random.default_rng(seed)
    repeated = of_trials.loc[of_trials.index.repeat(of_trials["epochs"])]
    epoch = repeated.groupby(level=0, sort=False).cumcount().to_numpy() + 1
    best = repeated["best_epoch"].to_numpy()
    result = repeated["validation"].to_numpy()
    above = np.where(
        epoch <= best,
        np.exp(-5 * epoch / np.maximum(best, 1)) - np.exp(-5),
        0.002 * (epoch - best),
    )
    wiggle = np.where(epoch == best, 0.0, 0.01 * rng.random(len(epoch)))
    return pd.DataFrame(
        {
            "task": repeated["task"].to_numpy(),
            "variant": repeated["variant"].to_numpy(),
            "trial": repeated["trial"].to_numpy(),
            "epoch": epoch.astype("int64"),
            "train_loss": 0.1 * result * (0.8 + 2 * np.exp(-4 * epoch / np.maximum(best, 1))),
            "validation": result * (1 + np.maximum(above, 0) + wiggle),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="gets trials.csv and curves.parquet")
    parser.add_argument("--trials", type=int, default=200, help="trials a search (default: 200)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    table = trials(arguments.trials)
    table.to_csv(arguments.folder / "trials.csv", index=False)
    curves(table).to_parquet(arguments.folder / "curves.parquet", index=False)


if __name__ == "__main__":
    main()
