"""One cluster for all tests here, and Snakemake sent to it."""

import os

import pytest
from cluster import Cluster, hindrance


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A real SLURM of one node. Where ODYSSEY_REQUIRE_SLURM is set, it has to be there."""
    reason = hindrance()
    if reason and os.environ.get("ODYSSEY_REQUIRE_SLURM"):
        pytest.fail(reason)
    elif reason:
        pytest.skip(reason)
    started = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        started.start()
        yield started
    finally:
        started.stop()
