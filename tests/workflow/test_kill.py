"""A study killed at any moment and started again ends as if nothing had happened."""

import random
import subprocess
import time

import psutil
import pytest
from project import without_times

# Some ten seconds of training, so that kills find it at work.
STUDY = {
    "search": {
        "hidden_size": None,
        "parameters": {"low": 50_000, "high": 110_000},
        "layers": {"low": 1, "high": 3},
        "batch": {"low": 1, "high": 8},
    },
    "training": {"epochs": 60, "patience": 60},
}


def kill(process):
    """Kill a process and all it has started, as a machine that stops does."""
    family = [process, *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        member.kill()
    psutil.wait_procs(family[1:])
    process.wait()


def train_a_moment(project, moment):
    """Run Snakemake until some of its trials are at work, a moment more, and kill it.

    Returns whether it was still at work.
    """
    process = subprocess.Popen(
        project.command("runs"),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not any(
        "train.py" in " ".join(child.cmdline())
        for child in psutil.Process(process.pid).children(recursive=True)
        if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    ):
        time.sleep(0.05)
    time.sleep(moment)
    if process.poll() is not None:
        return False
    kill(process)
    return True


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_a_study_ends_the_same(fresh, times):
    fresh.configure(**STUDY)
    fresh.snakemake("results/small/trials.csv")
    whole = without_times(fresh)
    kills, rng = 0, random.Random(1)
    while kills < times:
        for folder in ("runs", "state"):
            subprocess.run(["rm", "-rf", fresh.results / folder], check=True)
        while kills < times and train_a_moment(fresh, rng.uniform(0, 2)):
            kills += 1
        fresh.snakemake("results/small/trials.csv")
        assert without_times(fresh) == whole
