"""Rows of the page's tables: how variants stand to vanilla, and the verdicts on claims."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from odyssey.analysis.files import Row
from odyssey.analysis.verdicts import CONTRADICTED, REPRODUCED, UNDECIDED, standing
from odyssey.quantities import percent, short

# What a verdict, or a standing, looks like.
VERDICTS = {REPRODUCED: "yes", CONTRADICTED: "no", UNDECIDED: "open"}
STANDINGS = {"better": "yes", "worse": "no", "open": "open"}


def number(value: float) -> str:
    """Write a number to three digits; nothing if there is none."""
    return "" if pd.isna(value) else short(value)


def interval(row: Row) -> str:
    """Write the interval of a row; nothing if it has none."""
    ends = [number(row[end]) for end in ("ci_low", "ci_high")]
    return " to ".join(ends) if all(ends) else ""


def standings(
    welch: pd.DataFrame,
    labels: Mapping[str, str],
    measures: Mapping[str, str],
    margins: Mapping[str, float],
) -> dict[str, list[Any]]:
    """Set variants against tasks: mean of the selected trials, and how it stands to vanilla's.

    Parameters
    ----------
    welch : pandas.DataFrame
        As `welch.compare` returns it.
    labels, measures, margins : mapping of str
        From tasks to their names, to what their results measure, and to the difference that counts
        as none.

    Returns
    -------
    dict of str to list
        ``tasks``, and ``rows`` of a variant and a field for each task.
    """
    known = {(row["task"], row["variant"]): row for row in welch.to_dict("records")}
    digits = {task: digits_of(rows) for task, rows in welch.groupby("task", sort=False)}
    return {
        "tasks": [{"label": label, "measure": measures[task]} for task, label in labels.items()],
        "rows": [
            {
                "variant": variant,
                "fields": [
                    _standing(known.get((task, variant)), margins.get(task, 0.0), digits[task])
                    for task in labels
                ],
            }
            for variant in dict.fromkeys(welch["variant"])
        ],
    }


def digits_of(rows: pd.DataFrame, low: str = "ci_low", high: str = "ci_high") -> int:
    """Count the digits behind the point that the intervals of a task leave a meaning to."""
    widths = rows[high] - rows[low]
    # One without an end is of trials of which too many have diverged.
    width = widths[(widths > 0) & (widths < math.inf)].median()
    return 2 if pd.isna(width) else max(0, 2 - math.floor(math.log10(width)))


def fixed(value: float, digits: int, sign: str = "") -> str:
    """Write a number to so many digits behind the point; nothing if there is none."""
    return "" if pd.isna(value) else f"{value:{sign}.{digits}f}".replace("-", "−")


def _standing(row: Row | None, margin: float, digits: int) -> dict[str, str]:
    if row is None:
        return dict.fromkeys(("mean", "difference", "interval", "word", "kind"), "")

    word = standing(row, margin)
    ends = (fixed(row[end], digits) for end in ("ci_low", "ci_high"))
    return {
        "mean": fixed(row["mean"], digits),
        "difference": fixed(row["difference"], digits, "+"),
        "interval": " to ".join(ends) if word else "",
        "word": word,
        "kind": STANDINGS.get(word, ""),
    }


def claims(judged: pd.DataFrame, labels: Mapping[str, str]) -> list[Row]:
    """Lay out the paper's statements, each with its rule and what was found for each task.

    Parameters
    ----------
    judged : pandas.DataFrame
        As `claims.judge` returns it.
    labels : mapping of str to str
        From tasks to their names.
    """
    return [
        {
            "statement": statement,
            "rule": rule,
            "findings": [_finding(row, labels) for row in rows.to_dict("records")],
        }
        for (statement, rule), rows in judged.groupby(["claim", "rule"], sort=False)
    ]


def _finding(row: Row, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "task": labels.get(row["task"], f"{row['task']} tasks"),
        "paper": row["paper"],
        "measured": number(row["measured"]),
        "interval": interval(row),
        "verdict": row["verdict"],
        "paper_rule": row["paper_rule"],
        "coverage": "" if pd.isna(row["coverage"]) else percent(row["coverage"]),
        "kind": VERDICTS[row["verdict"]],
        "note": row["note"],
    }
