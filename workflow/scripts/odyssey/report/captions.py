"""Captions of the figures: what each one shows, and what this study found."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from odyssey.report import sentences

# From a figure's name to its title and to how it is read.
TITLES = {
    "figure_1": (
        "The LSTM block, and what each variant changes",
        "Beside it a simple recurrent unit, and small what is taken away or added. Other cells "
        "stand below as their equations: a minus marks what the step before left, ⊙ is the "
        "product unit by unit.",
    ),
    "figure_2": ("A line of the handwriting corpus, with its transcription", ""),
    "figure_3": (
        "Test results of each variant",
        "Above all trials, below the best by validation. Boxes hold the middle half of the trials "
        "and whiskers all of them; the dot is the mean, the red line the median. Thick blue boxes "
        "differ significantly from vanilla. Grey bars: mean number of parameters.",
    ),
    "figure_4": (
        "Test result and training time against each hyperparameter",
        "Predictions of the forest, averaged over all other hyperparameters; shaded: standard "
        "deviation over its trees.",
    ),
    "figure_5": ("What explains the variance of the test result", ""),
    "figure_6": (
        "Pairs of hyperparameters",
        "The predicted test result of each pair, and what remains of it once the effects of the "
        "two alone are taken away.",
    ),
    "learning_curves": ("Learning curves of the best trials", ""),
    "expected_best": (
        "Which variant to prefer on a budget",
        "The test result to expect of the best of k random trials, chosen by validation.",
    ),
    "pareto": (
        "What accuracy costs",
        "Test results against the number of parameters and the time of training.",
    ),
    "significance": ("Differences from vanilla, over variants and tasks", ""),
}


@dataclass(frozen=True)
class Caption:
    """What stands under a figure.

    Parameters
    ----------
    title : str
    reading : str
        How to read the figure.
    findings : list of str
        What this study found, a sentence or a few for each task.
    """

    title: str
    reading: str
    findings: list[str]


def caption(name: str, findings: Mapping[str, Callable[[str], list[str]]]) -> Caption:
    """Caption a figure.

    Parameters
    ----------
    name : str
        ``figure_3``; one of the supplement has its variant too, ``figure_4_NOAF``.
    findings : mapping of str to callable
        From figures' names to what takes a variant and says what was found.

    Returns
    -------
    Caption
        A figure that is not known has its name for a title.
    """
    whole = re.fullmatch(r"(figure_\d)_(.+)", name)
    figure, variant = whole.groups() if whole else (name, sentences.REFERENCE)
    title, reading = TITLES.get(figure, (figure.replace("_", " ").capitalize(), ""))
    number = re.fullmatch(r"figure_(\d)", figure)
    if number:
        title = f"Figure {number[1]}. {title}"
    if whole:
        title += f": {variant}"
    find = findings.get(figure)
    return Caption(title, reading, find(variant) if find else [])
