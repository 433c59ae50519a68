"""Test results of all trials and of the selected ones, variant by variant (paper, figure 3)."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from odyssey import palette
from odyssey.analysis.verdicts import differs
from odyssey.figures import style

ROWS = {"all": "all trials", "selected": "best by validation"}
PARAMETERS_UNIT = 1e5
BOX, BAR = 0.55, 0.82
ABREAST = 5  # tasks


def draw(distributions: pd.DataFrame, welch: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw two rows of box plots, a column for each task; of many tasks, several such pairs.

    Parameters
    ----------
    distributions : pandas.DataFrame
        As `selection.distributions` returns it.
    welch : pandas.DataFrame
        As `welch.compare` returns it; read are `task`, `variant` and `significant`.

    Returns
    -------
    matplotlib.figure.Figure
        Top all trials, bottom the selected ones. Boxes hold the middle half, whiskers the whole
        range; boxes of variants that differ significantly from vanilla are thick and blue. Grey
        bars behind: mean number of parameters.
    """
    titles = style.titles(distributions, tasks)
    different = set(
        welch.loc[differs(welch), ["task", "variant"]].itertuples(index=False, name=None)
    )
    names = list(titles)
    pairs = [names[first : first + ABREAST] for first in range(0, len(names), ABREAST)]
    columns = max(map(len, pairs), default=1)
    width = min(style.PAGE, 1.2 + 2.3 * columns) if columns > 1 else style.COLUMN
    height = 4.7 * len(pairs) if columns > 1 else 5.4
    with style.style():
        figure = Figure(figsize=(width, height), layout="constrained")
        grid = figure.subplots(2 * len(pairs), columns, squeeze=False)
        for above, below, pair in zip(grid[::2], grid[1::2], pairs, strict=True):
            for ax in (*above[len(pair) :], *below[len(pair) :]):
                ax.set_visible(False)
            for column, task in enumerate(pair):
                of_task = distributions[distributions["task"] == task]
                significant = {variant for t, variant in different if t == task}
                for ax, trials in zip((above[column], below[column]), ROWS, strict=True):
                    rows = of_task[of_task["trials"] == trials]
                    _panel(ax, rows, significant, last=column == len(pair) - 1)
                    ax.set_ylabel(tasks[task]["measure"])
                above[column].set_title(titles[task], pad=10)
                above[column].tick_params(labelbottom=False)
            for ax, label in zip((above[0], below[0]), ROWS.values(), strict=True):
                ax.annotate(
                    label,
                    (0, 0.5),
                    xycoords=ax.yaxis.label,
                    xytext=(-5, 0),
                    textcoords="offset points",
                    rotation=90,
                    ha="right",
                    va="center",
                    fontweight="bold",
                )
        missing = bool(distributions["without_result"].any())
        figure.legend(**_legend(missing), loc="outside lower center", ncols=3 if columns > 1 else 1)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, significant: set[str], last: bool) -> None:
    positions = np.arange(len(rows))
    bars = ax.twinx()
    bars.bar(positions, rows["parameters"] / PARAMETERS_UNIT, BAR, color=palette.PALE)
    highest = rows["parameters"].max() / PARAMETERS_UNIT
    bars.set_ylim(0, 1.15 * highest if highest > 0 else 1)
    bars.spines["right"].set_visible(True)
    bars.spines["right"].set_color(palette.GREY)
    bars.tick_params(axis="y", colors=palette.GREY)
    if last:
        bars.set_ylabel("parameters (×10⁵)", color=palette.GREY)
    # The boxes stand before the bars, though their axis was there first.
    ax.set_zorder(bars.get_zorder() + 1)
    ax.patch.set_visible(False)
    drawn = rows.assign(position=positions)[rows["n"].to_numpy() > 0]
    for thick in (False, True):
        _boxes(ax, drawn[drawn["variant"].isin(significant) == thick], thick)
    for mean in drawn.loc[drawn["variant"] == "V", "mean"]:
        ax.axhline(mean, color=palette.GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.5)
    ax.set_xticks(positions, rows["variant"], rotation=90)
    ax.set_xlim(-0.7, len(rows) - 0.3)
    _limit(ax, drawn)
    for position, row in zip(positions, rows.itertuples(), strict=True):
        _count(ax, int(position), row)


def _boxes(ax: Axes, rows: pd.DataFrame, thick: bool) -> None:
    boxes = [
        {
            "mean": row.mean,
            "med": row.median,
            "q1": row.q25,
            "q3": row.q75,
            "whislo": row.minimum,
            "whishi": row.maximum,
        }
        for row in rows.itertuples()
    ]
    line = {"color": palette.BLUE if thick else palette.INK, "linewidth": 1.8 if thick else 0.7}
    ax.bxp(
        boxes,
        positions=rows["position"].to_list(),
        widths=BOX,
        showmeans=True,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "white", "edgecolor": line["color"], "linewidth": line["linewidth"]},
        whiskerprops=line | {"linewidth": 1.2 if thick else 0.7},
        capprops=line | {"linewidth": 1.2 if thick else 0.7},
        medianprops={"color": palette.VERMILLION, "linewidth": 1.1},
        meanprops={
            "marker": "o",
            "markersize": 3,
            "markerfacecolor": palette.VERMILLION,
            "markeredgecolor": "white",
            "markeredgewidth": 0.4,
        },
        manage_ticks=False,
    )


def _limit(ax: Axes, rows: pd.DataFrame) -> None:
    """Keep far outliers from flattening all boxes; what is cut off is said in figures."""
    if rows.empty:
        return
    low, high = rows["minimum"].min(), rows["maximum"].max()
    tallest = style.tallest(rows["q75"], low)
    reach = tallest + 1.5 * (tallest - low)
    top = reach if high > reach + (reach - low) else high
    if top > low:
        margin = 0.06 * (top - low)
        ax.set_ylim(low - margin, top + margin)
    for row in rows.itertuples():
        if row.maximum > top + 0.06 * (top - low):
            cut = row.q75 > ax.get_ylim()[1]
            what = f"box to {row.q75:.3g}, mean {row.mean:,.0f} ↑ " if cut else "↑ "
            ax.annotate(
                f"{what}{row.maximum:,.0f}",
                (row.position, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0 if cut else 3.5, -1),  # in the box, or beside the whisker
                textcoords="offset points",
                rotation=90,
                ha="center" if cut else "left",
                va="top",
                fontsize=5,
            )


def _count(ax: Axes, position: int, row: Any) -> None:
    """Say above a box how many of its trials have no result."""
    if row.without_result:
        ax.annotate(
            f"−{row.without_result}",
            (position, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=5.5,
            color=palette.VERMILLION,
        )


def _legend(missing: bool) -> dict[str, Any]:
    dot = Line2D([], [], marker="o", color=palette.VERMILLION, linestyle="", markersize=3)
    bar = Line2D([], [], color=palette.VERMILLION, linewidth=1.1)
    dashes = Line2D([], [], color=palette.GREY, linewidth=0.6, linestyle=(0, (4, 3)))
    entries = {
        "mean, median": (dot, bar),
        "middle half; whiskers: whole range": Patch(
            facecolor="white", edgecolor=palette.INK, lw=0.7
        ),
        "significantly different from V": Patch(facecolor="white", edgecolor=palette.BLUE, lw=1.8),
        "mean of V": dashes,
        "mean number of parameters": Patch(color=palette.PALE),
    }
    if missing:
        entries["−n: n trials without test result"] = Line2D([], [], linestyle="")
    return {
        "handles": list(entries.values()),
        "labels": list(entries),
        "handler_map": {tuple: HandlerTuple(ndivide=None)},
    }
