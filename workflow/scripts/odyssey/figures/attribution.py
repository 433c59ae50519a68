"""Importance by nine methods, and whether the order of the hyperparameters survives them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.attribution import LOCAL, MAIN, SHAPLEY
from odyssey.analysis.surrogates import BOOSTED, FOREST, GP
from odyssey.figures import style

COLOURS = {GP: palette.BLUE, BOOSTED: palette.ORANGE, FOREST: palette.GREEN}
WORDS = {GP: "Gaussian process", BOOSTED: BOOSTED, FOREST: "the paper's forest"}
MARKERS = {MAIN: "o", SHAPLEY: "s", LOCAL: "x"}
# Height that the nine of a variant take together, of the distance of two variants.
SPREAD = 0.75


def draw(attribution: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw a row for each task and a panel for each hyperparameter.

    Parameters
    ----------
    attribution : pandas.DataFrame
        As `fanova.analyse` returns it, with `attribution.COLUMNS`.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task`, `source` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Nine shares for each variant, with their intervals.
    """
    known = attribution[attribution["share"].notna()]
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(known["task"])
    }
    if not titles:
        return style.sentence("no surrogate: too few trials have a result")
    with style.style():
        height = 0.9 + 0.36 * known["variant"].nunique()
        figure = Figure(figsize=(style.PAGE, height * len(titles)), layout="constrained")
        rows = figure.subfigures(len(titles), 1, squeeze=False)[:, 0]
        for row, (task, title) in zip(rows, titles.items(), strict=True):
            row.suptitle(title.replace("\n", " "), fontweight="bold")
            of_task = known[known["task"] == task]
            variants = list(of_task["variant"].unique())
            parameters = list(of_task["parameter"].unique())
            grid = row.subplots(1, len(parameters), sharey=True, squeeze=False)[0]
            for ax, parameter in zip(grid, parameters, strict=True):
                _panel(ax, of_task[of_task["parameter"] == parameter], variants)
                ax.set_xlabel(f"{style.label(parameter)}, %")
            grid[0].set_yticks(np.arange(len(variants)), variants)
            grid[0].invert_yaxis()
        _legend(figure)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, variants: list[str]) -> None:
    ways = [(kind, method) for kind in COLOURS for method in MARKERS]
    places = np.linspace(-SPREAD / 2, SPREAD / 2, len(ways))
    for (kind, method), place in zip(ways, places, strict=True):
        some = rows[(rows["surrogate"] == kind) & (rows["method"] == method)]
        y = some["variant"].map(variants.index).to_numpy() + place
        # Accumulated local effects of a function with many cliffs may be more than its variance.
        low, high = (100 * some[end].clip(upper=1.0) for end in ("low", "high"))
        # One broken line: a page of several tasks has a thousand of them.
        gap = np.full(len(y), np.nan)
        ends = np.column_stack([low, high, gap]).ravel()
        ax.plot(ends, np.repeat(y, 3), color=COLOURS[kind], linewidth=0.5)
        ax.plot(
            100 * some["share"].clip(upper=1.0),
            y,
            MARKERS[method],
            markersize=2.2,
            color=COLOURS[kind],
            markerfacecolor="white" if method == SHAPLEY else COLOURS[kind],
        )
    # Small shares are what the question is about.
    ax.set_xscale("function", functions=(np.sqrt, np.square))
    ax.set_xlim(0, 100)
    ax.set_xticks([1, 5, 20, 50, 100])


def _legend(figure: Figure) -> None:
    for kind, colour in COLOURS.items():
        figure.axes[0].plot([], [], "-", color=colour, label=WORDS[kind])
    for method, marker in MARKERS.items():
        face = "white" if method == SHAPLEY else palette.INK
        figure.axes[0].plot(
            [], [], marker, markersize=3, color=palette.INK, markerfacecolor=face, label=method
        )
    figure.legend(loc="outside lower center", ncols=6, columnspacing=1.0, handletextpad=0.3)
