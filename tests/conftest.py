"""What several tests share; its place puts this folder on the path, for `import project`."""

import pytest
from hypothesis import settings

from odyssey.cells.build import build

# No test asserts a time: the machine may be busy.
settings.register_profile("odyssey", deadline=None)
settings.load_profile("odyssey")


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """Path of the fused engine's kernel, compiled once for all tests."""
    path = tmp_path_factory.mktemp("engine") / "fused.so"
    build(path)
    return str(path)
