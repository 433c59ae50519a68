"""What other choices would have found: differences from vanilla, choice by choice."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.robustness import EQUAL, FRACTION, IMPROVEMENT, MEASURE, TRIALS
from odyssey.analysis.verdicts import BETTER, NO_DIFFERENT, OPEN, WORSE
from odyssey.figures import style

PANELS = {
    FRACTION: "best … of the trials",
    TRIALS: "… trials a search",
    MEASURE: "summed up by",
    EQUAL: "at equal parameters",
    IMPROVEMENT: "better than V, chance",
}
# Marker of each verdict and whether it is filled; the chance of being better has none.
MARKERS = {
    WORSE: ("o", True),
    NO_DIFFERENT: ("o", False),
    OPEN: ("x", False),
    "": ("s", False),
}
# Height that the settings of a variant take together, of the distance of two variants.
SPREAD = 0.7


def draw(robustness: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw a row for each task and a panel for each aspect.

    Parameters
    ----------
    robustness : pandas.DataFrame
        As `robustness.analyse` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        A point and its interval for each variant and setting; filled where the variant differs
        significantly from vanilla, hollow where it is no different, crossed where that is open.
    """
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(robustness["task"])
    }
    if not titles:
        return style.sentence("no variant could be compared with V")
    variants = list(robustness["variant"].unique())
    with style.style():
        height = 0.9 + (0.6 + 0.33 * len(variants)) * len(titles)
        figure = Figure(figsize=(style.PAGE, height), layout="constrained")
        rows = figure.subfigures(len(titles), 1, squeeze=False)[:, 0]
        for row, (task, title) in zip(rows, titles.items(), strict=True):
            row.suptitle(title.replace("\n", " "), fontweight="bold")
            grid = row.subplots(1, len(PANELS), sharey=True, width_ratios=[3, 2.4, 2.4, 1.6, 1.6])
            of_task = robustness[robustness["task"] == task]
            for ax, (aspect, heading) in zip(grid, PANELS.items(), strict=True):
                _panel(ax, of_task[of_task["aspect"] == aspect], variants)
                ax.set_title(heading, fontsize=6.5, fontweight="normal")
                if aspect == IMPROVEMENT:
                    ax.set_xlim(0, 1)
            grid[0].set_yticks(np.arange(len(variants)), variants)
            grid[0].invert_yaxis()
            grid[1].set_xlabel(f"difference from V, {tasks[task]['measure']}")
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, variants: list[str]) -> None:
    if rows.empty:
        ax.set_xticks([])
        return
    settings = list(rows["setting"].unique())
    ax.axvline(
        0.5 if set(rows["aspect"]) == {IMPROVEMENT} else 0, color=palette.GREY, linewidth=0.6
    )
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, max(1, len(settings))))
    places = np.linspace(-SPREAD / 2, SPREAD / 2, len(settings)) if len(settings) > 1 else [0.0]
    for setting, colour, place in zip(settings, shades, places, strict=True):
        some = rows[rows["setting"] == setting]
        y = some["variant"].map(variants.index).to_numpy() + place
        ax.hlines(y, some["low"], some["high"], color=colour, linewidth=0.8)
        for verdict, (marker, filled) in MARKERS.items():
            chosen = some["verdict"].isin([WORSE, BETTER] if filled else [verdict]).to_numpy()
            ax.plot(
                some["estimate"][chosen],
                y[chosen],
                marker,
                markersize=2.8,
                color=colour,
                markerfacecolor=colour if filled else "white",
                label=setting if filled and setting else None,
            )
    if len(settings) > 1:
        ax.legend(fontsize=4.5, loc="best", handletextpad=0.1, labelspacing=0.2)
