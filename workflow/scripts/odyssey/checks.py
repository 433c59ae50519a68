"""Whether a study can be planned: corpora in their places, sizes that variants can have."""

import math
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from odyssey.config import ConfigError, Study
from odyssey.corpora.errors import CorpusError
from odyssey.search_space import MOST_HIDDEN
from odyssey.section import expanded
from odyssey.tasks import is_file
from odyssey.tasks.base import Shape, TaskSettings
from odyssey.training.sizes import network, weights_at
from odyssey.user_code import told

_PLANNING = 1.3e-4  # seconds a trial, to draw it and to plan its job


def check_corpora(study: Study) -> None:
    """Make sure that the corpora of a study are where it says, and that sizes can be planned.

    Raises
    ------
    ConfigError
        If a corpus is not there, a user's kind of task fails, or a variant cannot have the numbers
        of weights that are searched.
    """
    faults = [
        f"tasks.{name}.{key}: {fault} ({_of(task)}); "
        f"give the path of the {'corpus' if key == 'path' else key}, "
        "absolute or from the working directory"
        for name, task in study.tasks.items()
        for key, path in _paths(name, task).items()
        if (fault := _path_fault(path, key not in task.FOLDERS))
    ]
    faults = faults or list(unknown_sizes(study).values())
    faults = faults or budget_faults(study, unknown=())
    if faults:
        raise ConfigError("\n".join(faults))


def budget_faults(study: Study, unknown: Collection[str]) -> list[str]:
    """Say between which numbers of weights all variants can be, if those searched are not.

    Left out are the tasks whose sizes are unknown.
    """
    searched = study.search.parameters
    if searched is None:
        return []
    fewest, most = study.search.layers.low, study.search.layers.high
    of_variants = [
        (network(task, study.cell(variant), 1, most), f"{variant} on {name}")
        for name, task in study.tasks.items()
        for variant in study.variants
        if name not in unknown
    ]
    if not of_variants:
        return []
    # With the most layers even a hidden size of 1 has many weights, and the largest size has few
    # with the fewest.
    low, least = max((weights_at(of, 1), name) for of, name in of_variants)
    high, largest = min(
        (weights_at(replace(of, layers=fewest), MOST_HIDDEN), name) for of, name in of_variants
    )
    if low <= searched.low <= searched.high <= high:
        return []
    return [
        f"search.parameters: the range must lie within {low:,} weights, which {least} has with a "
        f"hidden size of 1, and {high:,}, which {largest} has with {MOST_HIDDEN:,} "
        f"(given: {searched.low:,} to {searched.high:,})"
    ]


def _of(task: TaskSettings) -> str:
    return f"source: {task.source}" if hasattr(task, "source") else f"kind: {task.kind}"


def unknown_sizes(study: Study) -> dict[str, str]:
    """Say for each task whose jobs cannot be planned why: a missing corpus, or a user's mistake."""
    faults = {}
    for name, task in study.tasks.items():
        try:
            _check_answers(task)
            task.description(name)
        except Exception as error:
            if is_file(task.kind) and not isinstance(error, CorpusError | ConfigError):
                faults[name] = f"tasks.{name}: {told(error, expanded(task.kind))}"
            elif isinstance(error, ValueError | OSError):
                faults[name] = f"tasks.{name}: {error}"
            else:
                raise
    return faults


def _paths(name: str, task: TaskSettings) -> dict[str, str]:
    """Ask a kind of task for its paths, which a user's file may get wrong."""
    try:
        paths = task.paths()
    except Exception as error:
        if not is_file(task.kind):
            raise
        raise ConfigError(f"tasks.{name}: {told(error, expanded(task.kind))}") from error
    if not isinstance(paths, dict) or not all(isinstance(path, str) for path in paths.values()):
        raise ConfigError(
            f"tasks.{name}: {task.kind}: paths() returns {paths!r:.60}, and not a path for each key"
        )
    return paths


def _check_answers(task: TaskSettings) -> None:
    """Make sure that a kind of task answers what is asked before its features are there."""
    shape, frames = task.shape(), task.frames()
    if not isinstance(shape, Shape):
        raise ConfigError(f"{task.kind}: shape() returns {shape!r:.60}, and no Shape")
    numbers = isinstance(frames, tuple | list) and len(frames) == 2
    if not numbers or not all(
        isinstance(each, int | float) and 0 <= each < math.inf for each in frames
    ):
        raise ConfigError(f"{task.kind}: frames() returns {frames!r:.60}, and no two numbers")
    for word in ("MEASURE", "UNIT", "heading", "origin"):
        if not isinstance(found := getattr(task, word), str):
            raise ConfigError(f"{task.kind}: {word} is {found!r:.60}, and no text")


def planning_note(study: Study) -> str:
    """Say in a line how long the planning of a study takes; nothing where it is seconds."""
    trials = study.search.trials * len(study.variants) * len(study.tasks)
    seconds = _PLANNING * trials
    if seconds < 5:
        return ""
    time = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"{trials:,} trials are drawn and planned first, which takes some {time}"


def _path_fault(path: str, is_file: bool) -> str:
    """Say what is wrong with the path of a corpus, or nothing."""
    kind = "file" if is_file else "folder"
    try:
        there = Path(path).is_file() if is_file else Path(path).is_dir()
        if not there and Path(path).exists():
            return f"{path or '.'} is no {kind}"
        if there and not os.access(path, os.R_OK):
            return f"{path} may not be read"
    except OSError as error:
        return f"{path[:80]} cannot be looked at: {error.strerror}"
    return "" if there else f"there is no {kind} {path}"
