"""How many bits of random labels a weight of each cell holds, and how many more than vanilla's."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis import effects
from odyssey.figures import style

PANELS = {effects.BITS: "bits a parameter", effects.BITS_MORE: "more than V"}


def draw(bits: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw a row of panels for each task, and a line for each cell, the best on top.

    Parameters
    ----------
    bits : pandas.DataFrame
        As `effects.table` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task`, `source` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Left each cell's bits; right, in a study with vanilla, their difference from its, with the
        interval for all cells together, filled where that excludes zero.
    """
    bits = bits[bits["effect"].isin(PANELS) & bits["estimate"].notna()]
    titles = style.titles(distributions, tasks)
    titles = {task: title for task, title in titles.items() if task in set(bits["task"])}
    if not titles:
        return style.sentence("no run tells what it has stored")
    panels = [effect for effect in PANELS if (bits["effect"] == effect).any()]
    counts = [bits.loc[bits["task"] == task, "variant"].nunique() for task in titles]
    with style.style():
        heights = [0.55 + 0.14 * count for count in counts]
        figure = Figure(figsize=(style.PAGE, 0.2 + sum(heights)), layout="constrained")
        grid = figure.subplots(
            len(titles), len(panels), squeeze=False, sharey="row", height_ratios=heights
        )
        for row, (task, title) in zip(grid, titles.items(), strict=True):
            of_task = bits[bits["task"] == task]
            order = _found(of_task, effects.BITS).sort_values("estimate")
            for ax, effect in zip(row, panels, strict=True):
                _panel(ax, _found(of_task, effect).reindex(order.index), effect)
            row[0].set_yticks(np.arange(len(order)), order.index)
            row[0].set_title(title.replace("\n", " "), loc="left")
    return figure


def _found(of_task: pd.DataFrame, effect: str) -> pd.DataFrame:
    return of_task[of_task["effect"] == effect].set_index("variant")


def _panel(ax: Axes, rows: pd.DataFrame, effect: str) -> None:
    """Draw estimates with the intervals of their family; vanilla has no difference from itself."""
    y = np.arange(len(rows))
    ax.hlines(y, rows["family_low"], rows["family_high"], color=palette.BLUE, linewidth=0.9)
    filled = np.ones(len(rows), dtype=bool)
    if effect == effects.BITS_MORE:
        ax.axvline(0, color=palette.GREY, linewidth=0.6)
        filled = effects.clear(rows).to_numpy()
    for chosen, face in ((filled, palette.BLUE), (~filled, "white")):
        some = rows["estimate"][chosen]
        ax.plot(some, y[chosen], "o", markersize=3.2, color=palette.BLUE, markerfacecolor=face)
    ax.set_xlabel(PANELS[effect])
    ax.grid(axis="y")
