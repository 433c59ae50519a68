"""Tables to read and to print: one frame in, a CSV, a Markdown and a LaTeX file out."""

import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from odyssey.analysis.fanova import HIGHER
from odyssey.analysis.files import write_csv
from odyssey.analysis.selection import engines
from odyssey.hyperparameters import BY_NAME, COLUMNS

STAND_IN = "stand-in"
STATUSES = ("completed", "diverged", "failed")
HEADINGS = {
    "task": "Task",
    "variant": "Variant",
    "trial": "Trial",
    "test": "Test",
    "validation": "Validation",
    **{h.name: h.heading for h in (*COLUMNS, BY_NAME["parameters"])},
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
    "train_seconds": "Seconds",
    "corpus": "Corpus",
    "n": "n",
    "mean": "Mean",
    "sd": "SD",
    "difference": "Difference from V",
    "ci_low": "CI low",
    "ci_high": "CI high",
    "p": "p",
    "p_adjusted": "p adjusted",
    "significant": "Significant",
    "direction": "Direction",
    "hedges_g": "Hedges' g",
    "note": "Note",
    "trials": "Trials",
    "completed": "Completed",
    "diverged": "Diverged",
    "failed": "Failed",
    "trained_by": "Engine",
    "seconds_total": "Seconds in all",
    "seconds_median": "Seconds a trial",
    "seconds_maximum": "Seconds, longest",
    "epochs_mean": "Epochs a trial",
    "seconds_an_epoch": "Seconds an epoch",
    "response": "Response",
    "surrogate": "Surrogate",
    "r2": "R²",
    "pairs": "Pairs",
    "higher order": "Higher order",
    "higher_low": "Higher order, low",
    "higher_high": "Higher order, high",
    "detectable": "Found with 80 %",
    "paper_low": "Paper's low",
    "paper_high": "Paper's high",
    "paper_p_adjusted": "Paper's p",
    "paper_significant": "Significant by the paper",
    "aspect": "Aspect",
    "setting": "Setting",
    "estimate": "Estimate",
    "low": "Low",
    "high": "High",
    "coverage": "Coverage",
    "paper_rule": "By the paper's rule",
    "paper_measured": "Measured by the paper",
    "claim": "Claim",
    "paper": "Paper",
    "measured": "Measured",
    "verdict": "Verdict",
}
# Of the table of best trials, what figures read.
BEST_COLUMNS = {"task": "str", "variant": "str", "trial": "Int64", "best_epoch": "Int64"}
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


def corpus(source: str, synthetic: bool) -> str:
    """Name the corpus behind a number, a made-up one as such.

    Parameters
    ----------
    source : str
    synthetic : bool

    Returns
    -------
    str
    """
    return f"{source} ({STAND_IN})" if synthetic and source != STAND_IN else source


def _corpora(frame: pd.DataFrame) -> list[str]:
    return [corpus(s, m) for s, m in zip(frame["source"], frame["synthetic"], strict=True)]


def _corpus_of_task(marked: pd.DataFrame) -> dict[str, str]:
    tasks = marked.drop_duplicates("task")
    return dict(zip(tasks["task"], _corpora(tasks), strict=True))


def best_trials(marked: pd.DataFrame) -> pd.DataFrame:
    """Find the best trial of each cell, by validation.

    Parameters
    ----------
    marked : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    pandas.DataFrame
        One row a cell, with the hyperparameters; a cell without any validation result is a row
        without numbers.
    """
    columns = [c for c in HEADINGS if c in marked.columns]
    counted = ["trial", "parameters", "epochs", "best_epoch"]
    counted += [h.name for h in COLUMNS if h.kind == "int64"]
    whole = [c for c in counted if c in marked.columns]
    best = marked[marked["rank"] == 1]
    cells = marked.drop_duplicates(["task", "variant"])
    table = cells[["task", "variant", "source", "synthetic"]].merge(
        best[columns].astype(dict.fromkeys(whole, "Int64")),
        on=["task", "variant"],
        how="left",
        sort=False,
    )
    table["corpus"] = _corpora(table)
    return table[[*columns, "corpus"]]


