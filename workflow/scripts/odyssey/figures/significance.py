"""Where the variants differ from vanilla, and by how much, as one map."""

import numpy as np
import pandas as pd
import seaborn
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from odyssey.analysis.verdicts import differs
from odyssey.figures import style

# Effects beyond this many pooled standard deviations have one colour.
REACH = 3.0


def draw(welch: pd.DataFrame, distributions: pd.DataFrame, tasks: style.Tasks) -> Figure:
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
        Colour and number: Hedges' g, red worse than vanilla, blue better. Bold and starred
        where the corrected test is significant; a dash where none was possible.
    """
    titles = style.titles(distributions, tasks)
    variants = [v for v in welch["variant"].unique() if v != "V"]
    if not variants or welch["hedges_g"].isna().all():
        return style.sentence("no variant could be compared with V")
    rows = welch.set_index(["variant", "task"])
    fields = {"index": variants, "columns": list(titles)}
    effects = rows["hedges_g"].unstack().reindex(**fields).astype("float64")
    found = differs(rows).unstack(fill_value=False).reindex(**fields, fill_value=False)
    with style.style():
        size = (1.5 + 1.15 * len(titles), 1.1 + 0.27 * len(variants))
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        seaborn.heatmap(
            effects.clip(-REACH, REACH).fillna(0.0),
            annot=_labels(effects, found),
            fmt="",
            cmap=style.DIVERGING,
            norm=TwoSlopeNorm(0, -REACH, REACH),
            xticklabels=[title.replace(" (", "\n(") for title in titles.values()],
            yticklabels=variants,
            cbar_kws={"extend": "both", "aspect": 25, "label": "Hedges' g: better ← V → worse"},
            ax=ax,
        )
        for label in ax.texts:
            label.set_fontweight("bold" if label.get_text().endswith("*") else "normal")
        ax.set(xlabel="", ylabel="")
        ax.tick_params(length=0)
        ax.xaxis.tick_top()
        ax.tick_params(axis="y", rotation=0)
    return figure


def _labels(effects: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Write each effect with its sign, and a star where it is significant."""
    texts = effects.map(lambda g: "–" if np.isnan(g) else f"{g:+.1f}".replace("-", "−"))
    return texts + found.map(lambda significant: " *" if significant else "")
