"""The block beside a simple recurrent unit, what each variant changes, and all other cells.

As the paper's figure 1; cells that are no variants of the block stand there as their equations.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch

from odyssey import palette
from odyssey.cells.equations import Cell
from odyssey.cells.reference import Parts
from odyssey.cells.variants import KIN, cell, changed_parts, parts
from odyssey.figures import style, typesetting

CHANGES = {
    "input_gate": "no input gate",
    "forget_gate": "no forget gate",
    "output_gate": "no output gate",
    "coupled": "coupled input and forget gates",
    "input_activation": "no input activation",
    "output_activation": "no output activation",
    "peepholes": "no peepholes",
    "gate_recurrence": "full gate recurrence",
    "forget_bias": "forget bias 1 at first",
}
Point = tuple[float, float]
# Centres of the parts, the signal running upwards; one unit is the radius of a gate.
PLACES: dict[str, Point] = {
    "g": (0.0, 1.2),
    "times_i": (0.0, 3.6),
    "cell": (0.0, 6.6),
    "times_f": (4.0, 6.6),
    "h": (0.0, 9.6),
    "times_o": (0.0, 12.0),
    "i": (-4.2, 3.6),
    "f": (7.4, 6.6),
    "o": (-4.2, 12.0),
}
RADII = {"cell": 1.25, "times_i": 0.55, "times_f": 0.55, "times_o": 0.55}
GATES = {"i": "input gate", "f": "forget gate", "o": "output gate"}
GONE, ADDED = "#c4c4c4", palette.VERMILLION
WIDTH, HEIGHT = (-8.2, 11.0), (-2.6, 16.2)


def in_words(change: str) -> str:
    """Say what a change takes from the block, or adds to it."""
    return ", ".join(CHANGES[part] for part in changed_parts(parts(change)))


def draw(
    variants: Sequence[str], own: Mapping[str, str] | None = None, width: float = style.PAGE
) -> Figure:
    """Draw a simple recurrent unit, the vanilla block, and every other cell.

    Parameters
    ----------
    variants : sequence of str
        Names as `cells.variants.cell` reads them; ``V`` is drawn large in any case.
    own : mapping of str to str, optional
        From names of the user's own cells to the files of their equations.
    width : float
        Of the figure, in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Small blocks: pale and dashed is what a variant takes away, red what it adds. Below them the
        equations of the cells that are no blocks.
    """
    files = own or {}
    others = [name for name in variants if name != "V"]
    written = [name for name in others if name in files or name in KIN]
    blocks = [name for name in others if name not in written]
    with style.style():
        texts = _texts({name: cell(name, files.get(name)) for name in written}, width)
        columns = min(4, max(1, len(blocks)))
        rows = math.ceil(len(blocks) / columns)
        parts_of = {"top": 3.7, "blocks": 2.0 * rows + 0.25 * bool(rows), "texts": texts.height}
        heights = {name: height for name, height in parts_of.items() if height}
        figure = Figure(figsize=(width, sum(heights.values())), layout="constrained")
        made = figure.subfigures(
            len(heights), 1, squeeze=False, hspace=0, height_ratios=list(heights.values())
        )
        at = dict(zip(heights, made[:, 0], strict=True))
        unit, block = at["top"].subplots(1, 2, width_ratios=(1, 1.5))
        _unit(unit)
        _block(block, Parts(), labelled=True)
        block.set_title("LSTM block: vanilla (V)")
        if blocks:
            axes = at["blocks"].subplots(rows, columns, squeeze=False).ravel()
            for ax, name in zip(axes, blocks, strict=False):
                chosen = parts(name)
                _block(ax, chosen, labelled=False)
                changes = [CHANGES[part] for part in changed_parts(chosen)]
                ax.set_title("\n".join([name, *changes]), fontsize=7)
            for ax in axes[len(blocks) :]:
                ax.set_axis_off()
            at["blocks"].legend(**_legend(), loc="outside lower center", ncols=4)
        if written:
            texts.draw(at["texts"])
    return figure


def _texts(cells: Mapping[str, Cell], width: float) -> typesetting.Columns:
    """Set the equations of cells, two side by side where they fit."""
    return typesetting.columns([typesetting.paragraph(*named) for named in cells.items()], width)


def _prepare(ax: Axes) -> None:
    ax.set_xlim(WIDTH)
    ax.set_ylim(HEIGHT)
    ax.set_aspect("equal")
    ax.set_axis_off()


def _circle(ax: Axes, place: Point, radius: float, text: str, **look: Any) -> None:
    look = {"facecolor": "white", "edgecolor": palette.INK, "linewidth": 0.8} | look
    ax.add_patch(Circle(place, radius, zorder=3, **look))
    scale = 7 if ax.bbox.width > 1.5 * 72 else 5.5
    ax.text(*place, text, ha="center", va="center", fontsize=scale, zorder=4)


def _arrow(
    ax: Axes,
    start: Point,
    end: Point,
    bend: float = 0.0,
    gap: tuple[float, float] = (0.0, 0.0),
    **look: Any,
) -> None:
    """Draw an arrow between two points, stopping `gap` units short of each."""
    length = math.dist(start, end)
    x, y = ((b - a) / length for a, b in zip(start, end, strict=True))
    look = {"color": palette.INK, "linewidth": 0.8, **look}
    ax.add_patch(
        FancyArrowPatch(
            (start[0] + gap[0] * x, start[1] + gap[0] * y),
            (end[0] - gap[1] * x, end[1] - gap[1] * y),
            arrowstyle="-|>,head_length=2.2,head_width=1.3",
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
            zorder=2,
            **look,
        )
    )


def _between(ax: Axes, start: str, end: str, bend: float = 0.0, **look: Any) -> None:
    gap = (RADII.get(start, 1.0), RADII.get(end, 1.0))
    _arrow(ax, PLACES[start], PLACES[end], bend, gap, **look)


def _unit(ax: Axes) -> None:
    """Draw a simple recurrent unit."""
    _prepare(ax)
    centre = (0.0, 6.6)
    _circle(ax, centre, 1.25, "g")
    _arrow(ax, (0, 1.6), centre, gap=(0, 1.25))
    _arrow(ax, centre, (0, 11.6), gap=(1.25, 0))
    # The loop: up from the output, around the right, back to the input.
    ax.plot([0, 3.4, 3.4], [9.8, 9.8, 3.4], color=palette.INK, linewidth=0.8, zorder=2)
    _arrow(ax, (3.4, 3.4), (0, 3.4))
    ax.text(0, 1.3, "input", ha="center", va="top", fontsize=6.5)
    ax.text(0, 11.9, "output", ha="center", va="bottom", fontsize=6.5)
    ax.text(3.8, 6.6, "recurrence", ha="left", va="center", fontsize=6.5)
    ax.set_title("Simple recurrent unit")


def _block(ax: Axes, chosen: Parts, labelled: bool) -> None:
    """Draw a block; what it lacks beside vanilla is pale, what it has in addition red."""
    _prepare(ax)
    gates = {"i": chosen.input_gate, "f": chosen.forget_gate, "o": chosen.output_gate}
    learned = {gate: gate in chosen.gates for gate in gates}
    for start, end in (("g", "times_i"), ("times_i", "cell"), ("cell", "h"), ("h", "times_o")):
        _between(ax, start, end)
    _arrow(ax, PLACES["times_o"], (0, 15.2), gap=(RADII["times_o"], 0))
    _arrow(ax, (0, -1.6), PLACES["g"], gap=(0, 1.0))
    _between(ax, "cell", "times_f", bend=-0.55)
    _between(ax, "times_f", "cell", bend=-0.55)
    _circle(ax, PLACES["cell"], RADII["cell"], "c")
    _activation(ax, "g", chosen.input_activation)
    _activation(ax, "h", chosen.output_activation)
    for gate, present in gates.items():
        _gate(ax, gate, present, learned[gate], labelled)
        multiplied = present or chosen.coupled
        _circle(
            ax,
            PLACES[f"times_{gate}"],
            RADII[f"times_{gate}"],
            "×" if multiplied else "",
            edgecolor=palette.INK if multiplied else GONE,
        )
        _peephole(ax, gate, chosen.peepholes and learned[gate])
    if chosen.coupled:
        _arrow(
            ax,
            PLACES["i"],
            PLACES["times_f"],
            bend=0.42,
            gap=(1.0, 0.5),
            color=ADDED,
            linewidth=1.3,
        )
        ax.text(3.2, 2.9, "1 − i", color=ADDED, fontsize=6, ha="left", va="center")
    if chosen.gate_recurrence:
        _gate_recurrences(ax, [gate for gate in gates if learned[gate]])
    if labelled:
        ax.text(0.4, -1.7, "block input", ha="left", va="center", fontsize=6.5)
        ax.text(0.4, 15.0, "block output", ha="left", va="center", fontsize=6.5)
        ax.text(-1.6, 7.4, "cell", ha="right", va="center", fontsize=6.5)
        ax.text(-1.3, 1.2, "input\nactivation", ha="right", va="center", fontsize=6.5)
        ax.text(1.3, 9.9, "output\nactivation", ha="left", va="center", fontsize=6.5)
        ax.text(5.6, 4.2, "peepholes", ha="left", va="center", fontsize=6.5)


def _activation(ax: Axes, name: str, present: bool) -> None:
    look: dict[str, Any] = {} if present else {"edgecolor": GONE, "linestyle": (0, (2, 1.5))}
    _circle(ax, PLACES[name], 1.0, name if present else "", **look)
    if not present:
        x, y = PLACES[name]
        ax.plot([x, x], [y - 1, y + 1], color=palette.INK, linewidth=0.8, zorder=4)


def _gate(ax: Axes, gate: str, present: bool, learned: bool, labelled: bool) -> None:
    look: dict[str, Any] = {} if learned else {"edgecolor": GONE, "linestyle": (0, (2, 1.5))}
    line: dict[str, Any] = {} if learned else {"color": GONE, "linestyle": (0, (2, 1.5))}
    x, y = PLACES[gate]
    _circle(ax, (x, y), 1.0, "σ" if learned else "" if present else "1", **look)
    _between(ax, gate, f"times_{gate}", **line)
    outside = -1 if x < 0 else 1
    _arrow(ax, (x + 2.9 * outside, y), (x, y), gap=(0, 1.0), **line)
    if labelled:
        ax.text(x, y + 1.3, GATES[gate], ha="center", va="bottom", fontsize=6.5)


def _peephole(ax: Axes, gate: str, present: bool) -> None:
    look: dict[str, Any] = {
        "linestyle": (0, (1.5, 1.5)),
        "color": palette.BLUE if present else GONE,
    }
    _between(ax, "cell", gate, bend=0.45 if gate == "f" else 0.0, **look)


def _gate_recurrences(ax: Axes, gates: list[str]) -> None:
    look: dict[str, Any] = {"color": ADDED, "linewidth": 0.9}
    for a, b, bend in (("i", "o", -0.35), ("o", "f", -0.3), ("f", "i", -0.45)):
        if a in gates and b in gates:
            _between(ax, a, b, bend=bend, **look)
            _between(ax, b, a, bend=-bend * 0.8, **look)
    for gate in gates:
        x, y = PLACES[gate]
        _arrow(ax, (x - 0.7, y - 0.75), (x + 0.7, y - 0.75), bend=1.6, **look)


def _legend() -> dict[str, Any]:
    return {
        "handles": [
            Line2D([], [], color=palette.INK, linewidth=0.8),
            Line2D([], [], color=palette.BLUE, linewidth=0.8, linestyle=(0, (1.5, 1.5))),
            Line2D([], [], color=GONE, linewidth=0.8, linestyle=(0, (2, 1.5))),
            Line2D([], [], color=ADDED, linewidth=1.1),
        ],
        "labels": ["connection", "peephole", "taken away", "added"],
    }
