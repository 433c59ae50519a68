"""Random search: every trial's hyperparameters, a pure function of the study's seed and ranges."""

import math

import numpy as np

from odyssey import seeds
from odyssey.config import Search, Study


def draw_trial(
    search: Search,
    also_search: list[str],
    study_seed: int,
    task: str,
    variant: str,
    trial: int,
) -> dict[str, int | float | bool]:
    """Draw one trial.

    Parameters
    ----------
    search : Search
        The ranges.
    also_search : list of str
        ``"nesterov"`` and ``"clip"``, if the task searches them.
    study_seed : int
    task, variant : str
    trial : int
        Number of the trial within its cell, from 0.

    Returns
    -------
    dict
        trial, seed, hidden_size (blocks a direction), learning_rate, momentum, input_noise, and,
        if searched, nesterov and clip.

    References
    ----------
    Greff et al. (2017), "Hyperparameter search".
    """
    sequence = seeds.cell_sequence(study_seed, task, variant, trial, "hyperparameters")
    # One uniform number a hyperparameter, always six, so that searching one more moves no other.
    u = np.random.Generator(np.random.PCG64(sequence)).random(6)

    def log_uniform(position, interval):
        low, high = math.log(interval.low), math.log(interval.high)
        value = math.exp(low + float(u[position]) * (high - low))
        return min(max(value, interval.low), interval.high)

    noise = search.input_noise
    drawn = {
        "trial": trial,
        "seed": seeds.trial_seed(study_seed, task, variant, trial),
        "hidden_size": round(log_uniform(0, search.hidden_size)),
        "learning_rate": log_uniform(1, search.learning_rate),
        "momentum": 1 - log_uniform(2, search.one_minus_momentum),
        "input_noise": noise.low + float(u[3]) * (noise.high - noise.low),
    }
    if "nesterov" in also_search:
        drawn["nesterov"] = bool(u[4] < 0.5)
    if "clip" in also_search:
        drawn["clip"] = bool(u[5] < 0.5)
    return drawn


def draw_cell(study: Study, task: str, variant: str) -> list[dict[str, int | float | bool]]:
    """Draw all trials of a cell.

    Parameters
    ----------
    study : Study
    task, variant : str

    Returns
    -------
    list of dict
        As `draw_trial` returns them.
    """
    also_search = study.tasks[task].also_search
    return [
        draw_trial(study.search, also_search, study.seed, task, variant, trial)
        for trial in range(study.search.trials)
    ]
