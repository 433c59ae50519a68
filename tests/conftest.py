"""What several tests share; its place puts this folder on the path, for `import project`."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import odyssey
from odyssey.cells.build import build, compiler_version, kernel_digest
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
def compile_kernel(tmp_path_factory):
    """Compile a cell's kernel for one instruction set or ``"auto"``, once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what all workers share

    def compiled(chosen, instruction_set):
        digest = kernel_digest(chosen, instruction_set, compiler_version())
        path = folder / "kernels" / f"{digest}.so"
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
