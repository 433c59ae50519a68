"""The trials table of a cell, and its division into shards."""

import os

from odyssey.files import write_atomically


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
