"""What a file imports of the library, found without importing anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from odyssey import imports
from odyssey.imports import imported

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of one's own: a module that imports another, and one that nobody imports."""
    root = tmp_path / "odyssey"
    for name, text in {
        "__init__.py": "from odyssey import lonely\n",
        "lonely.py": "",
        "a.py": "import numpy\nfrom odyssey.room import b\n",
        "room/__init__.py": "",
        "room/b.py": "def f():\n    from odyssey.c import g, h\n    import odyssey.a\n",
        "c.py": "from odyssey.shop import WARES\n",
        "shop/__init__.py": "WARES = ()\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(text)
    monkeypatch.setattr(imports, "LIBRARY", root)
    imports._module.cache_clear()
    yield root
    imports._module.cache_clear()


def test_modules_are_followed_wherever_they_are_imported(library, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from odyssey.a import f\nfrom json import loads\n")
    names = [str(module.relative_to(library)) for module in imported(script)]
    assert names == ["a.py", "c.py", "room/b.py", "shop/__init__.py"]


def test_a_module_that_imports_itself_by_way_of_others_is_found_once(library):
    assert imported(library / "a.py").count(library / "a.py") == 1


IMPORT = """
import sys
source = open(sys.argv[1]).read()
exec(compile(source[: source.index("with job")], sys.argv[1], "exec"))
print(*(m.__file__ for name, m in sys.modules.items() if name.startswith("odyssey.")))
"""


@pytest.mark.parametrize("script", ["welch", "report", "figure"])
def test_what_python_imports_of_the_library_is_found(script):
    path = SCRIPTS / f"{script}.py"
    command = [sys.executable, "-c", IMPORT, path]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=True)
    # Python imports packages on the way to their modules.
    needed = {Path(file) for file in done.stdout.split() if not file.endswith("__init__.py")}
    assert SCRIPTS / "odyssey" / "console.py" in needed
    assert needed <= set(imported(path))
