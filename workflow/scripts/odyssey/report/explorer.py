"""All trials to look around in: parallel coordinates, a scatter plot, and each learning curve."""

import colorsys
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from odyssey.hyperparameters import (
    BY_NAME,
    HYPERPARAMETERS,
    LOGARITHMIC,
    Hyperparameter,
    ranged,
)
from odyssey.quantities import brief

# Columns beside the axes.
FIRST = ("task", "variant", "trial", "engine", "status", "selected", "epochs", "best_epoch")
LAST = ("validation", "test", "loss_curve", "validation_curve")

# Kept apart on white and on black; vanilla, the reference, takes the colour of the text.
COLOURS = (
    "#4269d0",
    "#e39b0f",
    "#ff725c",
    "#2aa198",
    "#3ca951",
    "#e2639c",
    "#a463f2",
    "#7e9fdb",
    "#9c6b4e",
)
# Of further colours: a contrast of 3.9 to white, and of 4.7 to black.
LUMINANCE = 0.22
INK = {"light": "#24292f", "dark": "#e6e3dc"}
MUTED = {"light": "#69707a", "dark": "#a29e96"}
PAPER = {"light": "#fcfbf8", "dark": "#1a1918"}
LINE = {"light": "#d9d9d4", "dark": "#43413d"}
RESULT = "test result"
FONT = "system-ui, sans-serif"

# Numbers in all learning curves together: 800,000 of some 5 characters are 4 MB of the page.
CURVE_NUMBERS = 800_000
WIDTH = 860
# Below this many pixels the parallel axes have room for short names only.
NARROW = 520

Plot = alt.LayerChart | alt.FacetChart  # what Altair says that layers are


@dataclass(frozen=True)
class Axis:
    """A number of every trial, along which the explorer shows it.

    Parameters
    ----------
    key : str
        Its column among the page's.
    column : str
        Its column among the trials'.
    scale : str
        As of `odyssey.hyperparameters.Hyperparameter`.
    label, brief : str
        Its name, and what stands where there is little room.
    """

    key: str
    column: str
    scale: str
    label: str
    brief: str
    whole: bool

    @property
    def logarithmic(self) -> bool:
        """Whether it is drawn on a logarithmic axis."""
        return self.scale in LOGARITHMIC

    def values(self, trials: pd.DataFrame) -> pd.Series:
        """Return the trials' numbers."""
        return ranged(self.scale, trials[self.column])


def _axis(h: Hyperparameter) -> Axis:
    """Show a hyperparameter; one that is drawn by its distance from 1 is shown so."""
    names = (f"1 − {h.short}", f"1 − {h.brief}") if h.scale == "log1m" else (h.short, h.brief)
    return Axis(h.key, h.name, h.scale, *names, h.kind == "int64")


PARAMETERS = _axis(BY_NAME["parameters"])
SECONDS = Axis("train_seconds", "train_seconds", "log", "training time (s)", "time", whole=False)


def drawn_axes(trials: pd.DataFrame) -> list[Axis]:
    """List the numbers that were drawn for each trial, or follow from what was drawn.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `selection.select` returns it.
    """
    shown = (h for h in HYPERPARAMETERS if h.scale != "flag" and h.name != PARAMETERS.column)
    return [_axis(h) for h in shown if h.name in trials]


def colours(variants: Sequence[str]) -> dict[str, str | None]:
    """Give each variant its colour.

    Returns
    -------
    dict of str to (str or None)
        None, for vanilla, is the colour of the text.
    """
    others = [v for v in variants if v != "V"]
    more = (_further(n) for n in itertools.count())
    chosen = dict(zip(others, itertools.chain(COLOURS, more), strict=False))
    return {v: chosen.get(v) for v in variants}


def _further(number: int) -> str:
    """Make a colour beside `COLOURS`, about as light as these: hues by golden section."""
    hue = (0.03 + number * (math.sqrt(5) - 1) / 2) % 1
    saturation = (0.9, 0.5)[number % 2]
    shades = (colorsys.hls_to_rgb(hue, lightness / 100, saturation) for lightness in range(100))
    return to_hex(min(shades, key=lambda rgb: abs(_luminance(rgb) - LUMINANCE)))


