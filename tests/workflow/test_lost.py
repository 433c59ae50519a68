"""A study that has lost a variant makes all else, and then ends with an error that says so."""

import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from project import REPOSITORY, new_project

SHARD = "workflow/scripts/odyssey/training/shard.py"
FAILING = """

_train = train


def train(plan, *rest):
    if plan.variant == "NP":
        raise RuntimeError("made to fail")
    return _train(plan, *rest)
"""
WORDS = "all 4 trials of NP on jsb failed: RuntimeError: made to fail"


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A project whose study has lost a variant, and what its Snakemake said."""
    project = new_project(tmp_path_factory.mktemp("lost") / "project")
    with (project.folder / SHARD).open("a", encoding="utf-8") as file:
        file.write(FAILING)
    return project, project.snakemake(fails=True)


@pytest.fixture
def lost(ended, tmp_path):
    """A copy of that project."""
    return ended[0].copy(tmp_path / "lost")


def test_the_last_lines_say_what_is_lost(ended):
    lines = ended[1].splitlines()[-4:]
    assert lines[0] == f"Error: {WORDS}"
    assert lines[-1].startswith("With training.allow_failures: true")
    assert "Traceback" not in ended[1]


def test_all_else_is_there_and_says_so_too(lost):
    for name in ("claims.csv", "tables/claims.md", "figures/figure_3.pdf", "tests/welch.csv"):
        assert (lost.results / name).stat().st_size
    page = (lost.results / "report.html").read_text(encoding="utf-8")
    lead = re.search(r'<p class="lead">(.*?)</p>', page, re.DOTALL)[1]
    assert "4 (50 %) failed, among them all trials of NP on JSB Chorales." in lead
    shown = subprocess.run(
        [sys.executable, "-m", "odyssey", "status", "--configfile", "study.yaml"],
        cwd=lost.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "all 4 trials of NP on jsb failed" in shown.stdout


def test_called_again_it_makes_nothing_and_ends_the_same(lost):
    assert lost.planned() == {"complete": 1}
    output = lost.snakemake(fails=True)
    assert f"Error: {WORDS}" in output.splitlines()[-4:]
    assert not lost.planned("figures", "report", "analysis", "runs")


def test_allowed_it_ends_well_and_says_so_and_forbidden_again_it_does_not(lost):
    lost.configure(training={"allow_failures": True})
    output = lost.snakemake()
    assert WORDS in output
    assert output.index(WORDS) > output.index("(100%) done")
    assert lost.planned() == {}
    lost.configure()
    for _ in range(2):  # what it makes anew the first time is the report, with its configuration
        assert f"Error: {WORDS}" in lost.snakemake(fails=True).splitlines()[-4:]


def test_who_does_what_is_said_there_trains_what_failed_and_nothing_else(lost):
    shutil.copy(REPOSITORY / SHARD, lost.folder / SHARD)
    before = {path: path.stat().st_mtime_ns for path in lost.results.glob("runs/jsb/V/*")}
    command = re.search(r"To train them again: (rm -r .*); then", lost.snakemake(fails=True))[1]
    subprocess.run(command, shell=True, cwd=lost.folder, check=True)
    assert lost.planned()["train"] == 2
    lost.snakemake("results/small/trials.csv")
    trials = pd.read_csv(lost.results / "trials.csv")
    assert set(trials["status"]) == {"completed"}
    # All that follows from them is taken for made, which would cost a minute, but for the mark of
    # the end, which is not there to be touched.
    assert WORDS not in lost.snakemake("--touch")
    assert lost.planned() == {"complete": 1}
    assert WORDS not in lost.snakemake()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert lost.planned() == {}
