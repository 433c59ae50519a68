"""The results of a study by name: where each lies in its folder, and what reads it."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

# From a result's name to its files in results/<study>, and to what reads them: a function, or the
# types of a table's columns. By names, because Snakemake imports this before every job, and pandas
# takes a second.
RESULTS: dict[str, tuple[list[str], str]] = {
    "trials": (["trials.csv"], "odyssey.analysis.collect.read_trials"),
    "curves": (["curves.parquet"], "pandas.read_parquet"),
    # With rank and selected.
    "marked": (
        ["trials.csv", "selection/trials.csv"],
        "odyssey.analysis.selection.read_marked",
    ),
    "distributions": (
        ["selection/distributions.csv"],
        "odyssey.analysis.selection.DISTRIBUTION_COLUMNS",
    ),
    "welch": (["tests/welch.csv"], "odyssey.analysis.welch.COLUMNS"),
    "robustness": (["tests/robustness.csv"], "odyssey.analysis.robustness.COLUMNS"),
    "importance": (["fanova/importance.csv"], "odyssey.analysis.fanova.IMPORTANCE_COLUMNS"),
    "marginals": (["fanova/marginals.csv"], "odyssey.analysis.fanova.MARGINAL_COLUMNS"),
    "interactions": (["fanova/interactions.csv"], "odyssey.analysis.fanova.INTERACTION_COLUMNS"),
    "attribution": (["fanova/attribution.csv"], "odyssey.analysis.attribution.COLUMNS"),
    "expected": (["budget/expected_best.csv"], "odyssey.analysis.budget.COLUMNS"),
    "fronts": (["budget/fronts.csv"], "odyssey.analysis.budget.FRONT_COLUMNS"),
    "effects": (["effects.csv"], "odyssey.analysis.effects.COLUMNS"),
    # The same file, of a study that has bits a parameter in it.
    "bits": (["effects.csv"], "odyssey.analysis.effects.COLUMNS"),
    "claims": (["claims.csv"], "odyssey.analysis.claims.COLUMNS"),
    "best": (["tables/best_trials.csv"], "odyssey.analysis.tables.BEST_COLUMNS"),
    "generations": (["generations.csv"], "odyssey.evolution.outcome.COLUMNS"),
    "winner": (["winner.py"], "odyssey.evolution.outcome.read_winner"),
    # The first test line of a task whose corpus has something to be looked at.
    "line": (["features/{task}_line.npz"], "numpy.load"),
}


def files(name: str, folder: str, task: str = "") -> list[str]:
    """List the files of a result in ``results/<study>``, the folder; some are a task's."""
    return [f"{folder}/{path.replace('{task}', task)}" for path in RESULTS[name][0]]


def read(name: str, paths: str | Sequence[str]) -> Any:
    """Read a result from its file or files: a data frame, or arrays by name.

    Raises
    ------
    ValueError
        If a file is not what it should be.
    """
    module, _, reader = RESULTS[name][1].rpartition(".")
    found = getattr(import_module(module), reader)
    paths = [paths] if isinstance(paths, str) else paths
    if callable(found):
        return found(*paths)
    from odyssey.analysis.files import read_csv

    (path,) = paths
    return read_csv(path, found)
