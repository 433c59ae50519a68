"""What evolution has found: all cells that it has bred, and the equations of the best."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from odyssey import palette
from odyssey.cells.equations import Cell
from odyssey.figures import style, typesetting
from odyssey.quantities import brief

HEIGHT = 2.6  # inches, of the panel
# Results beyond this quantile are drawn at the upper end: the first cells may be far off.
SHOWN = 0.9


def draw(generations: pd.DataFrame, winner: Cell, tasks: style.Tasks) -> Figure:
    """Draw validation results against generations, and set the best cell's equations below.

    Parameters
    ----------
    generations : pandas.DataFrame
        As `evolution.outcome.table` returns it.
    winner : Cell

    Returns
    -------
    matplotlib.figure.Figure
    """
    known = generations[generations["generation"] < 0].dropna(subset="validation")
    bred = generations[generations["generation"] >= 0].dropna(subset="validation")
    (task,) = generations["task"].unique()
    with style.style():
        texts = typesetting.columns([typesetting.paragraph("the best", winner)], style.PAGE)
        figure = Figure(figsize=(style.PAGE, HEIGHT + texts.height), layout="constrained")
        parts = figure.subfigures(2, 1, squeeze=False, height_ratios=[HEIGHT, texts.height])
        above, below = parts[:, 0]
        ax = above.subplots()
        title = style.task_title(tasks[task]["title"], bool(generations["synthetic"].any()))
        ax.set_title(f"{title}, {len(bred)} cells", fontweight="bold")
        _cells(ax, bred)
        top = ax.get_ylim()[1]
        for row in known[known["validation"] <= top].itertuples():
            ax.axhline(row.validation, color=palette.GREY, linewidth=0.8, linestyle="--")
            ax.annotate(
                f"{row.name} {brief(row.validation)}",
                (1, row.validation),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=5.5,
            )
        ax.set_xlabel("generation")
        ax.set_ylabel(f"{tasks[task]['measure']}, validation")
        texts.draw(below)
    return figure


def _cells(ax: Axes, bred: pd.DataFrame) -> None:
    most = bred["validation"].quantile(SHOWN)
    shown = bred["validation"].clip(upper=most)
    ax.plot(bred["generation"], shown, ".", color=palette.BLUE, markersize=2, alpha=0.4)
    so_far = bred.groupby("generation")["validation"].min().cummin().clip(upper=most)
    ax.step(so_far.index, so_far, where="post", color=palette.VERMILLION, linewidth=1.0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
