"""What evolution has come to: a table of all cells that were tried, and the best as equations."""

from collections.abc import Sequence

import pandas as pd

from odyssey.analysis.files import Row, typed
from odyssey.cells.equations import Cell
from odyssey.cells.variants import cell
from odyssey.evolution.breeding import Bred, pool
from odyssey.evolution.genome import SUM, Genome, from_plain, source

KNOWN = -1  # in place of a generation: a cell that was not bred

COLUMNS = {
    "task": "str",
    "generation": "int64",
    "name": "str",
    "parent": "str",
    "change": "str",
    "digest": "str",
    "lines": "Int64",
    "sums": "Int64",
    "states": "Int64",
    "trial": "int64",
    "learning_rate": "float64",
    "momentum": "float64",
    "parameters": "int64",
    "hidden_size": "int64",
    "finished": "int64",
    "validation": "float64",
    "train_seconds": "float64",
    "source": "str",
    "synthetic": "bool",
    "equations": "str",
}


def table(task: str, tried: Sequence[Bred]) -> pd.DataFrame:
    """Lay out all cells that were tried.

    Parameters
    ----------
    task : str
    tried : sequence of Bred
        As `trying.try_cells` returns them.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`; `finished` counts trials that did not diverge, and `equations` is the file of the
        cell, empty where it has been there before.
    """
    rows: list[Row] = []
    for each in tried:
        row: Row = {"task": task, "equations": ""} | each
        if "genome" in each:
            genome = from_plain(each["genome"])
            row |= {
                "lines": len(genome.lines),
                "sums": sum(line.op == SUM for line in genome.lines),
                "states": len(genome.states),
                "equations": equations(genome, each["name"]),
            }
        rows.append(row)
    return typed(pd.DataFrame(rows), COLUMNS)


def equations(genome: Genome, name: str) -> str:
    """Write a cell as a file of equations."""
    return source(genome, f"Bred as {name}")


def read_winner(path: str) -> Cell:
    """Read the best cell's file of equations."""
    return cell("winner", path)


def winner(tried: Sequence[Bred]) -> str:
    """Return the equations of the best cell that was bred.

    Raises
    ------
    ValueError
        If all trials of all cells failed.
    """
    best = pool([each for each in tried if "genome" in each], 1)
    if not best:
        raise ValueError("no cell has a result: all their trials failed")
    return equations(from_plain(best[0]["genome"]), best[0]["name"])
