"""A clone in a folder whose name has spaces, and a Python in it."""

import subprocess
import sys
from pathlib import Path

from project import Project, new_project


class Clone(Project):
    """A project that runs on a Python of its own, as a clone does on its .venv."""

    def run(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [self.folder / ".venv/bin/python", "-m", "snakemake", *self.arguments(*arguments)],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def test_a_study_runs_in_a_folder_with_spaces(tmp_path):
    (tmp_path / "a path with spaces").mkdir()
    clone = Clone(new_project(tmp_path / "a path with spaces" / "my 'clone' é").folder)
    (clone.folder / ".venv").symlink_to(sys.prefix)
    figure = "results/small/figures/figure_3.pdf"
    clone.snakemake(figure)
    assert (clone.folder / figure).stat().st_size
    assert clone.planned(figure) == {}


def test_a_job_that_snakemake_starts_by_itself_runs_there_too(tmp_path):
    """On a cluster every job begins with a command of Snakemake's own, as one with `run:` does."""
    clone = Clone(new_project(tmp_path / "my clone").folder)
    (clone.folder / ".venv").symlink_to(sys.prefix)
    (clone.folder / "own.smk").write_text(
        'include: "Snakefile"\nrule own:\n    output: "own.txt"\n    run:\n'
        '        import sys; open(output[0], "w").write(sys.prefix)\n',
        encoding="utf-8",
    )
    clone.snakemake("--snakefile", "own.smk", "own")
    assert Path((clone.folder / "own.txt").read_text(encoding="utf-8")).name == ".venv"