def _luminance(rgb: tuple[float, float, float]) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return sum(c * w for c, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def stride(epochs: int, limit: int = CURVE_NUMBERS) -> int:
    """Say how many epochs one point of a learning curve stands for, so that the page stays small.

    Parameters
    ----------
    epochs : int
        Of all trials together.
    limit : int
        Numbers that the page may hold; each epoch has two.

    Returns
    -------
    int
        1 as long as every epoch has room.
    """
    return max(1, math.ceil(2 * epochs / limit))


def packed_curves(curves: pd.DataFrame, every: int) -> pd.DataFrame:
    """Write each trial's learning curves as two short texts.

    Parameters
    ----------
    curves : pandas.DataFrame
        `task`, `variant`, `trial`, `epoch` (from 1), `train_loss`, `validation`; sorted.
    every : int
        Epochs 1, 1 + every, 1 + 2 every, and so on are kept.

    Returns
    -------
    pandas.DataFrame
        One row a trial: `task`, `variant`, `trial`, and `loss_curve` and `validation_curve`, four
        digits a number, parted by blanks; what is not finite is an empty place.
    """
    kept = curves[(curves["epoch"] - 1) % every == 0]
    texts = {"loss_curve": kept["train_loss"], "validation_curve": kept["validation"]}
    # As plain objects: pandas' own texts are slow to take apart one by one.
    written = kept[["task", "variant", "trial"]].assign(
        **{
            name: pd.Series([brief(value, 4) for value in values.tolist()], kept.index, object)
            for name, values in texts.items()
        }
    )
    return (
        written.groupby(["task", "variant", "trial"], sort=False)[list(texts)]
        .agg(" ".join)
        .reset_index()
    )


def limits(results: pd.Series) -> tuple[float, float]:
    """Choose the ends of the result's axis, so that a few bad trials do not flatten all others.

    Parameters
    ----------
    results : pandas.Series of float
        Without missing values.

    Returns
    -------
    (float, float)
        The least, and the greatest that lies within one and a half quartile distances above the
        upper quartile; (0, 1) without any result.
    """
    if results.empty:
        return 0.0, 1.0
    lower, upper = results.quantile([0.25, 0.75])
    low, high = results.min(), results[results <= upper + 1.5 * (upper - lower)].max()
    return float(low), float(high if high > low else low + 1)


def trial_columns(trials: pd.DataFrame, curves: pd.DataFrame) -> dict[str, list[object]]:
    """Lay out what the explorer needs of every trial, in columns: rows would be twice as long.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `selection.select` returns it.
    curves : pandas.DataFrame
        As in ``curves.parquet``.

    Returns
    -------
    dict of str to list
        Values as JSON knows them, to five digits; None where there is none.
    """
    packed = packed_curves(curves, stride(len(curves)))
    axes = [*drawn_axes(trials), PARAMETERS, SECONDS]
    table = trials.assign(**{axis.key: axis.values(trials) for axis in axes})
    table = table.merge(packed, on=["task", "variant", "trial"], how="left")
    columns = (*FIRST, *(axis.key for axis in axes), *LAST)
    return {column: [_plain(value) for value in table[column].tolist()] for column in columns}


def _plain(value: object) -> object:
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _ticks(
    trials: pd.DataFrame, axes: Sequence[Axis], ends: dict[str, tuple[float, float]]
) -> list[dict[str, Any]]:
    """Place the numbers along the parallel axes; the result's axis has its own for each task."""
    rows: list[dict[str, Any]] = []
    for axis in axes:
        low, high = _ends(trials, axis)
        for value in _tick_values(trials, axis):
            place = (_coordinate(value, axis) - _coordinate(low, axis)) / (
                _coordinate(high, axis) - _coordinate(low, axis)
            )
            rows.append({"axis": axis.label, "place": round(place, 4), "label": _label(value)})
    for task, (low, high) in ends.items():
        rows += [
            {
                "axis": RESULT,
                "task": task,
                "place": round((value - low) / (high - low), 4),
                "label": _label(value),
            }
            for value in _round_values(low, high, logarithmic=False)
        ]
    return rows


def _tick_values(trials: pd.DataFrame, axis: Axis) -> list[float]:
    values = _round_values(*_ends(trials, axis), axis.logarithmic)
    return [value for value in values if value == round(value)] if axis.whole else values


def _tick_places(trials: pd.DataFrame, axis: Axis) -> list[float]:
    return [round(_coordinate(value, axis), 6) for value in _tick_values(trials, axis)]


def _label(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _ends(trials: pd.DataFrame, axis: Axis) -> tuple[float, float]:
    values = axis.values(trials)
    if axis.logarithmic:
        # A trial that failed took no time; it is drawn at the lower end.
        values = values[values > 0]
        if values.empty:
            return 0.1, 10.0
    low, high = float(values.min()), float(values.max())
    if low < high:
        return low, high
    return (low / 2, high * 2) if axis.logarithmic else (low - 1, high + 1)


def _coordinate(value: float, axis: Axis) -> float:
    return math.log10(value) if axis.logarithmic else value


def _round_values(low: float, high: float, logarithmic: bool) -> list[float]:
    if logarithmic and high / low >= 8:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1,) if high / low > 200 else (1, 2, 5)
        values = [step * 10.0**decade for decade in decades for step in steps]
    else:
        step = 10.0 ** math.floor(math.log10((high - low) / 2))
        # A hair below two is two, which rounding has missed.
        step *= next(f for f in (5, 2, 1) if (high - low) / (f * step) > 1.999)
        values = (step * np.arange(math.ceil(low / step), math.floor(high / step) + 1)).tolist()
    start, end = (math.log10(low), math.log10(high)) if logarithmic else (low, high)
    slack = 0.02 * (end - start)
    places = {value: math.log10(value) if logarithmic else value for value in values}
    return [value for value, p in places.items() if start - slack <= p <= end + slack]


def chart(
    trials: pd.DataFrame,
    every: int,
    tasks: Mapping[str, str],
    measures: Mapping[str, str],
    search: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe the explorer in Vega-Lite.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `selection.select` returns it.
    every : int
        How many epochs a point of a learning curve stands for.
    tasks, measures : mapping of str to str
        What each task, and its result, is called.
    search : mapping, optional
        The configuration's section; where `parameters` was searched, it stands for the size.

    Returns
    -------
    dict
        A Vega-Lite specification; its data set ``trials`` has the columns of `trial_columns`. Its
        inputs appear in the page's elements ``#choose-task``, ``#choose-variants``,
        ``#choose-axis`` and ``#choose-trial``, and its parameter ``dark`` chooses the colours.
    """
    results = {task: limits(trials.loc[trials["task"] == task, "test"].dropna()) for task in tasks}
    variants = list(trials["variant"].unique())
    picked = _picked(trials, variants)
    base = (
        alt.Chart(alt.NamedData("trials"))
        .transform_filter("datum.task === task")
        .transform_calculate(
            result="isValid(datum.test) ? min(datum.test, results[task][1]) : results[task][1]",
            mark="isValid(datum.test) && datum.test <= results[task][1] ? datum.status : 'beyond'",
            name="datum.variant + ', trial ' + datum.trial",
            test_text="isValid(datum.test) ? format(datum.test, '.4~g') : 'none'",
        )
    )
    visible = base.transform_filter(
        "shown[indexof(variants, datum.variant)] && (!best_only || datum.selected)"
    )
    colour = _colour(variants)
    drawn = drawn_axes(trials)
    axes = [*drawn, PARAMETERS, SECONDS]
    searched = drawn
    if (search or {}).get(PARAMETERS.key):
        searched = [PARAMETERS if axis.column == "hidden_size" else axis for axis in drawn]
    ticks = _ticks(trials, searched, results)
    tooltip = _tooltip(drawn)
    plots = alt.vconcat(
        _parallel(visible, base, trials, searched, ticks, colour, picked, tooltip),
        _scatter(visible, base, axes, colour, picked, tooltip),
        _curve(
            base,
            picked,
            every,
            "validation_curve",
            "chosen + measures[task] + ' in validation'",
        ),
        _curve(base, picked, every, "loss_curve", "chosen + 'training loss (nats)'"),
        spacing=30,
    )
    constants = {
        "results": results,
        "measures": dict(measures),
        "variants": variants,
        "lows": {axis.key: _ends(trials, axis)[0] for axis in axes},
        "places": {axis.key: _tick_places(trials, axis) for axis in axes},
    }
    shown = ", ".join(f"variant_{i}" for i in range(len(variants)))
    parameters = [
        *_theme(),
        *_choices(tasks, variants, axes),
        *(alt.param(name=name, value=value) for name, value in constants.items()),
        alt.param(name="shown", expr=f"[{shown}]"),
        alt.param(name="chosen", expr="picked_variant + ', trial ' + picked_trial + ': '"),
    ]
    specification: dict[str, Any] = _styled(plots.add_params(*parameters)).to_dict()
    return specification


def _styled(plots: alt.VConcatChart) -> alt.VConcatChart:
    ink, muted, line = (alt.expr(name) for name in ("ink", "muted", "line"))
    styled: alt.VConcatChart = (
        plots.configure(background="transparent", font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=muted,
            titleColor=ink,
            gridColor=line,
            domainColor=line,
            tickColor=line,
            titleFontWeight="normal",
            labelFontSize=12,
            titleFontSize=13,
        )
        .configure_title(color=ink, fontWeight="normal", fontSize=13)
    )
    return styled


def _theme() -> list[alt.Parameter]:
    """Make the colours that follow the page's scheme."""
    names = {"ink": INK, "muted": MUTED, "line": LINE, "paper": PAPER}
    return [
        alt.param(name="dark", value=False),
        *(
            alt.param(name=name, expr=f"dark ? '{pair['dark']}' : '{pair['light']}'")
            for name, pair in names.items()
        ),
    ]


def _choices(
    tasks: Mapping[str, str], variants: Sequence[str], axes: Sequence[Axis]
) -> list[alt.Parameter]:
    chosen_task = alt.binding_select(
        options=list(tasks), labels=list(tasks.values()), name="Task", element="#choose-task"
    )
    chosen_axis = alt.binding_select(
        options=[axis.key for axis in axes],
        labels=[axis.label for axis in axes],
        name="Against",
        element="#choose-axis",
    )
    best = alt.binding_checkbox(name="only the best by validation", element="#choose-task")
    return [
        alt.param(name="task", value=next(iter(tasks)), bind=chosen_task),
        alt.param(name="best_only", value=False, bind=best),
        *(
            alt.param(
                name=f"variant_{i}",
                value=True,
                bind=alt.binding_checkbox(name=variant, element="#choose-variants"),
            )
            for i, variant in enumerate(variants)
        ),
        alt.param(name="axis", value="learning_rate", bind=chosen_axis),
    ]


def _picked(trials: pd.DataFrame, variants: Sequence[str]) -> alt.Parameter:
    """Make the choice of one trial: by a click in a plot, or by its variant and number."""
    first = trials.sort_values("rank", kind="stable").iloc[0]
    # A binding for each field, which Altair's types do not know.
    bind: Any = {
        "variant": alt.binding_select(
            options=list(variants), name="Variant", element="#choose-trial"
        ),
        "trial": alt.BindRange(
            input="range",
            min=int(trials["trial"].min()),
            max=int(trials["trial"].max()),
            step=1,
            name="Trial",
            element="#choose-trial",
        ),
    }
    return alt.selection_point(
        name="picked",
        fields=["variant", "trial"],
        # Where there is no trial, a click shall change nothing.
        on="click[event.item && event.item.datum && isValid(event.item.datum.trial)]",
        clear=False,
        toggle=False,
        value=[{"variant": first["variant"], "trial": int(first["trial"])}],
        bind=bind,
    )


def _colour(variants: Sequence[str]) -> alt.Color:
    chosen = [colour or alt.ExprRef("ink") for colour in colours(variants).values()]
    return alt.Color("variant:N", scale=alt.Scale(domain=list(variants), range=chosen), legend=None)


def _tooltip(axes: Sequence[Axis]) -> list[alt.Tooltip]:
    numbers = [
        alt.Tooltip(
            f"{axis.key}:Q",
            title=axis.label[0].upper() + axis.label[1:],
            format=alt.Undefined if axis.whole else ".3~g",
        )
        for axis in axes
    ]
    return [
        alt.Tooltip("name:N", title="Trial"),
        alt.Tooltip("status:N", title="Status"),
        alt.Tooltip("test_text:N", title="Test"),
        alt.Tooltip("validation:Q", title="Validation", format=".4~g"),
        *numbers,
        alt.Tooltip("parameters:Q", title="Parameters", format=","),
        alt.Tooltip("epochs:Q", title="Epochs"),
        alt.Tooltip("train_seconds:Q", title="Seconds", format=",.4~r"),
        alt.Tooltip("engine:N", title="Engine"),
    ]


def _parallel(
    visible: alt.Chart,
    base: alt.Chart,
    trials: pd.DataFrame,
    axes: Sequence[Axis],
    ticks: list[dict[str, Any]],
    colour: alt.Color,
    picked: alt.Parameter,
    tooltip: list[alt.Tooltip],
) -> Plot:
    names = [*(axis.label for axis in axes), RESULT]
    shorter = {axis.label: axis.brief for axis in axes} | {RESULT: "test"}
    low_high = "results[task][0]) / (results[task][1] - results[task][0])"
    places = {axis.label: _place(trials, axis) for axis in axes}
    places[RESULT] = f"isValid(datum.test) ? (datum.result - {low_high} : null"
    across = alt.X(
        "axis:N",
        sort=names,
        scale=alt.Scale(type="point", padding=0.12),
        axis=alt.Axis(
            title=None,
            orient="top",
            labelAngle=0,
            labelPadding=8,
            labelExpr=f"width < {NARROW} ? {shorter}[datum.label] : datum.label",
            ticks=False,
            domain=False,
        ),
    )
    up = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[0, 1]))

    def lines(rows: alt.Chart, colour: alt.Color | alt.ColorValue, **mark: Any) -> alt.Chart:
        folded = rows.transform_calculate(**places).transform_fold([*names], as_=["axis", "place"])
        drawn: alt.Chart = folded.mark_line(**mark).encode(
            across, up, colour, detail="name:N", tooltip=tooltip
        )
        return drawn

    rest = alt.ColorValue(alt.ExprRef("muted"))
    marks = alt.Chart(alt.InlineData(ticks)).transform_filter(
        "!isValid(datum.task) || datum.task === task"
    )
    return alt.layer(
        lines(visible.transform_filter("!datum.selected"), rest, strokeWidth=0.8, opacity=0.14),
        lines(visible.transform_filter("datum.selected"), colour, opacity=0.8).add_params(picked),
        lines(base.transform_filter(picked), colour, strokeWidth=4),
        marks.mark_rule(color=alt.expr("muted")).encode(across),
        # Each number twice, first as a rim of the page's colour that parts it from the lines.
        *(
            marks.mark_text(align="left", dx=6, fontSize=12, **mark).encode(
                across, up, text="label:N"
            )
            for mark in (
                {"stroke": alt.expr("paper"), "strokeWidth": 4, "strokeJoin": "round"},
                {"color": alt.expr("ink")},
            )
        ),
        width=WIDTH,
        height=240,
        description="Parallel coordinates: a line for each trial, from its hyperparameters on the "
        "left to its test result on the right. Coloured lines are the best trials by validation.",
    )


