"""The kinds of tasks by name, a module each, and a user's own by the path of a file."""

import difflib
import functools
import hashlib
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import SPLITS
from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import expanded
from odyssey.tasks.base import Shape, TaskSettings
from odyssey.user_code import told

KINDS = ("timit", "iam", "jsb", "pianorolls", "text", "sequences", "adding", "copy", "capacity")
WORDS = ("TITLE", "MEASURE", "UNIT")
METHODS = ("shape", "frames", "features")


def settings_of(kind: str) -> type[TaskSettings]:
    """Return the settings of a kind: one of `KINDS`, or the path of a user's file, ``*.py``.

    Raises
    ------
    ValueError
        If there is no such kind, or a user's file is none; one line with file and line.
    """
    if is_file(kind):
        return _of_file(expanded(kind))
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        raise ValueError(
            f"there is no kind of task {kind!r}; {f'did you mean {near[0]}? ' if near else ''}"
            f"kinds: {', '.join(KINDS)}, and files such as tasks/mine.py, under the key kind"
        )
    settings: type[TaskSettings] = importlib.import_module(f"odyssey.tasks.{kind}").Settings
    return settings


def is_file(kind: str) -> bool:
    """Tell a user's file from the name of a kind."""
    return kind.endswith(".py") or "/" in kind


def read_settings(values: Mapping[str, Any]) -> TaskSettings:
    """Check the settings of a task, as the configuration has them, with the key `kind`.

    Raises
    ------
    pydantic.ValidationError
        If a key is unknown or missing, or a value not allowed.
    ValueError
        As `settings_of`.
    """
    return settings_of(values["kind"]).model_validate(values)


def kind_digest(kind: str) -> str:
    """Return what changes whenever a user's file does; nothing for the kinds that ship."""
    return _digest(_read(expanded(kind))) if is_file(kind) else ""


def features(
    name: str, settings: TaskSettings, corpus: str | None, processes: int, progress: Progress
) -> Sequences:
    """Make the features of a task, and check that they are what it says.

    Raises
    ------
    CorpusError
        If the corpus is damaged or incomplete, or a user's file makes other features than it says.
    """
    try:
        made = settings.features(name, corpus, processes, progress)
    except (CorpusError, OSError):
        raise
    except Exception as error:
        if not is_file(settings.kind):
            raise
        raise CorpusError(told(error, expanded(settings.kind))) from error
    if not isinstance(made, Sequences):
        raise CorpusError(f"{name}: features() returns no Sequences")
    _check(name, settings.shape(), made)
    return made


def _check(name: str, shape: Shape, made: Sequences) -> None:
    """Make sure that features are what their task says, and that training can use them."""
    found = made.description
    for part, said, is_there in (
        ("inputs", shape.inputs, made.inputs),
        ("outputs", shape.outputs, found.outputs),
        ("directions", shape.directions, found.directions),
        ("loss", shape.loss, found.loss),
    ):
        if said != is_there:
            raise CorpusError(
                f"{name}: its features have {part} {is_there}, where shape() says {said}"
            )
    if empty := [split for split in SPLITS if not len(made.indices(split))]:
        raise CorpusError(f"{name}: no sequence is in the split {', '.join(empty)}")
    if shape.loss in ("softmax", "ctc") and len(made.targets):
        classes = shape.outputs - (shape.loss == "ctc")  # without the blank
        least, greatest = made.targets.min(), made.targets.max()
        if least < 0 or greatest >= classes:
            wrong = least if least < 0 else greatest
            raise CorpusError(f"{name}: a target is {wrong}, but classes are 0 to {classes - 1}")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        there = os.path.lexists(path)
        said = f"{path}: {error.strerror}" if there else f"there is no file {path}"
        raise ValueError(said) from error


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


def _of_file(path: str) -> type[TaskSettings]:
    return _of_source(path, _read(path))


@functools.cache
def _of_source(path: str, source: bytes) -> type[TaskSettings]:
    """Run a user's file; the same source is run once."""
    # It has a name, so that its classes know their module and processes find its functions.
    module = ModuleType(f"odyssey_own_task_{_digest(os.fsencode(path) + source)[:16]}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:  # whatever a user's file raises is theirs to mend
        raise ValueError(told(error, path)) from error
    settings = getattr(module, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, TaskSettings)):
        raise ValueError(f"{path}:1: defines no class Settings(TaskSettings)")
    lacking = [
        *(word for word in WORDS if not hasattr(settings, word)),
        *(name for name in METHODS if getattr(settings, name) is getattr(TaskSettings, name)),
    ]
    if lacking:
        raise ValueError(f"{path}:1: its class Settings lacks {', '.join(lacking)}")
    return settings
