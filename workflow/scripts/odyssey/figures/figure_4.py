"""Marginal test error and training time along each hyperparameter (paper, figure 4)."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.analysis.selection import engines
from odyssey.figures import style
from odyssey.hyperparameters import HYPERPARAMETERS

PARAMETERS = tuple(h.name for h in HYPERPARAMETERS if h.curve)


def draw(
    marginals: pd.DataFrame,
    distributions: pd.DataFrame,
    tasks: style.Tasks,
    variant: str = "V",
    surrogate: str = "gp",
    trials: pd.DataFrame | None = None,
) -> Figure:
    """Draw a row for each task and a column for each hyperparameter.

    Parameters
    ----------
    marginals : pandas.DataFrame
        As `fanova.analyse_search` returns it, of all searches.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.
    tasks : mapping of str to mapping
        Title and measure of each task (`odyssey.config.Study.descriptions`).
    variant : str
    surrogate : str
        One of `surrogates.SURROGATES`.
    trials : pandas.DataFrame, optional
        Read are `variant` and `engine`: where several engines trained, whose seconds do not
        compare, the variant's is named.

    Returns
    -------
    matplotlib.figure.Figure
        Blue, left axis: predicted test result. Red, dashed, right axis: training time. Bands
        are one standard deviation of the posterior, or over a forest's trees. Tasks without a
        surrogate have no row.
    """
    known = marginals[(marginals["variant"] == variant) & (marginals["surrogate"] == surrogate)]
    known = known[known["parameter"].isin(PARAMETERS)]
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(known["task"])
    }
    parameters = [p for p in PARAMETERS if p in set(known["parameter"])]
    engine = "" if trials is None else engines(trials).get(variant, "")
    if not titles:
        return style.no_surrogate(variant)
    with style.style():
        figure = Figure(
            figsize=(style.PAGE, 0.5 + 1.75 * len(titles)),
            layout="constrained",
        )
        rows = figure.subfigures(len(titles), 1, squeeze=False)[:, 0]
        for row, (task, title) in zip(rows, titles.items(), strict=True):
            row.suptitle(" ".join([title.replace("\n", " "), "·", variant]), fontweight="bold")
            grid = row.subplots(1, len(parameters), squeeze=False)[0]
            of_task = known[known["task"] == task]
            for column, (ax, parameter) in enumerate(zip(grid, parameters, strict=True)):
                curves = of_task[of_task["parameter"] == parameter]
                time = _panel(ax, curves, parameter, len(parameters))
                if column == 0:
                    ax.set_ylabel(tasks[task]["measure"], color=palette.BLUE)
                if column == len(parameters) - 1:
                    unit = f"s, engine {engine}" if engine else "s"
                    time.set_ylabel(f"training time ({unit})", color=palette.VERMILLION)
    return figure


def _panel(ax: Axes, curves: pd.DataFrame, parameter: str, panels: int) -> Axes:
    time = ax.twinx()
    for axis, response, colour, line in (
        (ax, "test", palette.BLUE, "-"),
        (time, "train_seconds", palette.VERMILLION, (0, (4, 2))),
    ):
        curve = curves[curves["response"] == response].sort_values("value")
        low, high = curve["mean"] - curve["sd"], curve["mean"] + curve["sd"]
        axis.fill_between(curve["value"], low, high, color=colour, alpha=0.18, linewidth=0)
        axis.plot(curve["value"], curve["mean"], color=colour, linestyle=line)
        axis.tick_params(axis="y", colors=colour)
    time.spines["right"].set_visible(True)
    time.spines["right"].set_color(palette.VERMILLION)
    time.spines["left"].set_visible(False)
    ax.spines["left"].set_color(palette.BLUE)
    style.along(ax, parameter, panels)
    return time