def _place(trials: pd.DataFrame, axis: Axis) -> str:
    """Say, as a Vega expression, where a trial crosses an axis: 0 at its foot, 1 at its top."""
    low, high = (_coordinate(end, axis) for end in _ends(trials, axis))
    value = f"log(datum.{axis.key}) / LN10" if axis.logarithmic else f"datum.{axis.key}"
    return f"({value} - ({low!r})) / ({high - low!r})"


def _scatter(
    visible: alt.Chart,
    base: alt.Chart,
    axes: Sequence[Axis],
    colour: alt.Color,
    picked: alt.Parameter,
    tooltip: list[alt.Tooltip],
) -> Plot:
    logarithmic = f"indexof({[axis.key for axis in axes if axis.logarithmic]}, axis) >= 0"
    power = "format(pow(10, datum.value), datum.value < -3 || datum.value >= 5 ? '.1~e' : '.2~r')"
    across = alt.X(
        "x:Q",
        scale=alt.Scale(zero=False, nice=False, padding=8),
        axis=alt.Axis(
            title=None,
            grid=False,
            values=alt.ExprRef("places[axis]"),
            labelExpr=f"{logarithmic} ? {power} : format(datum.value, '~g')",
            labelOverlap=True,
        ),
    )
    up = alt.Y(
        "result:Q",
        scale=alt.Scale(zero=False, nice=False, padding=8),
        axis=alt.Axis(title=None, tickCount=6),
    )
    placed = {"x": f"{logarithmic} ? log(max(datum[axis], lows[axis])) / LN10 : datum[axis]"}
    shapes = alt.Scale(
        domain=["completed", "diverged", "failed", "beyond"],
        range=["circle", "cross", "cross", "triangle-up"],
    )
    points = (
        visible.transform_calculate(**placed)
        .mark_point(filled=True, size=34)
        .encode(
            across,
            up,
            colour,
            shape=alt.Shape("mark:N", scale=shapes, legend=None),
            opacity=alt.condition("datum.selected", alt.value(0.95), alt.value(0.3)),
            tooltip=tooltip,
        )
    )
    ring = (
        base.transform_filter(picked)
        .transform_calculate(**placed)
        .mark_point(size=190, strokeWidth=2.5, filled=False, color=alt.expr("ink"))
        .encode(across, up)
    )
    names = ", ".join(f"{axis.key}: '{axis.label}'" for axis in axes)
    return alt.layer(
        points,
        ring,
        width=WIDTH,
        height=300,
        title=alt.TitleParams(
            text=alt.ExprRef(f"measures[task] + ' in the test, against ' + {{{names}}}[axis]"),
            anchor="start",
            limit=alt.ExprRef("width"),
        ),
        description="Scatter plot: a point for each trial, its test result against one "
        "hyperparameter or cost.",
    )


