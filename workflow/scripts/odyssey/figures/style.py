"""The one look of all figures: legible in print, in grey and to the colour-blind."""

import math
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from matplotlib.typing import RcKeyType

from odyssey.analysis.samples import samples
from odyssey.hyperparameters import BY_NAME
from odyssey.palette import BLUE, INK, PALE, VERMILLION

# Widths of one and of two columns of a two-column journal page, in inches.
COLUMN, PAGE = 3.5, 7.16

DIVERGING = LinearSegmentedColormap.from_list("odyssey", [BLUE, "#d0d0d0", VERMILLION], N=255)

Tasks = Mapping[str, Mapping[str, str]]
"""Title and measure of each task, under its name (`odyssey.config.Study.descriptions`)."""

# A panel is cut above the others' top if it reaches this many times as high.
FLATTENING = 8

SETTINGS: dict[RcKeyType, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.labelsize": 7,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    # A fixed salt makes the identifiers in an SVG, and so the file, the same every time.
    "svg.hashsalt": "odyssey",
}


def style() -> AbstractContextManager[None]:
    """Apply the style to all that is drawn within the ``with`` block."""
    return mpl.rc_context(SETTINGS)


def label(term: str) -> str:
    """Name a hyperparameter, or all that interact, on an axis."""
    return BY_NAME[term].short if term in BY_NAME else term


def number(value: float) -> str:
    """Write a whole number as shortly as an axis has room for, thousands as ``20k``."""
    return f"{value / 1000:.0f}k" if value >= 1e4 else f"{value:.0f}"


def along(ax: Axes, parameter: str, panels: int) -> None:
    """Make a hyperparameter the horizontal axis, once everything is drawn on it.

    Parameters
    ----------
    parameter : str
        A hyperparameter.
    panels : int
        How many share the width of a page.
    """
    shown = BY_NAME[parameter]
    if shown.logarithmic and not shown.even:
        ax.set_xscale("log")
        if shown.kind == "int64":
            low, high = ax.get_xlim()
            # Beside decades there is room for one number within each, if they are few.
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 200 * low else (1,)))
            ax.xaxis.set_major_formatter(lambda value, _: number(value))
            ax.xaxis.set_minor_locator(NullLocator())
    if shown.scale == "linear" and panels > 4:
        ax.xaxis.set_major_locator(MaxNLocator(2))
    if shown.scale == "whole":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(x=0)
    ax.set_xlabel(shown.short)


def titles(distributions: pd.DataFrame, tasks: Tasks) -> dict[str, str]:
    """Name the tasks of a study.

    Parameters
    ----------
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task`, `source` and `synthetic`.

    Returns
    -------
    dict of str to str
        In the study's order; what is made up (`task_title`) or a mere sample is called so.
    """
    synthetic = distributions.groupby("task", sort=False)["synthetic"].any()
    named = {t: task_title(tasks[t]["title"], bool(flag)) for t, flag in synthetic.items()}
    sampled = samples(distributions, {t: tasks[t]["kind"] for t in named})
    return {t: f"{title}\n({sampled[t]})" if t in sampled else title for t, title in named.items()}


def task_title(title: str, synthetic: bool) -> str:
    """Name a task above its panel, and say so where its corpus is made up.

    Parameters
    ----------
    title : str
        Of the task.

    Returns
    -------
    str
        One line, or two.
    """
    return f"{title}\n(synthetic stand-in)" if synthetic else title


def tallest(tops: pd.Series, low: float) -> float:
    """Find how far up a panel has to reach.

    Parameters
    ----------
    tops : pandas.Series of float
        Where each variant ends.
    low : float
        Lower end of the panel, in the same unit.

    Returns
    -------
    float
        The highest of `tops`, or the second where the highest would flatten all others; NaN if
        there are none.
    """
    ends: list[float] = tops.sort_values(ascending=False).to_list()
    if len(ends) > 1 and ends[0] - low > FLATTENING * (ends[1] - low) > 0:
        return ends[1]
    return ends[0] if ends else math.nan


def legend_below(figure: Figure, handles: Mapping[str, Artist]) -> None:
    """Name the variants below a figure, in as many columns as fit; many rows make it taller.

    Parameters
    ----------
    handles : mapping of str to matplotlib.artist.Artist
        From names to what stands for them.
    """
    if not handles:
        return
    width, height = figure.get_size_inches()
    size = SETTINGS["legend.fontsize"] / 72
    entry = (5.5 + 0.67 * max(map(len, handles))) * size  # line and gaps, and letters
    columns = max(1, min(9, int((width - 0.2) / entry)))
    rows = math.ceil(len(handles) / columns)
    figure.set_size_inches(width, height + 1.6 * size * max(0, rows - 2))
    figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside lower center",
        ncols=columns,
        handlelength=2.8,
        columnspacing=1.6,
    )


def sentence(text: str) -> Figure:
    """Say in words why there is nothing to draw."""
    with style():
        figure = Figure(figsize=(COLUMN, 1.0))
        figure.text(0.5, 0.5, text, ha="center", va="center", wrap=True)
    return figure


def no_surrogate(variant: str) -> Figure:
    """Say why there is nothing to draw of what fANOVA finds."""
    return sentence(f"{variant}: no surrogate, or none of these hyperparameters varies")


def save(figure: Figure, paths: Iterable[str | os.PathLike[str]]) -> None:
    """Write a figure, the same bytes for the same figure.

    Parameters
    ----------
    paths : iterable of path-like
        The suffix is the format: ``.pdf``, ``.png`` or ``.svg``.
    """
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {}}
    with style():
        # Laid out once for all formats. With any engine left, even the one called "none", each
        # format would first draw the whole figure for nothing.
        if engine := figure.get_layout_engine():
            engine.execute(figure)
            figure.set_layout_engine(None)
        for path in map(Path, paths):
            figure.savefig(path, metadata=undated[path.suffix])
