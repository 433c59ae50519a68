"""Text, memory and music side by side in a study that lies outside the repository."""

import pickle
import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml
from project import REPOSITORY, Project

STUDY = {
    "study": "small",
    "tasks": {
        "nottingham": {"kind": "pianorolls", "path": "nottingham.pickle"},
        "text": {"characters": 4000, "length": 40},
        "sums": {"kind": "adding", "length": 8, "train": 60, "validation": 20, "test": 20},
    },
    "variants": ["V", "RNN"],
    "search": {"trials": 4, "hidden_size": {"low": 3, "high": 6}},
    "training": {"epochs": 2, "trials_per_job": 4},
    # Half of four trials: the least that a test can be made of.
    "analysis": {"best_fraction": 0.5},
}


class Outside(Project):
    """A folder with nothing but a study, run by the repository's Snakefile."""

    def command(self, *arguments: str) -> list[str]:
        return [*super().command(*arguments), "--snakefile", str(REPOSITORY / "Snakefile")]


def status() -> str:
    """What git finds changed in the repository."""
    command = ["git", "-C", REPOSITORY, "status", "--porcelain"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def nottingham():
    """Tunes over chords, of the lengths and in the form of the genuine file."""
    generator = np.random.default_rng(0)

    def tune():
        return [[60 - 12 * (n % 4 == 0), 60 + int(generator.integers(12))] for n in range(16)]

    return {key: [tune() for _ in range(n)] for key, n in (("train", 9), ("valid", 4), ("test", 4))}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    (folder / "nottingham.pickle").write_bytes(pickle.dumps(nottingham(), protocol=0))
    before = status()
    project = Outside(folder)
    project.snakemake()
    assert status() == before
    return project


def test_every_kind_runs_to_a_report(outside):
    trials = pd.read_csv(outside.results / "trials.csv")
    assert (trials["status"] == "completed").all()
    counts = trials.groupby(["task", "variant"]).size()
    assert counts.to_dict() == {
        (task, variant): 4 for task in STUDY["tasks"] for variant in STUDY["variants"]
    }
    report = (outside.results / "report.html").read_text(encoding="utf-8")
    for title in ("nottingham", "Alice", "Adding", "mean square error", "next-character error"):
        assert title in report


def test_what_is_made_on_the_spot_is_said_and_is_no_stand_in(outside):
    trials = pd.read_csv(outside.results / "trials.csv")
    sources = trials.groupby("task")["source"].first()
    assert sources["sums"] == "made on the spot"
    assert sources["text"] == "Lewis Carroll, 4000 characters"
    report = (outside.results / "report.html").read_text(encoding="utf-8")
    assert "made on the spot" in report
    assert "tand-in data" not in report


def test_nothing_is_done_twice(outside):
    assert outside.planned() == {}
