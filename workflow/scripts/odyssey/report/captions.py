"""Captions of the figures as the page shows them: what each shows, and what this study found."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from odyssey.analysis.surrogates import FOREST, GP
from odyssey.captions import of_figure
from odyssey.report.sentences import REFERENCE

Finders = Mapping[str, Callable[[str, str], list[str]]]
"""From figures' names to what takes a variant and a surrogate and says what was found."""
SUPPLEMENT = re.compile(rf"(figure_\d)_(.+?)(_{FOREST})?")


@dataclass(frozen=True)
class Shown:
    """What stands under a figure.

    Parameters
    ----------
    reading : str
        How to read the figure.
    findings : list of str
        What this study found, a sentence or a few for each task.
    subject : str
        The variant, and the surrogate beside it, of a figure that there is for each; else empty.
    """

    title: str
    reading: str
    findings: list[str]
    subject: str


def caption(name: str, find: Finders, surrogate: str = GP) -> Shown:
    """Caption a figure.

    Parameters
    ----------
    name : str
        ``figure_3``; one of the supplement has its variant too, ``figure_4_NOAF``, and one of the
        paper's surrogate that, ``figure_4_V_forest``.
    surrogate : str
        That of figures which name none.
    """
    whole = SUPPLEMENT.fullmatch(name)
    figure, variant, beside = whole.groups() if whole else (name, REFERENCE, None)
    if beside:
        surrogate = FOREST
    words = of_figure(figure)
    title = words.title
    number = re.fullmatch(r"figure_(\d)", figure)
    if number:
        title = f"Figure {number[1]}. {title}"
    subject = f"{variant}{', by the paper’s forest' if beside else ''}" if whole else ""
    if whole:
        title += f": {subject}"
    found = find[figure](variant, surrogate) if figure in find else []
    return Shown(title, words.reading, found, subject)
