"""What several tests share; its place puts this folder on the path, for `import project`."""

import os
from functools import cache

import pytest
from hypothesis import settings

from odyssey.cells.build import build, compiler_version, kernel_name
from odyssey.cells.variants import cell
from odyssey.training.fused import instruction_sets

# No test asserts a time: the machine may be busy.
settings.register_profile("odyssey", deadline=None)
settings.load_profile("odyssey")


@pytest.fixture(scope="session")
def kernel_of(tmp_path_factory):
    """Compile a cell's kernel, once for all tests and workers; return its path.

    Without a name it has one instruction set, the best that this processor has; ``"auto"``: all.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what all workers share

    @cache
    def best():
        return instruction_sets(compiled(cell("V"), "auto"))[0]

    def compiled(chosen, instruction_set=None):
        instruction_set = instruction_set or best()
        path = folder / "kernels" / kernel_name(chosen, instruction_set, compiler_version())
        if not path.exists():
            build(chosen, path, instruction_set)
        return str(path)

    return compiled
