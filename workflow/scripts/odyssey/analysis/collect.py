"""From the runs' JSON lines to the study's two tables: one row a trial, one row an epoch."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from odyssey import hyperparameters
from odyssey.analysis.files import read_csv
from odyssey.trials import Record

# The order of trials.csv; only studies that search them, or fix them elsewhere, bring
# the optional hyperparameters.
COLUMNS = {
    "task": "str",
    "variant": "str",
    "trial": "int64",
    "seed": "int64",
    **{one.name: one.kind for one in hyperparameters.COLUMNS},
    "parameters": "int64",
    "status": "str",
    "reason": "str",
    "epochs": "int64",
    "best_epoch": "Int64",
    "validation": "float64",
    "test": "float64",
    "train_seconds": "float64",
    "engine": "str",
    "device": "str",
    "machine": "str",
    "source": "str",
    "synthetic": "bool",
}
OPTIONAL = tuple(one.name for one in hyperparameters.COLUMNS if one.absent is not None)
CURVE_COLUMNS = {
    "task": "str",
    "variant": "str",
    "trial": "int64",
    "epoch": "int64",
    "train_loss": "float64",
    "validation": "float64",
}


def read_records(path: str | os.PathLike[str]) -> list[Record]:
    """Read the trials that one shard has finished: JSON lines, one object a trial.

    Raises
    ------
    ValueError
        If a line is no JSON object or lacks a key; the message names file, line and key.
    """
    records = []
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: not JSON ({error.msg})") from None
            if not isinstance(record, dict):
                raise ValueError(f"{path}, line {number}: not a JSON object")
            missing = [key for key in COLUMNS if key not in record and key not in OPTIONAL]
            missing += [] if "curve" in record else ["curve"]
            if missing:
                raise ValueError(f"{path}, line {number}: no {', '.join(missing)}")
            records.append(record)
    return records


def _typed(data: dict[str, list[Any]], types: dict[str, str]) -> pd.DataFrame:
    series = {}
    for column, values in data.items():
        try:
            series[column] = pd.Series(values, dtype=types[column])
        except (TypeError, ValueError) as error:
            raise ValueError(f"the runs' {column} is not {types[column]}: {error}") from None
    return pd.DataFrame(series)


def _in_study_order(
    frame: pd.DataFrame, tasks: Sequence[str], variants: Sequence[str]
) -> pd.DataFrame:
    for column, allowed in (("task", tasks), ("variant", variants)):
        strange = set(frame[column]) - set(allowed)
        if strange:
            raise ValueError(f"the runs hold the {column} {min(strange)}, the study does not")
    keys = pd.DataFrame(
        {
            "task": frame["task"].map(list(tasks).index),
            "variant": frame["variant"].map(list(variants).index),
        }
    ).astype("int64")
    keys = keys.join(frame[[name for name in ("trial", "epoch") if name in frame]])
    order = np.lexsort([keys[column] for column in reversed(keys.columns)])
    return frame.iloc[order].reset_index(drop=True)


def trials_table(
    records: Iterable[Record], tasks: Sequence[str], variants: Sequence[str]
) -> pd.DataFrame:
    """Lay the trials out as a table.

    Parameters
    ----------
    records : iterable of Record
        As `read_records` returns them, of any number of shards in any order.
    tasks, variants : sequence of str
        The study's, in its order.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, without the optional ones if no trial has them; sorted by task, variant and
        trial. A result that does not exist is missing (NaN).

    Raises
    ------
    ValueError
        If a trial is there twice, or belongs to no search of the study.
    """
    rows = list(records)
    columns = [name for name in COLUMNS if name not in OPTIONAL or any(name in row for row in rows)]
    data = {column: [row.get(column) for row in rows] for column in columns}
    frame = _typed(data, COLUMNS)
    frame = _in_study_order(frame, tasks, variants)
    twice = frame[frame.duplicated(["task", "variant", "trial"])]
    if len(twice):
        first = twice.iloc[0]
        raise ValueError(
            f"trial {first['trial']} of {first['task']}/{first['variant']} is in the runs twice"
        )
    return frame


def curves_table(
    records: Iterable[Record], tasks: Sequence[str], variants: Sequence[str]
) -> pd.DataFrame:
    """Lay the trials' learning curves out as one long table.

    Parameters
    ----------
    records : iterable of Record
        As `read_records` returns them.
    tasks, variants : sequence of str
        The study's, in its order.

    Returns
    -------
    pandas.DataFrame
        `CURVE_COLUMNS`; one row an epoch, from 1; sorted.

    Raises
    ------
    ValueError
        If the two curves of a trial differ in length.
    """
    parts: dict[str, list[Any]] = {column: [] for column in CURVE_COLUMNS}
    for record in records:
        losses, validation = record["curve"]["train_loss"], record["curve"]["validation"]
        if len(losses) != len(validation):
            raise ValueError(
                f"trial {record['trial']} of {record['task']}/{record['variant']}: "
                f"{len(losses)} training losses, but {len(validation)} validation results"
            )
        for column in ("task", "variant", "trial"):
            parts[column] += [record[column]] * len(losses)
        parts["epoch"] += range(1, len(losses) + 1)
        parts["train_loss"] += losses
        parts["validation"] += validation
    return _in_study_order(_typed(parts, CURVE_COLUMNS), tasks, variants)


def read_trials(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of trials, with or without the columns that `selection.select` has added.

    Raises
    ------
    ValueError
        If it is not a table of trials.
    """
    return read_csv(path, COLUMNS | {"rank": "Int64", "selected": "bool"})
