"""Cells' equations set in columns of a figure, their long lines broken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.transforms import ScaledTranslation

from odyssey.cells import typeset
from odyssey.cells.equations import Cell
from odyssey.figures import style

# In points; indices are 0.7 times as large, and still legible.
SIZE, NAME_SIZE, TITLE_SIZE = 8.0, 8.0, 6.5
LEADING, PARAGRAPH, MARGIN, GUTTER = 3.0, 12.0, 8.0, 16.0
INCH = 72
OPERATORS = ("+", "-", "/", r"\odot")

measure = TextToPath().get_text_width_height_descent


@dataclass(frozen=True)
class Line:
    """A line of text, measures in points."""

    text: str
    look: dict[str, Any]  # keywords of matplotlib's `text`
    indent: float
    width: float
    ascent: float
    descent: float


Paragraph = Callable[[float], list[Line]]
"""From the width of a column, in points, to lines."""


@dataclass(frozen=True)
class Columns:
    """Lines with their places: from the left and from the top to the baseline, in points."""

    placed: list[tuple[float, float, Line]]
    height: float
    """Of all, in inches."""

    def draw(self, figure: Figure | SubFigure) -> None:
        """Write the lines into a figure or a part of one, from its upper left corner on."""
        inches = figure.get_figure(root=True).dpi_scale_trans
        for x, y, line in self.placed:
            moved = ScaledTranslation(x / INCH, -y / INCH, inches)
            figure.text(0, 1, line.text, transform=figure.transSubfigure + moved, **line.look)


def paragraph(name: str, cell: Cell) -> Paragraph:
    """Set a cell: its name and title, its equations, and what its weights start from.

    Returns
    -------
    callable
        From the width of a column, in points, to lines.
    """

    def lines(width: float) -> list[Line]:
        found = [_line(name, NAME_SIZE, "bold")]
        found += [_line(text, TITLE_SIZE) for text in _wrapped(cell.title, width)]
        for equation in typeset.equations(cell):
            found += _broken(f"{equation.left} =", equation.pieces, width)
        for value, (*names, last) in typeset.starts(cell).items():
            pieces = (*(f"{weight}," for weight in names), last)
            found += _broken(rf"\mathrm{{starts\ at\ }}{value}:", pieces, width)
        return found

    return lines


def columns(paragraphs: Sequence[Paragraph], width: float) -> Columns:
    """Place paragraphs in two columns, or in one where two are too narrow.

    Parameters
    ----------
    paragraphs : sequence of callable
        As `paragraph` returns them.
    width : float
        Of the figure, in inches.
    """
    whole = INCH * width - 2 * MARGIN
    number, room = 2, (whole - GUTTER) / 2
    several = len(paragraphs) > 1 and width > 1.5 * style.COLUMN
    if not several or any(line.indent + line.width > room for p in paragraphs for line in p(room)):
        number, room = 1, whole
    ends, placed = [MARGIN] * number, []
    for lines in (p(room) for p in paragraphs):
        column = ends.index(min(ends))
        x, y = MARGIN + column * (room + GUTTER), ends[column]
        for line in lines:
            y += line.ascent
            placed.append((x + line.indent, y, line))
            y += line.descent + LEADING
        ends[column] = y + PARAGRAPH
    return Columns(placed, max(ends) / INCH if placed else 0.0)


def _line(
    text: str, size: float, weight: str = "normal", math: bool = False, indent: float = 0.0
) -> Line:
    """Measure a line; text that is not TeX may have dollars in it."""
    font = FontProperties(family=style.SETTINGS["font.family"], size=size, weight=weight)
    width, height, descent = measure(text, font, math)
    look = {"fontsize": size, "fontweight": weight, "parse_math": math, "va": "baseline"}
    return Line(text, look, indent, width, max(height - descent, 0.75 * size), descent)


def _equation(tex: str, indent: float = 0.0) -> Line:
    return _line(f"${tex}$", SIZE, math=True, indent=indent)


def _wrapped(text: str, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _line(longer, TITLE_SIZE).width <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _broken(left: str, pieces: Sequence[str], width: float) -> list[Line]:
    """Break an equation before operators; what follows stands right of the equals sign."""
    lines = [_equation(f"{left} {pieces[0]}")]
    indent = _equation(rf"{left}\ ").width
    for piece in pieces[1:]:
        last = lines[-1]
        longer = _equation(f"{last.text[1:-1]} {piece}", last.indent)
        if longer.indent + longer.width <= width:
            lines[-1] = longer
        else:
            lines.append(_equation(_leading(piece), indent))
    return lines


def _leading(piece: str) -> str:
    """Part an operator that begins a line from what follows, as within a line."""
    operator, _, rest = piece.partition(" ")
    return rf"{operator}\;{rest}" if operator in OPERATORS else piece
