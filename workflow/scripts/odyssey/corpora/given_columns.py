"""A table's columns, CSV or Parquet, as numbers or as text."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import UNSCORED, near

SEQUENCE = "sequence"  # the column that every table has
HEAD = 1000  # rows that show whether a column of a CSV file holds numbers

_WORDS = pa.dictionary(pa.int32(), pa.string())
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True)
class Table:
    """A table before its rows are read."""

    file: str
    columns: tuple[str, ...]
    numeric: frozenset[str]  # the columns that hold numbers
    first_row: int  # how the file's user counts: in CSV the names of the columns are row 1


@dataclass(frozen=True)
class Words:
    """A column of text."""

    codes: np.ndarray  # int64 (rows,): index into `values`, or `UNSCORED` where nothing stands
    values: list[str]  # each once


def opened(path: str) -> Table:
    """Look at the names and kinds of a table's columns: Parquet if its path ends so, else CSV.

    Raises
    ------
    CorpusError
        If it is not what its ending says, or has no rows, or a column without a name of its own.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(1024)
        is_parquet = start[:4] == b"PAR1"
        if Path(path).suffix.lower() == ".parquet":
            if not is_parquet:
                raise CorpusError(f"{path}: is not a Parquet file, whatever its ending says")
            return _opened_parquet(path)
        if is_parquet or b"\0" in start or start[:4] == b"PK\x03\x04":
            raise CorpusError(f"{path}: is not a CSV file, whatever its ending says")
        return _opened_csv(path)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: is not text in UTF-8, as a CSV file must be") from error
    except csv.Error as error:
        raise CorpusError(f"{path}: is not a CSV file: {error}") from error
    except pa.ArrowException as error:
        raise CorpusError(f"{path}: is not a complete Parquet file: {_line(error)}") from error


def _opened_csv(path: str) -> Table:
    with open(path, encoding="utf-8-sig", newline="") as file:
        header, *rows = list(islice(csv.reader(file), HEAD + 1)) or [[]]
    if not rows:
        raise CorpusError(f"{path}: holds no rows below its names of columns")
    for position, name in enumerate(header, 1):
        if not name.strip():
            raise CorpusError(
                f"{path}: column {position} has no name (pandas writes such a one, of row numbers, "
                "unless told index=False)"
            )
        if header.count(name) > 1:
            raise CorpusError(f"{path}: the column {name} stands twice")
    if len(header) == 1 and (other := re.search(r"[;\t]", header[0])):
        raise CorpusError(f"{path}: columns must be separated by commas, not by {other[0]!r}")
    columns = ([row[index] for row in rows if len(row) > index] for index in range(len(header)))
    numeric = {name for name, values in zip(header, columns, strict=True) if _holds_numbers(values)}
    return Table(path, tuple(header), frozenset(numeric), first_row=2)


def _holds_numbers(values: Sequence[str]) -> bool:
    """Tell text from numbers, of which one may be mistyped.

    An empty column was to hold numbers, and one of truth values is none that anybody leaves out.
    """
    values = [value for value in values if value.strip()]
    if all(value.lower() in ("true", "false") for value in values):
        return True
    numbers = [number(value) for value in values]
    some_text = None in numbers
    return not some_text or any(value is not None and math.isfinite(value) for value in numbers)


