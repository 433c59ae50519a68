"""Tables as text: a frame in, GitHub's Markdown or LaTeX out."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "²": r"\textsuperscript{2}",
        "×": r"$\times$",
        "<": r"$<$",
        ">": r"$>$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
    }
)


def format_value(value: object) -> str:
    """Write a value as a reader wants it: four digits, nothing if missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:#.4g}".rstrip(".") if abs(value) < 1e4 else f"{value:.0f}"
    return str(value)


def _printed(frame: pd.DataFrame, headings: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    columns = [name for name in frame.columns if frame[name].map(format_value).ne("").any()]
    rows = [
        [format_value(value) for value in row] for row in frame[columns].itertuples(index=False)
    ]
    return [headings.get(name, name) for name in columns], rows


def _numeric(frame: pd.DataFrame, heading: str, headings: Mapping[str, str]) -> bool:
    column = next(name for name in frame.columns if headings.get(name, name) == heading)
    kind = frame[column].dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def markdown(frame: pd.DataFrame, headings: Mapping[str, str]) -> str:
    """Write a table in GitHub's Markdown, without the columns that have no value."""
    heads, rows = _printed(frame, headings)
    rows = [[value.replace("|", r"\|") for value in row] for row in rows]
    rules = ["---:" if _numeric(frame, head, headings) else "---" for head in heads]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, rules, *rows))


def latex(frame: pd.DataFrame, caption: str, headings: Mapping[str, str]) -> str:
    """Write a table in LaTeX, with the rules of the package booktabs; a thin one parts the tasks.

    Columns without any value are left out. The caption is plain text.
    """
    heads, rows = _printed(frame, headings)
    alignment = "".join("r" if _numeric(frame, head, headings) else "l" for head in heads)
    lines, previous = [], None
    for row in rows:
        if previous is not None and row[0] != previous:
            lines.append(r"\midrule")
        previous = row[0]
        lines.append(" & ".join(value.translate(LATEX) for value in row) + r" \\")
    return "\n".join(
        [
            r"\begin{table*}",
            r"\centering",
            rf"\caption{{{caption.translate(LATEX)}}}",
            rf"\begin{{tabular}}{{{alignment}}}",
            r"\toprule",
            " & ".join(head.translate(LATEX) for head in heads) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table*}",
            "",
        ]
    )
