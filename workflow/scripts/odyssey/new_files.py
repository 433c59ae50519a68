"""Files to start from: `odyssey new-cell NAME` and `odyssey new-task NAME`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import yaml

from odyssey.config import ConfigError, read_study


def new_cell(argv: Sequence[str] | None = None) -> None:
    """Write cells/NAME.py, and say how a study names it."""
    _write(
        "cell",
        "the equations of the minimal gated unit, for yours to take their place",
        "cells: {{{name}: {path}}}\nvariants: [V, {name}]\n",
        argv,
    )


def new_task(argv: Sequence[str] | None = None) -> None:
    """Write tasks/NAME.py, and say how a study names it."""
    _write(
        "task",
        "strings of Reber's grammar, for your data to take their place",
        "tasks:\n  {name}: {{kind: {path}}}\n",
        argv,
    )


def _write(what: str, holds: str, configuration: str, argv: Sequence[str] | None) -> None:
    parser = ArgumentParser(
        prog=f"odyssey new-{what}", description=f"Write a {what} to start from."
    )
    parser.add_argument("name", help="what a study is to call it")
    name = parser.parse_args(argv).name
    path = Path(f"{what}s", f"{name}.py")
    if Path(name).name != name:
        sys.exit(f"Error: {name} is no name: it must be made of letters, digits and . _ -")
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write((files("odyssey.examples") / f"{what}.py").read_text(encoding="utf-8"))
    except FileExistsError:
        sys.exit(f"Error: {path} is there already")
    named = configuration.format(name=name, path=path)
    try:
        read_study({"study": "new", "tasks": {"jsb": {}}} | yaml.safe_load(named))
    except ConfigError as error:
        path.unlink()
        sys.exit(f"Error: {error}")
    page = f"docs/adding-a-{what}.md"
    sys.stdout.write(f"{path} holds {holds} ({page}). In a study's file:\n\n{named}")
