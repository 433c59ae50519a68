"""How the best trial of each search learned."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from odyssey.figures import looks, style


def draw(
    curves: pd.DataFrame, best: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks
) -> Figure:
    """Draw a panel for each task: validation result against epochs, a line for each variant.

    Parameters
    ----------
    curves : pandas.DataFrame
        As `collect.curves_table` returns it.
    best : pandas.DataFrame
        As `tables.best_trials` returns it; read are `task`, `variant`, `trial` and `best_epoch`.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        A dot marks the epoch whose weights were tested.
    """
    titles = style.titles(distributions, tasks)
    variants = list(best["variant"].unique())
    with style.style():
        width = style.PAGE if len(titles) > 1 else style.COLUMN
        figure = Figure(figsize=(width, 3.1), layout="constrained")
        grid = figure.subplots(1, len(titles), squeeze=False)[0]
        handles: dict[str, Artist] = {}
        for ax, (task, title) in zip(grid, titles.items(), strict=True):
            chosen = best[(best["task"] == task) & best["trial"].notna()]
            for trial in chosen.itertuples():
                curve = curves[
                    (curves["task"] == task)
                    & (curves["variant"] == trial.variant)
                    & (curves["trial"] == trial.trial)
                ]
                look = looks.line_of(trial.variant, variants)
                (line,) = ax.plot(curve["epoch"], curve["validation"], **look)
                tested = curve[curve["epoch"] == trial.best_epoch]
                ax.plot(
                    tested["epoch"], tested["validation"], "o", markersize=3, color=look["color"]
                )
                handles.setdefault(trial.variant, line)
            ax.set_title(title)
            ax.set_xlabel("epoch")
            ax.set_ylabel(f"validation {tasks[task]['measure']}")
        style.legend_below(figure, handles)
    return figure
