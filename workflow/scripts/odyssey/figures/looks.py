"""How each variant looks, the same in all figures of a study."""

import itertools
from collections.abc import Iterator
from typing import Any

from odyssey.palette import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
Look = dict[str, Any]  # keywords of matplotlib's `plot`
Pattern = str | tuple[int, tuple[float, ...]]  # of a line
DASHES: Pattern = (0, (4, 1.5))
DOTS: Pattern = (0, (1.5, 1.5))
# In the order of the variants beside V; line styles tell apart what a grey print does not. After
# these come all pairs of a colour and a pattern that are left.
LINES: tuple[tuple[str, Pattern], ...] = (
    (BLUE, "-"),
    (ORANGE, "-"),
    (GREEN, "-"),
    (PURPLE, "-"),
    (SKY, DASHES),
    (VERMILLION, DASHES),
    (GREEN, DOTS),
    (VERMILLION, DOTS),
)
MARKERS = "sD^vP<>Xp*hd8H"


def line_of(variant: str, variants: list[str]) -> Look:
    """Choose how the line of a variant looks, the same in all figures of a study.

    Parameters
    ----------
    variants : list of str
        The study's.

    Returns
    -------
    Look
        V is black and thick.
    """
    if variant == "V":
        return {"color": INK, "linestyle": "-", "linewidth": 1.8, "zorder": 4}
    number = _position(variant, variants)
    colour, line = next(itertools.islice(_lines(), number, None))
    return {"color": colour, "linestyle": line, "linewidth": 1.1}


def _lines() -> Iterator[tuple[str, Pattern]]:
    """Go through pairs of a colour and a line without end: dashes have ever more dots."""
    yield from LINES
    dots = ((0, (6, 1.5, *(1.5, 1.5) * number)) for number in itertools.count(1))
    usual: tuple[Pattern, ...] = ("-", DASHES, DOTS)
    for line in itertools.chain(usual, dots):
        yield from ((c, line) for c in COLOURS if (c, line) not in LINES)


def dot_of(variant: str, variants: list[str]) -> Look:
    """Choose how the points of a variant look, in the colour of its line.

    Parameters
    ----------
    variants : list of str
        The study's.
    """
    look: Look = {"color": line_of(variant, variants)["color"], "linestyle": "", "marker": "o"}
    if variant != "V":
        number = _position(variant, variants)
        more = number - len(MARKERS)  # then stars and asterisks with ever more points
        look["marker"] = MARKERS[number] if more < 0 else (5 + more // 2, 1 + more % 2, 0)
    return look


def _position(variant: str, variants: list[str]) -> int:
    return [name for name in variants if name != "V"].index(variant)
