"""Pairs of hyperparameters: predicted result and interaction alone (paper, figure 6)."""

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage

from odyssey.figures import style
from odyssey.hyperparameters import BY_NAME, HYPERPARAMETERS, INPUTS, NETWORK, OPTIMISER

PARAMETERS = tuple(
    h.name
    for part in (OPTIMISER, NETWORK, INPUTS)
    for h in HYPERPARAMETERS
    if h.part == part and h.scale != "flag"
)
# From one map to the next, in sides of a map.
PITCH = 1.2
MAPS = {"total": "prediction", "interaction": "interaction alone"}


def draw(
    interactions: pd.DataFrame,
    distributions: pd.DataFrame,
    tasks: style.Tasks,
    variant: str = "V",
    surrogate: str = "gp",
) -> Figure:
    """Draw two lower-triangular matrices of maps for each task.

    Parameters
    ----------
    interactions : pandas.DataFrame
        As `fanova.analyse_search` returns it, of all searches.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.
    surrogate : str
        One of `surrogates.SURROGATES`.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each task; left the predicted test result (lighter is worse), right the
        interaction without the main effects, grey where there is none. All maps of a matrix
        share one scale of colours.
    """
    known = interactions[
        (interactions["variant"] == variant) & (interactions["surrogate"] == surrogate)
    ]
    known = known[known[["parameter_x", "parameter_y"]].isin(PARAMETERS).all(axis=1)]
    titles = {
        k: v for k, v in style.titles(distributions, tasks).items() if k in set(known["task"])
    }
    if not titles:
        return style.no_surrogate(variant)
    with style.style():
        figure = Figure(figsize=(style.PAGE, 3.3 * len(titles)), layout="constrained")
        parts = figure.subfigures(len(titles), 2, squeeze=False)
        for row, (task, title) in zip(parts, titles.items(), strict=True):
            maps = _maps(known[known["task"] == task])
            for part, kind in zip(row, MAPS, strict=True):
                label = " ".join([title.replace("\n", " "), "·", variant, "·", MAPS[kind]])
                part.suptitle(label, fontweight="bold")
                _matrix(part, maps, kind, tasks[task]["measure"])
    return figure


def _maps(known: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """Key the maps by (column, row) of the matrix, `x` being the column's hyperparameter."""
    maps = {}
    for (x, y), plane in known.groupby(["parameter_x", "parameter_y"], sort=False):
        if PARAMETERS.index(x) > PARAMETERS.index(y):
            x, y = y, x
            plane = plane.rename(columns={"x": "y", "y": "x"})
        maps[x, y] = plane
    return maps


def _matrix(
    part: SubFigure, maps: dict[tuple[str, str], pd.DataFrame], kind: str, measure: str
) -> None:
    """Set the maps into one pair of axes; dozens of them would take minutes to lay out."""
    present = [p for p in PARAMETERS if any(p in pair for pair in maps)]
    columns, rows = present[:-1], present[1:]
    values = np.concatenate([plane[kind] for plane in maps.values()])
    if kind == "total":
        scale = {"cmap": "cividis", "vmin": values.min(), "vmax": values.max()}
    else:
        reach = np.abs(values).max() or 1.0
        scale = {"cmap": style.DIVERGING, "vmin": -reach, "vmax": reach}
    ax = part.subplots()
    images: list[AxesImage] = []
    for (x, y), plane in maps.items():
        left, bottom = columns.index(x) * PITCH, (len(rows) - 1 - rows.index(y)) * PITCH
        image = ax.imshow(
            plane.pivot(index="y", columns="x", values=kind).to_numpy(),
            extent=(left, left + 1, bottom, bottom + 1),
            origin="lower",
            interpolation="nearest",
            **scale,
        )
        images.append(image)
    end = PITCH * (len(rows) - 1) + 1
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    ax.spines[:].set_visible(False)
    lowest, leftmost = rows[-1], columns[0]
    # The paper's four are as large as other letters; more have smaller maps, and no room for that.
    size, small = (None, 5) if len(present) <= 4 else (5, 4)
    _ticks(ax.xaxis, {x: maps[x, lowest]["x"] for x in columns}, small)
    _ticks(ax.yaxis, {y: maps[leftmost, y]["y"] for y in reversed(rows)}, small)
    for position, (x, y) in enumerate(zip(columns, reversed(rows), strict=True)):
        middle = position * PITCH + 0.5
        across, along = ax.get_xaxis_transform(), ax.get_yaxis_transform()
        ax.text(
            middle, -0.09, style.label(x), transform=across, ha="center", va="top", fontsize=size
        )
        ax.text(
            -0.14,
            middle,
            style.label(y),
            transform=along,
            ha="right",
            va="center",
            rotation=90,
            fontsize=size,
        )
    bar = part.colorbar(images[-1], ax=ax, shrink=0.6, aspect=30, location="right")
    bar.set_label(measure)
    bar.outline.set_visible(False)


def _ticks(axis: Axis, values: dict[str, pd.Series], size: int) -> None:
    """Label each hyperparameter near both ends of its stretch of an axis."""
    places, labels = [], []
    for position, (parameter, column) in enumerate(values.items()):
        known = np.sort(column.unique())
        width = 1 / len(known)
        beside = 1 if len(known) > 4 else 0
        for index in (beside, len(known) - 1 - beside):
            places.append(position * PITCH + (index + 0.5) * width)
            labels.append(_short(known[index], parameter))
    axis.set_ticks(places, labels, fontsize=size)


def _short(value: float, parameter: str) -> str:
    shown = BY_NAME[parameter]
    if shown.scale == "log" and shown.kind == "float64":
        exponent = np.log10(value)
        return f"$10^{{{exponent:.1f}}}$"
    return style.number(value) if shown.kind == "int64" else f"{value:.2f}"
