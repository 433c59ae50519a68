"""A line of handwriting with its transcription (paper, figure 2)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from odyssey import palette
from odyssey.figures import style


def draw(line: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw the strokes of a line over what was written.

    Parameters
    ----------
    line : mapping of str to numpy.ndarray
        `points`, float of shape (points, 3): x, y (downwards) and time of the pen, all strokes end
        to end; `stroke_lengths`, int of shape (strokes,); `text`, the transcription; `synthetic`,
        whether the line was made up and not written by a person.
    title : str
        Of the task.

    Returns
    -------
    matplotlib.figure.Figure
        A stroke of one point is a dot. Points are drawn small on the line that joins them, as
        they were sampled.
    """
    with style.style():
        figure = Figure(figsize=(style.PAGE, 1.5), layout="constrained")
        ax = figure.subplots()
        for stroke in np.split(line["points"], np.cumsum(line["stroke_lengths"])[:-1]):
            marks = "o" if len(stroke) == 1 else "-"
            ax.plot(stroke[:, 0], stroke[:, 1], marks, color=palette.INK, markersize=1.4)
            ax.plot(stroke[:, 0], stroke[:, 1], ".", color=palette.VERMILLION, markersize=1.1)
        ax.set_aspect("equal", adjustable="datalim")
        ax.invert_yaxis()
        ax.set_axis_off()
        ax.set_title(style.task_title(title, bool(line["synthetic"])).replace("\n", " "))
        # A dollar sign would otherwise begin a formula.
        text = str(line["text"])
        figure.supxlabel(text, fontfamily="DejaVu Sans Mono", fontsize=8, parse_math=False)
    return figure
