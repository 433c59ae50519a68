"""The test result to expect of each variant when k trials can be paid for."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.figures import looks, style


def draw(expected: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw a panel for each task: expected best test result against the number of trials.

    Parameters
    ----------
    expected : pandas.DataFrame
        As `budget.expected_best` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        The band is vanilla's.
    """
    titles = style.titles(distributions, tasks)
    variants = list(expected["variant"].unique())
    with style.style():
        width = style.PAGE if len(titles) > 1 else style.COLUMN
        figure = Figure(figsize=(width, 3.1), layout="constrained")
        grid = figure.subplots(1, len(titles), squeeze=False)[0]
        handles: dict[str, Artist] = {}
        for ax, (task, title) in zip(grid, titles.items(), strict=True):
            _panel(ax, expected[expected["task"] == task], variants)
            ax.set_title(title)
            ax.set_ylabel(tasks[task]["measure"])
            for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        style.legend_below(figure, handles)
    return figure


def _panel(ax: Axes, curves: pd.DataFrame, variants: list[str]) -> None:
    for variant, curve in curves.groupby("variant", sort=False):
        look = looks.line_of(variant, variants)
        if variant == "V":
            ax.fill_between(
                curve["k"], curve["low"], curve["high"], color=palette.PALE, linewidth=0, zorder=1
            )
        ax.plot(curve["k"], curve["expected"], label=variant, **look)
    ax.set_xscale("log")
    ax.set_xlabel("trials")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0)
    first = curves.groupby("variant", sort=False)["expected"].max()
    low = curves[["expected", "low"]].min().min()
    top = style.tallest(first, low)
    if top < first.max():  # what is cut off is said in figures
        ax.set_ylim(low - 0.06 * (top - low), top + 0.06 * (top - low))
        text = f"{first.idxmax()} ↑ {first.max():.3g}"
        ax.annotate(text, (0.98, 0.98), xycoords="axes fraction", ha="right", va="top")
