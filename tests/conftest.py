"""What several tests share; its place puts this folder on the path, for `import project`."""

import os
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import settings

import odyssey
from odyssey.cells.build import build, compiler_version, find_compiler, kernel_digest
from odyssey.cells.variants import cell
from odyssey.training.fused import instruction_sets

HERE = Path(__file__).parents[1] / "workflow" / "scripts" / "odyssey"
if Path(odyssey.__file__).parent != HERE:
    raise RuntimeError(
        f"the library in {Path(odyssey.__file__).parent} is not the one to be tested"
    )

# No test asserts a time: the machine may be busy.
settings.register_profile("odyssey", deadline=None)
settings.load_profile("odyssey")


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that all workers share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def _compiler(shared):
    """Have no kernel compiled twice, whoever compiles it: a test, or a job of a study."""
    folder = shared / "objects"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-IS", HERE.parents[2] / "tests" / "kept_objects.py", folder]
    script = folder / f"{os.getpid()}.sh"
    words = shlex.join([*map(str, command), find_compiler()])
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    os.environ["CXX"] = str(script)


@pytest.fixture(scope="session")
def compile_kernel(shared):
    """Compile a cell's kernel for one instruction set or ``"auto"``, once for all workers."""

    def compiled(chosen, instruction_set):
        digest = kernel_digest(chosen, instruction_set, compiler_version())
        path = shared / "kernels" / f"{digest}.so"
        if not path.exists():
            build(chosen, path, instruction_set)
        return str(path)

    return compiled


@pytest.fixture(scope="session")
def best_set(compile_kernel):
    """The best instruction set that this processor has."""
    return instruction_sets(compile_kernel(cell("V"), "auto"))[0]


@pytest.fixture(scope="session")
def kernel_of(compile_kernel, best_set):
    """Compile a cell's kernel for the best instruction set, or for the one that is named."""
    return lambda chosen, instruction_set=best_set: compile_kernel(chosen, instruction_set)
