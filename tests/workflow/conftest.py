"""Projects for tests that run Snakemake."""

import pytest
from project import new_project


@pytest.fixture
def fresh(tmp_path):
    """A project in which nothing has run yet."""
    return new_project(tmp_path / "project")


@pytest.fixture(scope="session")
def _finished(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("finished") / "project")
    project.snakemake()
    return project


@pytest.fixture
def finished(_finished, tmp_path):
    """A project whose study is complete."""
    return _finished.copy(tmp_path / "finished")
