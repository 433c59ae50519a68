"""Where the variants differ from vanilla, and by how much, as one map."""

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from odyssey.figures import style
from odyssey.figures.figure_6 import DIVERGING

# Effects beyond this many pooled standard deviations have one colour.
REACH = 3.0


def draw(welch: pd.DataFrame, distributions: pd.DataFrame) -> Figure:
    """Draw a map of effect sizes: a row for each variant, a column for each task.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    distributions : pandas.DataFrame
        As `selection.distributions` returns it; read are `task` and `synthetic`.

    Returns
    -------
    matplotlib.figure.Figure
        Colour and number: Hedges' g, red worse than vanilla, blue better. Framed and starred
        where the corrected test is significant; a dash where none was possible.
    """
    titles = style.titles(distributions)
    variants = [v for v in welch["variant"].unique() if v != "V"]
    if not variants or welch["hedges_g"].isna().all():
        return style.sentence("no variant could be compared with V")
    rows = welch.set_index(["variant", "task"])
    effects = rows["hedges_g"].unstack().reindex(index=variants, columns=list(titles))
    found = rows["significant"].astype("boolean").fillna(value=False).unstack()
    found = found.reindex(index=variants, columns=list(titles)).astype("boolean")
    with style.style():
        size = (1.5 + 1.15 * len(titles), 1.1 + 0.27 * len(variants))
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        image = ax.imshow(
            effects.clip(-REACH, REACH).to_numpy(dtype=float),
            cmap=DIVERGING,
            norm=TwoSlopeNorm(0, -REACH, REACH),
            aspect="auto",
        )
        for (row, column), effect in np.ndenumerate(effects.to_numpy(dtype=float)):
            significant = found.iloc[row, column] is np.True_ or found.iloc[row, column] is True
            text = "–" if np.isnan(effect) else f"{effect:+.1f}".replace("-", "−")
            ax.text(
                column,
                row,
                f"{text} *" if significant else text,
                ha="center",
                va="center",
                fontweight="bold" if significant else "normal",
                color="white" if abs(effect) > 0.7 * REACH else style.INK,
            )
        ax.set_xticks(range(len(titles)), [t.replace(" (", "\n(") for t in titles.values()])
        ax.set_yticks(range(len(variants)), variants)
        ax.tick_params(length=0)
        ax.xaxis.tick_top()
        ax.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=ax, extend="both", aspect=25)
        bar.set_label("Hedges' g: better ← V → worse")
        bar.outline.set_visible(False)
    return figure
