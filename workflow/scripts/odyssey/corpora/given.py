"""The user's own data, from one file or two: read and checked."""

from functools import lru_cache
from pathlib import Path

from odyssey.corpora import given_arrays, given_tables
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import Form, Parts, Survey, is_table


def read(path: str, labels: str | None, form: Form) -> Parts:
    """Read and check the user's file.

    Parameters
    ----------
    labels : str or None
        A second table, of labels, for the loss ctc.

    Raises
    ------
    CorpusError
        If something is wrong; one line names the file, the place in it and the sequence.
    """
    if is_table(path):
        return given_tables.read(path, labels, form)
    return given_arrays.read(path, form)


def survey(path: str, labels: str | None, form: Form) -> Survey:
    """Find the shape of what a file holds and its number of frames, without reading its inputs.

    It reads a file again only if its size or date has changed. It raises what `read` does.
    """
    return _surveyed(path, labels, form, _state(path), _state(labels) if labels else None)


def _state(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _surveyed(path: str, labels: str | None, form: Form, *_state: object) -> Survey:
    if is_table(path):
        return given_tables.survey(path, labels, form)
    return given_arrays.survey(path, form)
