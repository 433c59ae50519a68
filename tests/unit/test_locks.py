"""Locks on a folder: taken away where nobody is at work in it, and spoken of in any case."""

import subprocess
import sys

import pytest

SETTLE = """
import sys
from odyssey.files import hold
from odyssey.locks import settle
print(settle(sys.argv[1], hold(sys.argv[1] + "/alive")), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with locks in it."""
    (tmp_path / "locks").mkdir()
    for kind in ("input", "output"):
        (tmp_path / "locks" / f"0.{kind}.lock").write_text("a file")
    return tmp_path


def settled_elsewhere(folder):
    """Let another process settle the locks and live on; return it and what it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", SETTLE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def locks(folder):
    return sorted(path.name for path in (folder / "locks").iterdir())


def test_locks_of_the_dead_are_taken_away_and_spoken_of(folder):
    process, said = settled_elsewhere(folder)
    process.communicate()
    assert locks(folder) == []
    assert said.startswith("A Snakemake that was killed has left its locks in this folder.")
    assert "--unlock is not needed" in said


def test_locks_of_the_living_stay_and_are_spoken_of(folder):
    first, _ = settled_elsewhere(folder)
    for kind in ("input", "output"):
        (folder / "locks" / f"0.{kind}.lock").write_text("a file")
    second, said = settled_elsewhere(folder)
    for process in (first, second):
        process.communicate()
    assert locks(folder) == ["0.input.lock", "0.output.lock"]
    assert said.startswith("Another Snakemake is at work in this folder, and its locks stay")


def test_locks_stay_where_nobody_can_tell_whose_they_are(folder):
    (folder / "alive").mkdir()  # cannot be opened as a file
    process, said = settled_elsewhere(folder)
    process.communicate()
    assert locks(folder) == ["0.input.lock", "0.output.lock"]
    assert "does not tell whether another Snakemake is at work" in said
    assert "--unlock takes them away" in said


def test_without_locks_nothing_is_said(tmp_path):
    process, said = settled_elsewhere(tmp_path)
    process.communicate()
    assert said == ""
