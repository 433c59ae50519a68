"""One cluster for all tests here, and Snakemake sent to it."""

import os

import pytest
from cluster import ETC, Cluster, missing


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A real SLURM of one node. Where ODYSSEY_REQUIRE_SLURM is set, it has to be there."""
    if os.geteuid() != 0:
        reason = "only root can start a SLURM"
    elif missing():
        reason = f"not installed: {', '.join(missing())} (packages slurmctld slurmd slurm-client)"
    elif any((ETC / name).exists() for name in ("slurm.conf", "gres.conf")):
        reason = f"this machine has a SLURM of its own, in {ETC}"
    else:
        reason = None
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
