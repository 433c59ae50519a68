"""Searches that are lost: of a variant on a task not one trial came to an end, well or badly."""

import csv
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lost:
    """A search all of whose trials failed.

    Parameters
    ----------
    task, variant : str
    trials : int
    reason : str
        Of the first one.
    """

    task: str
    variant: str
    trials: int
    reason: str


def all_failed(trials: int, variant: str, task: str) -> str:
    """Say that all trials of a search failed.

    Returns
    -------
    str
        A sentence without its end.
    """
    number = "the only trial" if trials == 1 else f"all {trials:,} trials"
    return f"{number} of {variant} on {task} failed"


def lost_searches(path: str | os.PathLike[str]) -> list[Lost]:
    """Find the searches of a study all of whose trials failed.

    Parameters
    ----------
    path : path-like
        ``trials.csv``. It is read without pandas, whose import takes longer than all else here.

    Returns
    -------
    list of Lost
        In the study's order.
    """
    rows_of = defaultdict(list)
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows_of[row["task"], row["variant"]].append(row)
    return [
        Lost(task, variant, len(rows), rows[0]["reason"])
        for (task, variant), rows in rows_of.items()
        if all(row["status"] == "failed" for row in rows)
    ]


def last_words(results: str | os.PathLike[str], allowed: bool) -> str:
    """Say at the end of a study which searches are lost, why, and what can be done.

    Parameters
    ----------
    results : path-like
        ``results/<study>``, with its trials collected.
    allowed : bool
        Whether the study ends well all the same.

    Returns
    -------
    str
        Some lines for the terminal, nothing where no search is lost.
    """
    lost = lost_searches(Path(results) / "trials.csv")
    if not lost:
        return ""
    lines = [f"{all_failed(one.trials, one.variant, one.task)}: {one.reason}" for one in lost]
    folders = " ".join(f"{results}/runs/{one.task}/{one.variant}" for one in lost)
    # Without the table Snakemake would not miss the runs that it was made of.
    lines += [
        f"Their logs are in {results}/logs/runs, and what the other trials show is in "
        f"{results}/report.html.",
        f"To train them again: rm -r {results}/trials.csv {folders}; then the same command.",
    ]
    if not allowed:
        lines.append("With training.allow_failures: true a study ends well without them.")
    return "\n".join(lines)
