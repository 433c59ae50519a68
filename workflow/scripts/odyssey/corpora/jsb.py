"""The JSB Chorales: four-part chorales by J. S. Bach as frames of MIDI notes, in three splits.

All sources give the same plain thing, a `Corpus`: split → name → frames, each frame the MIDI notes
(21 to 108) that sound in one quarter, ascending.
"""

import hashlib
import http.client
import io
import json
import logging
import os
import pickle
import shutil
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from odyssey.corpora import chorales_music21, tunes
from odyssey.corpora.contents import read_bytes
from odyssey.corpora.errors import CorpusError, shown
from odyssey.files import file_digest
from odyssey.processes import Progress

COUNTS = {"train": 229, "validation": 76, "test": 77}  # Boulanger-Lewandowski's, and the paper's
# Of the paper's chorales, which are sampled at the quarter; the files sampled at the 8th and the
# 16th note hold the same chorales, and results on them are not to be compared.
FRAMES, SHORTEST, LONGEST = 23_134, 25, 160
LOWEST, HIGHEST = 21, 108  # the piano's keys
SPLIT_SEED = 0

# Key in Boulanger-Lewandowski's files to the name of the split here.
_KEYS = {"train": "train", "valid": "validation", "test": "test"}
_TIMEOUT = 60  # seconds without a byte

log = logging.getLogger(__name__)

Frames = list[tuple[int, ...]]
Corpus = dict[str, dict[str, Frames]]


def read_music21(
    split_seed: int = SPLIT_SEED,
    workers: int = 1,
    progress: Progress | None = None,
) -> Corpus:
    """Read the chorales that music21 carries, and split them by chance in 229 : 76 : 77.

    All settings of a tune are in one split (`odyssey.corpora.tunes`). In Boulanger-Lewandowski's
    split, 47 of the 77 test chorales share a tune with a training chorale, so results on the two
    are not to be compared number by number. The result does not depend on the workers.

    Raises
    ------
    CorpusError
        If a score cannot be read.
    """
    chorales = chorales_music21.read(workers, progress)
    for name, frames in chorales.items():
        for number, frame in enumerate(frames):
            _checked_frame(frame, f"music21, {name}, frame {number}")
    return tunes.split(chorales, COUNTS, split_seed)


def others(corpus: Corpus) -> str:
    """Say what a file of the paper's chorales holds in the place of the paper's own frames.

    Returns
    -------
    str
        ``"46,000 frames in chorales of 50 to 318"``; empty if it is the paper's corpus.
    """
    lengths = [len(frames) for chorales in corpus.values() for frames in chorales.values()]
    if (sum(lengths), min(lengths), max(lengths)) == (FRAMES, SHORTEST, LONGEST):
        return ""
    return f"{sum(lengths):,} frames in chorales of {min(lengths)} to {max(lengths)}"


def read_file(
    path: str | os.PathLike[str],
    sha256: str | None = None,
    counts: Mapping[str, int] | None = COUNTS,
) -> Corpus:
    """Read a JSON file or a pickle (``.pickle`` or ``.pkl``), whichever the suffix says.

    Parameters
    ----------
    sha256 : str, optional
        Digest that the file must have.
    counts : mapping of str to int, or None
        Pieces that each split must have; None: any number, as in Boulanger-Lewandowski's others.

    Raises
    ------
    CorpusError
        As `read_json` and `read_pickle`, or if the suffix is another.
    """
    return _reader(path)(path, sha256, counts)


def _reader(path: str | os.PathLike[str]) -> Callable[..., Corpus]:
    suffix = Path(path).suffix.lower()
    readers = {".json": read_json, ".pickle": read_pickle, ".pkl": read_pickle}
    if suffix not in readers:
        raise CorpusError(f"{path}: the name must end in {', '.join(readers)}")
    return readers[suffix]


def read_json(
    path: str | os.PathLike[str],
    sha256: str | None = None,
    counts: Mapping[str, int] | None = COUNTS,
) -> Corpus:
    """Read the JSON copy of Boulanger-Lewandowski's chorales; names are as ``"train-000"``.

    Parameters
    ----------
    path : path-like
        ``{"train": [...], "valid": [...], "test": [...]}``: lists of chorales, a chorale a list of
        frames, a frame a list of MIDI notes.
    sha256, counts
        As for `read_file`.

    Raises
    ------
    CorpusError
        If the file cannot be read, has another digest, is not of that form, holds a note outside 21
        to 108, or does not hold as many chorales as it should; the message names the file and the
        place.
    """
    try:
        content = json.loads(_bytes(path, sha256).decode("utf-8"))
    except CorpusError:
        raise
    except (ValueError, RecursionError) as error:  # a number of too many digits is among the first
        raise CorpusError(f"{path}: not a JSON file: {error}") from error
    return _checked(content, path, counts)


