"""The library's rooms, lowest first: each imports only what stands below it, none in a circle."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import odyssey
from odyssey.imports import imported as modules_imported

LIBRARY = Path(odyssey.__file__).parent
ROOMS = ("corpora", "features", "tasks", "training", "analysis", "figures", "report")
ABOVE = {room: ROOMS[number + 1 :] for number, room in enumerate(ROOMS)}
ABOVE["cells"] = ROOMS


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("room", ABOVE)
def test_a_room_imports_nothing_from_those_above_it(room):
    upwards = {
        f"{path.relative_to(LIBRARY)}: {name}"
        for path in (LIBRARY / room).rglob("*.py")
        for name in imported(path)
        if name.startswith(tuple(f"odyssey.{above}" for above in ABOVE[room]))
    }
    assert not upwards


def test_no_module_imports_itself_by_way_of_others():
    assert not [path for path in LIBRARY.rglob("*.py") if path in modules_imported(path)]


def test_whoever_reads_a_table_waits_for_no_statistics():
    """Some hundred jobs draw and lay out; SciPy's statistics would take a second of each."""
    code = """
import sys
from importlib import import_module
from odyssey.results import RESULTS
for _, reader in RESULTS.values():
    module, _, name = reader.rpartition(".")
    getattr(import_module(module), name)
print(sorted({"scipy.stats", "sklearn", "torch"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
