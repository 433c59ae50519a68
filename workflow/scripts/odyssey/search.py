"""Random search: every trial's hyperparameters, a pure function of the study's seed and ranges."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odyssey import seeds
from odyssey.config import Study
from odyssey.hyperparameters import BY_NAME, COLUMNS, DRAWN
from odyssey.search_space import Search
from odyssey.training.networks import Network
from odyssey.training.sizes import nearest_size, network
from odyssey.trials import Trial


def draw_trial(
    search: Search,
    also_search: Sequence[str],
    study_seed: int,
    task: str,
    variant: str,
    trial: int,
    of: Network | None = None,
) -> Trial:
    """Draw one trial.

    Parameters
    ----------
    search : Search
        The ranges.
    also_search : sequence of str
        ``"nesterov"`` and ``"clip"``, if the task searches them.
    trial : int
        Its number within the task and variant, from 0.
    of : Network, optional
        The variant's, of any size, from which a size follows where `search.parameters` is given.

    Returns
    -------
    Trial
        trial, seed, hidden_size (units a direction), learning_rate, momentum, input_noise, and,
        if searched, nesterov and clip; layers and batch, if they are not fixed at 1.

    References
    ----------
    Greff et al. (2017), "Hyperparameter search".
    """
    sequence = seeds.trial_sequence(study_seed, task, variant, trial, "hyperparameters")
    # One uniform number a hyperparameter, always all, so that searching one more moves no other.
    uniform = np.random.Generator(np.random.PCG64(sequence)).random(DRAWN)

    ranges = search.ranges

    def drawn(name: str) -> int | float | bool:
        one = BY_NAME[name]
        return one.draw(float(uniform[one.position]), *ranges.get(one.key, (0, 1)))

    found: Trial = {"trial": trial, "seed": seeds.trial_seed(study_seed, task, variant, trial)}
    for one in COLUMNS:
        fixed = ranges.get(one.key) == (one.absent, one.absent)
        if one.name == "hidden_size" and "parameters" in ranges:
            if of is None:
                raise ValueError("sizes follow from search.parameters by the variant's network")
            layers = int(drawn("layers"))
            found[one.name] = nearest_size(replace(of, layers=layers), drawn("parameters"))
        elif one.name in also_search or (one.key in ranges and not fixed):
            found[one.name] = drawn(one.name)
    return found


def draw_trials(study: Study, task: str, variant: str) -> list[Trial]:
    """Draw all trials of a variant on a task."""
    settings = study.tasks[task]
    of = network(settings, study.cell(variant), 1) if study.search.parameters else None
    return [
        draw_trial(study.search, settings.also_search, study.seed, task, variant, trial, of)
        for trial in range(study.search.trials)
    ]


def sizes(search: Search, of: Network, points: int) -> list[int]:
    """Spread sizes over the searched range as trials are on average, ascending.

    A small range has the same size several times. `of` is a network of the variant, of any size.
    """
    low, high = search.ranges["parameters" if search.parameters else "hidden_size"]
    spread = np.geomspace(low, high, points)
    return [nearest_size(of, at) if search.parameters else round(float(at)) for at in spread]
