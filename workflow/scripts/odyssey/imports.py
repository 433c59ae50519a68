"""What a file imports of the library: modules that decide, beside its own code, what it makes."""

import ast
import os
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).parent


def imported(*files: str | os.PathLike[str]) -> list[Path]:
    """List the modules of the library that files import, themselves or through one another.

    A package's ``__init__.py`` is among them only if something is imported from it that is no
    module; what is imported by a name made up at run time is not.
    """
    found: set[Path] = set()
    waiting = [Path(file) for file in files]
    while waiting:
        more = _named_in(waiting.pop()) - found
        found |= more
        waiting += more
    return sorted(found)


@cache
def _named_in(file: Path) -> frozenset[Path]:
    modules: set[Path | None] = set()
    for node in ast.walk(ast.parse(file.read_bytes(), file)):
        if isinstance(node, ast.Import):
            modules |= {_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            package = _module(node.module)
            for alias in node.names:
                modules.add(_module(f"{node.module}.{alias.name}") or package)
    return frozenset(module for module in modules if module)


@cache
def _module(name: str) -> Path | None:
    top, *below = name.split(".")
    if top != LIBRARY.name:
        return None
    place = LIBRARY.joinpath(*below)
    candidates = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)