def tests(welch: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the comparisons with vanilla, with the corpus behind each number.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    marked : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    pandas.DataFrame
        The columns of `welch` that `HEADINGS` names, and `corpus`.
    """
    table = welch[[c for c in welch.columns if c in HEADINGS]].copy()
    table["corpus"] = table["task"].map(_corpus_of_task(marked))
    return table


def importances(importance: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the shares of main effects and interactions, a row for each surrogate.

    Parameters
    ----------
    importance : pandas.DataFrame
        As `fanova.analyse_cell` returns it, of all cells.
    marked : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    pandas.DataFrame
        `task`, `variant`, `response`, `surrogate`, `n`, `r2`, a column for each main effect,
        ``higher order``, which is all interactions together, with its interval, ``pairs`` of these,
        `note` and `corpus`. Shares are of 1.
    """
    terms = [*importance.loc[importance["order"].eq(1).fillna(value=False), "term"].unique()]
    keys = ["task", "variant", "response", "surrogate"]
    rows = []
    for key, of_one in importance.groupby(keys, sort=False):
        by_term = of_one.set_index("term")
        pairs = of_one.loc[of_one["order"].eq(2).fillna(value=False), "share"]
        first = of_one.iloc[0]
        higher = by_term.loc[HIGHER] if HIGHER in by_term.index else {}
        rows.append(
            dict(zip(keys, key, strict=True))
            | {"n": first["n"], "r2": first["r2"]}
            | {term: by_term["share"].get(term, math.nan) for term in terms}
            | {HIGHER: higher.get("share", math.nan)}
            | {f"higher_{end}": higher.get(end, math.nan) for end in ("low", "high")}
            | {"pairs": pairs.sum() if len(pairs) else math.nan, "note": first["note"]}
        )
    table = pd.DataFrame(rows)
    table["corpus"] = table["task"].map(_corpus_of_task(marked))
    return table


def robustness(found: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out what other choices would have found, with the corpus behind each number.

    Parameters
    ----------
    found : pandas.DataFrame
        As `robustness.analyse` returns it.
    marked : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    pandas.DataFrame
        The columns of `found`, and `corpus`.
    """
    return found.assign(corpus=found["task"].map(_corpus_of_task(marked)))


def claims(judged: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the verdicts on the paper's statements, with the corpus behind each.

    Parameters
    ----------
    judged : pandas.DataFrame
        As `claims.judge` returns it.
    marked : pandas.DataFrame
        As `selection.select` returns it.

    Returns
    -------
    pandas.DataFrame
        Task by task, the columns of `claims.judge` but the rules, and `corpus`; last the statements
        about all tasks together, which have none.
    """
    corpora = _corpus_of_task(marked)
    rows = [judged[judged["task"] == task] for task in (*corpora, "all")]
    columns = ["task", *judged.columns.drop(["task", "rule"])]
    table = pd.concat(rows, ignore_index=True)[columns]
    table["corpus"] = table["task"].map(corpora)
    return table


def costs(trials: pd.DataFrame) -> pd.DataFrame:
    """Add up what each cell cost.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial.

    Returns
    -------
    pandas.DataFrame
        One row a cell: numbers of trials by status, seconds of training in all, in the middle and
        at most, epochs a trial and seconds an epoch; where the study has several engines, by which
        the cell was `trained_by`, as their seconds do not compare.
    """
    rows, by = [], engines(trials)
    for (task, variant), cell in trials.groupby(["task", "variant"], sort=False):
        seconds, epochs = cell["train_seconds"], cell["epochs"].sum()
        first = cell.iloc[0]
        rows.append(
            {
                "task": task,
                "variant": variant,
                "trials": len(cell),
                **{status: int((cell["status"] == status).sum()) for status in STATUSES},
                "parameters": round(cell["parameters"].mean()),
                **({"trained_by": by[variant]} if by else {}),
                "seconds_total": seconds.sum(),
                "seconds_median": seconds.median(),
                "seconds_maximum": seconds.max(),
                "epochs_mean": epochs / len(cell),
                "seconds_an_epoch": seconds.sum() / epochs if epochs else math.nan,
                "corpus": corpus(first["source"], first["synthetic"]),
            }
        )
    return pd.DataFrame(rows)


def format_value(value: object) -> str:
    """Write a value as a reader wants it: four digits, nothing if missing.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:#.4g}".rstrip(".") if abs(value) < 1e4 else f"{value:.0f}"
    return str(value)


def _printed(frame: pd.DataFrame, headings: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    columns = [c for c in frame.columns if frame[c].map(format_value).ne("").any()]
    rows = [[format_value(v) for v in row] for row in frame[columns].itertuples(index=False)]
    return [headings.get(c, c) for c in columns], rows


def _numeric(frame: pd.DataFrame, heading: str, headings: Mapping[str, str]) -> bool:
    column = next(c for c in frame.columns if headings.get(c, c) == heading)
    kind = frame[column].dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def markdown(frame: pd.DataFrame, headings: Mapping[str, str] = HEADINGS) -> str:
    """Write a table in GitHub's Markdown.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns without any value are left out.
    headings : mapping of str to str
        From columns to what stands above them.

    Returns
    -------
    str
    """
    heads, rows = _printed(frame, headings)
    rows = [[value.replace("|", r"\|") for value in row] for row in rows]
    rules = ["---:" if _numeric(frame, head, headings) else "---" for head in heads]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, rules, *rows))


def latex(frame: pd.DataFrame, caption: str, headings: Mapping[str, str] = HEADINGS) -> str:
    """Write a table in LaTeX, with the rules of the package booktabs.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns without any value are left out. A thin rule parts the tasks.
    caption : str
        Plain text.
    headings : mapping of str to str
        From columns to what stands above them.

    Returns
    -------
    str
        A `table*` environment.
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


def write(
    frame: pd.DataFrame,
    caption: str,
    csv: str | os.PathLike,
    md: str | os.PathLike,
    tex: str | os.PathLike,
) -> None:
    """Write a table as three files.

    Parameters
    ----------
    frame : pandas.DataFrame
    caption : str
        Plain text; above the Markdown table and in the LaTeX one.
    csv, md, tex : path-like
        The CSV file keeps every digit and the columns' own names.
    """
    write_csv(frame, csv)
    Path(md).write_text(f"{caption}\n\n{markdown(frame)}", encoding="utf-8")
    Path(tex).write_text(latex(frame, caption), encoding="utf-8")
