"""Tables on disk: CSV, the same to the byte for the same table and without loss; and curves."""

import os
from collections.abc import Mapping
from typing import Any

import pandas as pd

Row = dict[str, Any]
"""A row of a table, by the names of its columns."""


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table so that equal tables are equal files."""
    # Without a float_format, pandas writes the shortest digits that read back as the same number.
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_curves(curves: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write learning curves (`odyssey.analysis.collect.curves_table`) as Parquet."""
    # Neighbours in a curve share the first bytes of their numbers: kept side by side, these pack to
    # two thirds of what pandas' defaults leave.
    curves.to_parquet(
        path,
        index=False,
        compression="zstd",
        compression_level=9,
        use_dictionary=["task", "variant"],
        use_byte_stream_split=["train_loss", "validation"],
    )


def read_csv(path: str | os.PathLike[str], types: Mapping[str, str]) -> pd.DataFrame:
    """Read a table that `write_csv` wrote, columns that it does not have ignored.

    Raises
    ------
    ValueError
        If the file is no table, or a value is not of its column's type.
    """
    # An empty field is an empty text, or else a missing number.
    empty = {column: [""] for column, kind in types.items() if kind != "str"}
    try:
        return pd.read_csv(path, dtype=dict(types), keep_default_na=False, na_values=empty)
    except (ValueError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} is not the table it should be: {error}") from None


def typed(frame: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """Give a table these columns, in pandas' types; a text that is missing is empty."""
    frame = frame.reindex(columns=list(types))
    texts = [column for column, kind in types.items() if kind == "str"]
    frame[texts] = frame[texts].astype("str").fillna("")
    return frame.astype(dict(types))