def _curve(base: alt.Chart, picked: alt.Parameter, every: int, column: str, title: str) -> Plot:
    of_trial = base.transform_filter(picked)
    points = (
        of_trial.transform_calculate(values=f"split(datum.{column} || '', ' ')")
        .transform_flatten(["values"], as_=["text"])
        .transform_window(number="row_number()")
        .transform_calculate(
            epoch=f"1 + {every} * (datum.number - 1)",
            value="datum.text === '' ? null : toNumber(datum.text)",
        )
    )
    across = alt.X("epoch:Q", axis=alt.Axis(title="epoch", grid=False, tickMinStep=1))
    up = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=None, tickCount=4))
    line = points.mark_line(strokeWidth=2, color=alt.expr("ink"), clip=True).encode(
        across,
        up,
        tooltip=[alt.Tooltip("epoch:Q"), alt.Tooltip("value:Q", format=".4~g")],
    )
    best = (
        of_trial.transform_filter("datum.best_epoch > 0")
        .mark_rule(color=alt.expr("muted"), strokeDash=[4, 3])
        .encode(alt.X("best_epoch:Q"))
    )
    return alt.layer(
        best,
        line,
        width=WIDTH,
        height=130,
        title=alt.TitleParams(text=alt.ExprRef(title), anchor="start", limit=alt.ExprRef("width")),
        description="Learning curve of the chosen trial; the dashed line is its best epoch.",
    )
