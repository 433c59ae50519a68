"""Projects for tests that run Snakemake."""

import fcntl

import pytest
from project import Project, new_project


@pytest.fixture
def fresh(tmp_path):
    """A project in which nothing has run yet."""
    return new_project(tmp_path / "project")


@pytest.fixture(scope="session")
def _finished(shared):
    """A project whose study one worker has run, for all of them."""
    folder = shared / "finished"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            # Under another name until it is whole, so that a failure is everybody's.
            project = new_project(shared / "unfinished")
            project.snakemake()
            project.folder.rename(folder)
    return Project(folder)


@pytest.fixture
def finished(_finished, tmp_path):
    """A project whose study is complete."""
    return _finished.copy(tmp_path / "finished")
