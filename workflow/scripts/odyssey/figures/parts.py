"""What each part of the block does, alone and beside others: the map of a study of all of them."""

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.effects import (
    AMONG_OTHERS,
    INTERACTIONS,
    RATE_CHANGE,
    TOGETHER,
    clear,
    share_of,
)
from odyssey.figures import style
from odyssey.figures.figure_1 import in_words


def draw(effects: pd.DataFrame, trials: pd.DataFrame, tasks: style.Tasks) -> Figure:
    """Draw a row of three panels for each task.

    Parameters
    ----------
    effects : pandas.DataFrame
        As `parts.analyse` returns it.
    trials : pandas.DataFrame
        Read are `task`, `source` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Left a map: on the diagonal what each change does to the test result, below it what two do
        together beyond what each does; bold and starred where the interval for all changes, or for
        all pairs, excludes zero. Middle: by how many decades the best learning rate moves. Right:
        shares of the variance.
    """
    known = set(effects.loc[effects["estimate"].notna(), "task"])
    titles = {t: title for t, title in style.titles(trials, tasks).items() if t in known}
    if not titles:
        return style.sentence("no surrogate: too few trials have a result")
    with style.style():
        figure = Figure(figsize=(style.PAGE, 3.1 * len(titles)), layout="constrained")
        rows = figure.subfigures(len(titles), 1, squeeze=False)[:, 0]
        for row, (task, title) in zip(rows, titles.items(), strict=True):
            row.suptitle(title.replace("\n", " "), fontweight="bold")
            grid = row.subplots(1, 3, width_ratios=[4.6, 1.1, 1.3])
            of_task = effects[effects["task"] == task]
            _map(grid[0], of_task, tasks[task]["measure"])
            _rates(grid[1], of_task)
            _shares(grid[2], of_task)
    return figure


def _changes(effects: pd.DataFrame) -> list[str]:
    return list(effects.loc[effects["effect"] == AMONG_OTHERS, "variant"])


def _short(value: float) -> str:
    """Write a difference as shortly as the map has room for: ``−.51``, but ``+1.08``."""
    text = f"{value:+.2f}".replace("-", "−")
    return text[0] + text[2:] if text[1] == "0" else text


def _map(ax: Axes, effects: pd.DataFrame, measure: str) -> None:
    changes = _changes(effects)
    shape = (len(changes), len(changes))
    numbers, texts = np.full(shape, np.nan), np.full(shape, "", dtype=object)
    shown = effects[effects["effect"].isin([AMONG_OTHERS, TOGETHER])]
    for row in shown.assign(clear=clear(shown)).to_dict("records"):
        places = sorted(changes.index(change) for change in row["variant"].split(" × "))
        place = places[-1], places[0]
        numbers[place] = row["estimate"]
        known = np.isfinite(row["estimate"])
        texts[place] = f"{_short(row['estimate'])}{'*' if row['clear'] else ''}" if known else "–"
    reach = float(np.nanmax(np.abs(numbers))) or 1.0
    seaborn.heatmap(
        np.nan_to_num(numbers),
        mask=np.triu(np.ones(shape, dtype=bool), 1),
        annot=texts,
        fmt="",
        annot_kws={"fontsize": 5},
        cmap=style.DIVERGING,
        norm=TwoSlopeNorm(0, -reach, reach),
        linewidths=0.5,
        xticklabels=changes,
        yticklabels=[f"{in_words(change)}  {change}" for change in changes],
        cbar_kws={"aspect": 25, "label": f"{measure}: better ← → worse", "shrink": 0.8},
        ax=ax,
    )
    for number in ax.texts:
        number.set_fontweight("bold" if number.get_text().endswith("*") else "normal")
    ax.tick_params(length=0)
    ax.tick_params(axis="x", rotation=0, labelsize=5.5)
    ax.set_title("each change, and two together", fontsize=6.5, fontweight="normal")


def _rates(ax: Axes, effects: pd.DataFrame) -> None:
    changes = _changes(effects)
    rows = effects[effects["effect"] == RATE_CHANGE].set_index("variant").reindex(changes)
    y = np.arange(len(changes))
    ax.axvline(0, color=palette.GREY, linewidth=0.6)
    ax.hlines(y, rows["family_low"], rows["family_high"], color=palette.BLUE, linewidth=0.8)
    ax.plot(rows["estimate"], y, "o", markersize=2.8, color=palette.BLUE)
    ax.set_yticks(y, changes)
    ax.invert_yaxis()
    ax.set_xlabel("decades")
    ax.set_title("best learning rate", fontsize=6.5, fontweight="normal")


def _shares(ax: Axes, effects: pd.DataFrame) -> None:
    single = effects[effects["effect"].str.startswith(share_of("")) & (effects["variant"] == "")]
    single = single[~single["effect"].str.contains(" × ")].sort_values("estimate", ascending=False)
    names = [effect.removeprefix(share_of("")) for effect in single["effect"]]
    colours = [
        palette.GREY if effect == INTERACTIONS else palette.BLUE for effect in single["effect"]
    ]
    y = np.arange(len(single))
    ax.barh(y, 100 * single["estimate"], color=colours, height=0.7)
    ax.hlines(y, 100 * single["low"], 100 * single["high"], color=palette.INK, linewidth=0.6)
    ax.set_yticks(y, [style.label(name) for name in names])
    ax.invert_yaxis()
    ax.set_xlabel("% of variance")
    ax.set_title("shares", fontsize=6.5, fontweight="normal")
