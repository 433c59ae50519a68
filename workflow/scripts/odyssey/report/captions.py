"""Captions of the figures: what each one shows, and what this study found."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from odyssey.analysis.surrogates import FOREST, GP
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
        "differ significantly from vanilla by the test named below. Grey bars: mean number of "
        "parameters.",
    ),
    "figure_4": (
        "Test result and training time against each hyperparameter",
        "Predictions of the surrogate, averaged over all other hyperparameters; shaded: standard "
        "deviation of the posterior, or over a forest's trees.",
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
    "robustness": (
        "Differences from vanilla under other choices",
        "Best fraction, number of trials, measure and size of the networks, each changed in turn; "
        "filled where the permutation of whole cells, for all variants together, tells a variant "
        "from vanilla, hollow where it is no different by more than the margin, crossed where "
        "neither is shown. Right: the chance that a selected trial is better than one of "
        "vanilla's.",
    ),
    "surrogates": (
        "How much of an interaction is the forest",
        "A Gaussian process and the paper's forest on the same trials: shares in the variance of "
        "the test result, and marginals.",
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


def caption(
    name: str, findings: Mapping[str, Callable[[str, str], list[str]]], surrogate: str = GP
) -> Caption:
    """Caption a figure.

    Parameters
    ----------
    name : str
        ``figure_3``; one of the supplement has its variant too, ``figure_4_NOAF``, and one of the
        paper's surrogate that, ``figure_4_V_forest``.
    findings : mapping of str to callable
        From figures' names to what takes a variant and a surrogate and says what was found.
    surrogate : str
        That of figures which name none.

    Returns
    -------
    Caption
        A figure that is not known has its name for a title.
    """
    beside = re.fullmatch(rf"(figure_\d_.+)_{FOREST}", name)
    if beside:
        name, surrogate = beside[1], FOREST
    whole = re.fullmatch(r"(figure_\d)_(.+)", name)
    figure, variant = whole.groups() if whole else (name, sentences.REFERENCE)
    title, reading = TITLES.get(figure, (figure.replace("_", " ").capitalize(), ""))
    number = re.fullmatch(r"figure_(\d)", figure)
    if number:
        title = f"Figure {number[1]}. {title}"
    if whole:
        title += f": {variant}{', by the paper’s forest' if beside else ''}"
    find = findings.get(figure)
    return Caption(title, reading, find(variant, surrogate) if find else [])
