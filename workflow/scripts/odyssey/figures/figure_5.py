"""Shares of the hyperparameters in the variance of the test result (paper, figure 5)."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.fanova import HIGHER, main_shares
from odyssey.figures import style
from odyssey.hyperparameters import HYPERPARAMETERS

# Colour and hatching: told apart in grey too.
SLICES = {h.name: (h.colour, h.hatch) for h in HYPERPARAMETERS} | {HIGHER: (palette.PALE, "")}


def draw(
    importance: pd.DataFrame,
    distributions: pd.DataFrame,
    tasks: style.Tasks,
    variant: str = "V",
    surrogate: str = "gp",
) -> Figure:
    """Draw a pie for each task.

    Parameters
    ----------
    importance : pandas.DataFrame
        As `fanova.analyse_search` returns it, of all searches.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.
    surrogate : str
        One of `surrogates.SURROGATES`.

    Returns
    -------
    matplotlib.figure.Figure
        Under each pie stands how much the surrogate explains of the variance of trials left out.
        Pies are whole: shares that do not quite add up to one are stretched.
    """
    known = main_shares(importance, surrogate)
    known = known[known["variant"] == variant]
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(known["task"])
    }
    if not titles:
        return style.no_surrogate(variant)
    with style.style():
        figure = Figure(figsize=(max(style.COLUMN, 2.2 * len(titles)), 3.0), layout="constrained")
        grid = figure.subplots(1, len(titles), squeeze=False)[0]
        for ax, (task, title) in zip(grid, titles.items(), strict=True):
            of_task = known[known["task"] == task]
            _pie(ax, of_task)
            ax.set_title(title)
            first = of_task.iloc[0]
            # Minus signs are for numbers, not for the hyphen of a format.
            r2 = f"{first['r2']:.2f}".replace("-", "−")
            ax.text(
                0.5,
                -0.02,
                f"{variant}, {first['n']} trials, R² {r2}",
                transform=ax.transAxes,
                ha="center",
                va="top",
                fontsize=6,
            )
        terms = [term for term in SLICES if term in set(known["term"])]
        handles = dict.fromkeys(terms)
        for ax in grid:
            for patch in ax.patches:
                handles[patch.get_gid()] = handles.get(patch.get_gid()) or patch
        figure.legend(
            handles=list(handles.values()),
            labels=[style.label(term) for term in handles],
            loc="outside lower center",
            ncols=min(len(handles), 5 if len(titles) > 1 else 3),
        )
    return figure


def _pie(ax: Axes, shares: pd.DataFrame) -> None:
    shares = shares.set_index("term")["share"]
    terms = [term for term in SLICES if term in shares.index]
    # Medians of shares add up to nearly one only.
    wedges = ax.pie(
        shares[terms] / shares[terms].sum(),
        colors=[SLICES[term][0] for term in terms],
        hatch=[SLICES[term][1] for term in terms],
        startangle=90,
        counterclock=False,
        radius=1.0,
        wedgeprops={"edgecolor": "white", "linewidth": 0.6},
    )[0]
    for wedge, term in zip(wedges, terms, strict=True):
        wedge.set_gid(term)
        share = shares[term]
        if share >= 0.04:
            middle = math.radians((wedge.theta1 + wedge.theta2) / 2)
            place = (1.17 * math.cos(middle), 1.17 * math.sin(middle))
            ax.annotate(f"{100 * share:.0f} %", place, ha="center", va="center", fontsize=6)