def number(text: str) -> float | None:
    """Read a number, None if the text is not one."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _opened_parquet(path: str) -> Table:
    schema = pa.parquet.read_schema(path)
    # pandas keeps the index of a table in columns of these names.
    fields = [field for field in schema if not _PANDAS_INDEX.fullmatch(field.name)]
    numeric = {field.name for field in fields if _is_numeric(field.type)}
    names = tuple(field.name for field in fields)
    if pa.parquet.read_metadata(path).num_rows == 0:
        raise CorpusError(f"{path}: holds no rows")
    for name in names:
        if names.count(name) > 1:
            raise CorpusError(f"{path}: the column {name} stands twice")
    return Table(path, names, frozenset(numeric), first_row=1)


def _is_numeric(kind: pa.DataType) -> bool:
    types = pa.types
    return any(
        holds(kind) for holds in (types.is_integer, types.is_floating, types.is_boolean)
    ) or types.is_decimal(kind)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def need(table: Table, name: str, otherwise: str = "") -> None:
    """Make sure that a table has a column; `otherwise` says what to do without it."""
    if name not in table.columns:
        raise CorpusError(
            f"{table.file}: there is no column {name}{otherwise}{near(name, table.columns)} "
            f"(there are: {', '.join(table.columns)})"
        )


def read_columns(
    table: Table, texts: Sequence[str], numbers: Sequence[str]
) -> tuple[dict[str, Words], dict[str, np.ndarray]]:
    """Read the columns of a table that are named.

    Returns
    -------
    words : dict of str to Words
    numbers : dict of str to numpy.ndarray of float64, shape (rows,)
        NaN where nothing stands.

    Raises
    ------
    CorpusError
        If a value in the columns of numbers is text, which it names, or the file is broken.
    """
    if table.first_row == 2:
        content = _read_csv(table, texts, numbers)
    else:
        content = _read_parquet(table, texts, numbers)
    words = {}
    for name in texts:
        column = content[name].unify_dictionaries().combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        codes = column.indices.fill_null(UNSCORED).to_numpy(zero_copy_only=False)
        words[name] = Words(codes.astype(np.int64), column.dictionary.to_pylist())
    # What is empty becomes a NaN.
    return words, {name: content[name].to_numpy().astype(np.float64) for name in numbers}


def _read_csv(table: Table, texts: Sequence[str], numbers: Sequence[str]) -> pa.Table:
    types = dict.fromkeys(texts, _WORDS) | dict.fromkeys(numbers, pa.float64())
    try:
        return _parsed_csv(table, types)
    except pa.ArrowInvalid as error:
        if ragged := _RAGGED.search(str(error)):
            row, wanted, found = ragged.groups()
            message = f"row {row}: {found} values, but the table has {wanted} columns"
            raise CorpusError(f"{table.file}: {message}") from error
        if "conversion error to double" not in str(error):
            raise CorpusError(f"{table.file}: is not a CSV file: {_line(error)}") from error
        raise _mistyped(table, numbers) from error


def _parsed_csv(table: Table, types: dict[str, pa.DataType]) -> pa.Table:
    return pa.csv.read_csv(
        table.file,
        # One thread counts rows, for messages.
        read_options=pa.csv.ReadOptions(use_threads=False),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _mistyped(table: Table, numbers: Sequence[str]) -> CorpusError:
    """Find the first value that is text in the columns of numbers."""
    content = _parsed_csv(table, dict.fromkeys([SEQUENCE, *numbers], pa.string())).to_pydict()
    faults = [
        (row, name, value)
        for name in numbers
        for row, value in enumerate(content[name])
        if value is not None and number(value) is None
    ]
    if not faults:
        return CorpusError(f"{table.file}: {', '.join(numbers)} hold what is no number")
    row, name, value = min(faults, key=lambda fault: fault[0])
    return CorpusError(
        f"{table.file}: row {table.first_row + row}, column {name}, sequence "
        f"{content[SEQUENCE][row]}: {value[:40]!r} is not a number"
    )


def _read_parquet(table: Table, texts: Sequence[str], numbers: Sequence[str]) -> dict[str, Any]:
    for name in numbers:
        if name not in table.numeric:
            raise CorpusError(f"{table.file}: the column {name} does not hold numbers")
    try:
        content = pa.parquet.read_table(table.file, columns=[*texts, *numbers])
        columns = {name: content[name].cast(pa.float64()) for name in numbers}
        for name in texts:
            columns[name] = content[name].cast(pa.string()).dictionary_encode()
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"{table.file}: cannot be read: {_line(error)}") from error
    return columns
