"""What accuracy costs: test result against number of parameters and against training time."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.figures import looks, style

COSTS = {"parameters": "parameters", "train_seconds": "training time (s)"}
SEVERAL = "; a front for each engine,\nas their seconds do not compare"


def draw(
    trials: pd.DataFrame, fronts: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks
) -> Figure:
    """Draw a row for each cost and a column for each task: trials and the front they form.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial.
    fronts : pandas.DataFrame
        As `budget.fronts` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Grey dots are trials; coloured marks are the front's, which no other trial beats in both.
        In seconds each engine has a front of its own.
    """
    titles = style.titles(distributions, tasks)
    variants = list(trials["variant"].unique())
    with style.style():
        width = style.PAGE if len(titles) > 1 else style.COLUMN
        figure = Figure(figsize=(width, 4.6), layout="constrained")
        grid = figure.subplots(len(COSTS), len(titles), squeeze=False)
        handles: dict[str, Artist] = {}
        for row, cost in zip(grid, COSTS, strict=True):
            for ax, task in zip(row, titles, strict=True):
                of_task = trials[(trials["task"] == task) & trials["test"].notna()]
                front = fronts[(fronts["task"] == task) & (fronts["cost"] == cost)]
                _panel(ax, of_task, front, cost, variants, handles)
                several = cost == "train_seconds" and of_task["engine"].nunique() > 1
                ax.set_xlabel(COSTS[cost] + (SEVERAL if several else ""))
                ax.set_ylabel(tasks[task]["measure"])
        for ax, title in zip(grid[0], titles.values(), strict=True):
            ax.set_title(title)
        style.legend_below(figure, {name: handles[name] for name in variants if name in handles})
    return figure


def _panel(
    ax: Axes,
    trials: pd.DataFrame,
    front: pd.DataFrame,
    cost: str,
    variants: list[str],
    handles: dict[str, Artist],
) -> None:
    # Thousands of dots are drawn once as an image, not one by one at every look at the page.
    ax.scatter(
        trials[cost],
        trials["test"],
        s=3,
        color=palette.GREY,
        alpha=0.35,
        linewidths=0,
        rasterized=True,
    )
    keys = ["variant", "trial"]
    by = front.merge(trials[[*keys, "engine"]], on=keys)["engine"]
    one_or_each = by.groupby(by, sort=False) if cost == "train_seconds" else [("", by)]
    for _, part in one_or_each:
        steps = front.iloc[part.index]
        ax.step(steps["value"], steps["test"], where="post", color=palette.INK, linewidth=0.8)
    for variant, points in front.groupby("variant", sort=False):
        (dots,) = ax.plot(
            points["value"],
            points["test"],
            markersize=4.5,
            markeredgecolor="white",
            markeredgewidth=0.4,
            **looks.dot_of(variant, variants),
        )
        handles.setdefault(variant, dots)
    ax.set_xscale("log")
    if len(trials) > 1:
        # The worst quarter of trials would press the front into the axis.
        low, high = trials["test"].min(), front["test"].max()
        top = max(high, low + 0.05 * abs(low))
        ax.set_ylim(low - 0.06 * (top - low), top + 0.25 * (top - low))