def read_pickle(
    path: str | os.PathLike[str],
    sha256: str | None = None,
    counts: Mapping[str, int] | None = COUNTS,
) -> Corpus:
    """Read Boulanger-Lewandowski's pickle, without running anything that it may hold.

    Parameters
    ----------
    path : path-like
        A dictionary with the keys and values of `read_json`'s file, written by Python 2 or 3;
        arrays and tuples are taken for lists.
    sha256, counts
        As for `read_file`.

    Raises
    ------
    CorpusError
        As `read_json`, or if the pickle holds anything but lists, tuples, dictionaries, text,
        numbers and arrays.
    """
    data = _bytes(path, sha256)
    try:
        content = _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except _RefusedError as error:
        raise CorpusError(f"{path}: refused: {error}") from error
    except Exception as error:  # a broken pickle may fail with nearly any exception
        raise CorpusError(f"{path}: not a complete pickle: {error}") from error
    return _checked(content, path, counts)


def _bytes(path: str | os.PathLike[str], sha256: str | None) -> bytes:
    data = read_bytes(path)
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise CorpusError(f"{path}: the sha256 is {found}, not {sha256}: not the file expected")
    return data


class _RefusedError(Exception):
    pass


# An array's bytes, in a pickle of an old protocol: text and this encoding, or nothing at all.
def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise _RefusedError(f"text encoded as {encoding!r}")
    return text.encode(encoding)


def _no_bytes() -> bytes:
    return b""


_CORE = import_module("numpy._core")  # which NumPy's types hide
_ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _CORE.multiarray._reconstruct,
    ("numpy.core.multiarray", "scalar"): _CORE.multiarray.scalar,
    ("numpy.core.numeric", "_frombuffer"): _CORE.numeric._frombuffer,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
}


class _Unpickler(pickle.Unpickler):
    """Admits lists, tuples, dictionaries, text, numbers and arrays, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module.endswith("\r"):
            raise _RefusedError("it was copied as text, which alters it: copy it again, as binary")
        # numpy 2 renamed numpy.core; pickles of both ages are about.
        admitted = _ADMITTED.get((module.replace("numpy._core", "numpy.core"), name))
        if admitted is None:
            raise _RefusedError(
                f"the pickle asks for {module}.{name}; only lists, numbers and arrays are admitted"
            )
        return admitted


def _checked(
    content: object, path: str | os.PathLike[str], counts: Mapping[str, int] | None
) -> Corpus:
    if not isinstance(content, Mapping) or set(content) != set(_KEYS):
        raise CorpusError(f"{path}: must hold the keys {', '.join(_KEYS)} and no others")
    corpus: Corpus = {}
    for key, split in _KEYS.items():
        chorales = _checked_list(content[key], f"{path}: {key}")
        if counts and len(chorales) != counts[split]:
            raise CorpusError(f"{path}: {key} holds {len(chorales)} chorales, not {counts[split]}")
        corpus[split] = {
            f"{split}-{number:03d}": _checked_chorale(chorale, f"{path}: {key}, chorale {number}")
            for number, chorale in enumerate(chorales)
        }
    return corpus


def _checked_chorale(chorale: object, where: str) -> Frames:
    frames = enumerate(_checked_list(chorale, where))
    return [_checked_frame(frame, f"{where}, frame {number}") for number, frame in frames]


def _checked_frame(frame: object, where: str) -> tuple[int, ...]:
    notes = []
    for value in _checked_list(frame, where):
        # A truth value is no number, and no float that is not whole is a note.
        of_number = isinstance(value, (int, float, np.integer, np.floating))
        whole = of_number and not isinstance(value, bool) and value % 1 == 0
        if not whole:
            raise CorpusError(f"{where}: {shown(value)} is not a MIDI note")
        if not LOWEST <= value <= HIGHEST:
            raise CorpusError(f"{where}: note {shown(value)} lies outside {LOWEST} to {HIGHEST}")
        notes.append(int(value))
    return tuple(sorted(set(notes)))


def _checked_list(values: object, where: str) -> Sequence[Any] | np.ndarray:
    if isinstance(values, np.ndarray) and values.ndim > 0:
        return values
    if not isinstance(values, (list, tuple)):
        raise CorpusError(f"{where}: a list is expected, not {type(values).__name__}")
    return values


def download(url: str, sha256: str, destination: str | os.PathLike[str]) -> Path:
    """Fetch a file, whole and unaltered or not at all.

    A destination that already has the digest, 64 hexadecimal digits, is not fetched again.

    Raises
    ------
    CorpusError
        If the file cannot be fetched or its digest is another; the destination is left as it was.
    """
    destination = Path(destination)
    _reader(destination)
    if destination.is_file() and file_digest(destination) == sha256.lower():
        log.info("%s is there already", destination)
        return destination
    temporary = destination.with_name(f".{destination.name}.partial")
    try:
        _fetch(url, temporary)
        found = file_digest(temporary)
        if found != sha256.lower():
            raise CorpusError(f"{url}: the sha256 is {found}, not {sha256}: not the file expected")
        temporary.replace(destination)
    finally:
        temporary.unlink(missing_ok=True)
    log.info("downloaded %s to %s", url, destination)
    return destination


def _fetch(url: str, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file, urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            shutil.copyfileobj(answer, file)
    # A ValueError is a URL that is none.
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CorpusError(f"{url}: cannot be downloaded: {error}") from error
