"""The trials table of a cell, and its division into shards."""

import csv
import os

from odyssey.files import write_atomically

_TYPES = {"trial": int, "seed": int, "hidden_size": int}
_FLAGS = {"True": True, "False": False}


def write_trials(path: str | os.PathLike, trials: list[dict]) -> None:
    """Write a trials table.

    Parameters
    ----------
    path : path-like
    trials : list of dict
        All with the same keys; floats are written so that they read back exactly.
    """
    rows = [",".join(trials[0]), *(",".join(str(v) for v in trial.values()) for trial in trials)]
    write_atomically(path, lambda file: file.write(("\n".join(rows) + "\n").encode()))


def read_trials(path: str | os.PathLike, first: int, last: int) -> list[dict]:
    """Read a shard's rows of a trials table.

    Parameters
    ----------
    path : path-like
    first, last : int
        Numbers of the trials, both included.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If a trial is missing or a row cannot be read.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = {int(row["trial"]): row for row in csv.DictReader(file)}
    missing = [n for n in range(first, last + 1) if n not in rows]
    if missing:
        raise ValueError(f"{path} has no trial {missing[0]}")

    def typed(key, text):
        return _FLAGS[text] if text in _FLAGS else _TYPES.get(key, float)(text)

    return [{k: typed(k, v) for k, v in rows[n].items()} for n in range(first, last + 1)]


def shards(trials: int, trials_per_job: int) -> list[tuple[int, int]]:
    """Divide a cell's trials among jobs.

    Parameters
    ----------
    trials, trials_per_job : int

    Returns
    -------
    list of (int, int)
        First and last trial of each job.
    """
    return [
        (first, min(first + trials_per_job, trials) - 1)
        for first in range(0, trials, trials_per_job)
    ]
