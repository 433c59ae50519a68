"""What a Gaussian process and the paper's forest make of the same trials, side by side."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.fanova import HIGHER, main_shares
from odyssey.figures import style
from odyssey.figures.figure_4 import PARAMETERS
from odyssey.hyperparameters import BY_NAME

LOOKS = {
    "gp": (palette.BLUE, "o", "-", "Gaussian process"),
    "forest": (palette.ORANGE, "s", (0, (4, 2)), "forest"),
}
# Shares below this one stand at the edge.
LEAST = 1e-3


def draw(
    importance: pd.DataFrame,
    marginals: pd.DataFrame,
    distributions: pd.DataFrame,
    tasks: style.Tasks,
    variant: str = "V",
) -> Figure:
    """Draw shares and marginals of both surrogates, a row for each task.

    Parameters
    ----------
    importance, marginals : pandas.DataFrame
        As `fanova.analyse_search` returns them, of all searches.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Left shares in the variance of the test result with their intervals, on a logarithmic axis;
        then the marginal test result along each hyperparameter, bands one standard deviation.
    """
    shares = pd.concat([main_shares(importance, kind) for kind in LOOKS])
    shares = shares[shares["variant"] == variant]
    curves = marginals[(marginals["variant"] == variant) & (marginals["response"] == "test")]
    known = [p for p in PARAMETERS if p in set(curves["parameter"])]
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(shares["task"])
    }
    if not titles:
        return style.no_surrogate(variant)
    with style.style():
        figure = Figure(figsize=(style.PAGE, 0.6 + 1.9 * len(titles)), layout="constrained")
        rows = figure.subfigures(len(titles), 1, squeeze=False)[:, 0]
        for row, (task, title) in zip(rows, titles.items(), strict=True):
            row.suptitle(" ".join([title.replace("\n", " "), "·", variant]), fontweight="bold")
            widths = [1.5, *(1 for _ in known)]
            grid = row.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0]
            _shares(grid[0], shares[shares["task"] == task])
            of_task = curves[curves["task"] == task]
            for ax, parameter in zip(grid[1:], known, strict=True):
                _curves(ax, of_task[of_task["parameter"] == parameter], parameter, len(widths))
            if known:
                grid[1].set_ylabel(tasks[task]["measure"])
        grid[0].legend(loc="upper left")
    return figure


def _shares(ax: Axes, shares: pd.DataFrame) -> None:
    terms = [term for term in (*BY_NAME, HIGHER) if term in set(shares["term"])]
    for place, kind in ((-0.15, "gp"), (0.15, "forest")):
        colour, marker, _, label = LOOKS[kind]
        rows = shares[shares["surrogate"] == kind].set_index("term").reindex(terms)
        y = np.arange(len(terms)) + place
        value = rows["share"].clip(lower=LEAST)
        reach = [value - rows["low"].clip(lower=LEAST), rows["high"].clip(lower=LEAST) - value]
        ax.errorbar(
            value, y, xerr=np.maximum(reach, 0), fmt=marker, color=colour, label=label, markersize=3
        )
    ax.set_xscale("log")
    ax.set_xlim(LEAST, 1.1)
    ax.set_yticks(np.arange(len(terms)), [style.label(term) for term in terms])
    ax.invert_yaxis()
    ax.set_xlabel("share of the variance")
    if HIGHER in terms:
        ax.axhline(terms.index(HIGHER) - 0.5, color=palette.GREY, linewidth=0.5)


def _curves(ax: Axes, curves: pd.DataFrame, parameter: str, panels: int) -> None:
    for kind, (colour, _, line, _) in LOOKS.items():
        curve = curves[curves["surrogate"] == kind].sort_values("value")
        low, high = curve["mean"] - curve["sd"], curve["mean"] + curve["sd"]
        ax.fill_between(curve["value"], low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(curve["value"], curve["mean"], color=colour, linestyle=line)
    style.along(ax, parameter, panels)
