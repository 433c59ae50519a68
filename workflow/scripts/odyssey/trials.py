"""A search's trials, and their division into shards, one a job."""

from collections.abc import Sequence
from typing import Any

Trial = dict[str, Any]
"""Number (``trial``), seed and hyperparameters, by their names."""

Record = dict[str, Any]
"""What came of a trial: a line of a run file, as `odyssey.training.trial.train` makes it."""

Shard = tuple[int, int]
"""First and last trial of a job."""


def shards(seconds: Sequence[float], trials_per_job: int | None, target: float) -> list[Shard]:
    """Divide a search's trials among jobs.

    Parameters
    ----------
    seconds : sequence of float
        What each trial is expected to take.
    trials_per_job : int or None
        None: as many as `target` allows.
    target : float
        Seconds that a job should take at most; a trial that takes more is a job of its own.

    Returns
    -------
    list of (int, int)
        First and last trial of each job. Further trials change no job but the last.
    """
    if trials_per_job is not None:
        return [
            (first, min(first + trials_per_job, len(seconds)) - 1)
            for first in range(0, len(seconds), trials_per_job)
        ]
    firsts, filled = [0], 0.0
    for trial, time in enumerate(seconds):
        if trial > firsts[-1] and filled + time > target:
            firsts.append(trial)
            filled = 0.0
        filled += time
    ends = [*firsts[1:], len(seconds)]
    return [(first, end - 1) for first, end in zip(firsts, ends, strict=True)]
