"""A copy of the workflow with a small study, and Snakemake run on it for real."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import starter
import yaml

REPOSITORY = Path(__file__).parents[1]
CODE = ("Snakefile", "rules", "workflow", "config", "envs", "profiles", "slurm")
COUNTS = {"train": 229, "valid": 76, "test": 77}

STUDY = {
    "study": "small",
    "tasks": {"jsb": {"source": "json", "path": "corpus.json"}},
    "variants": ["V", "NP"],
    "search": {"trials": 4, "hidden_size": {"low": 3, "high": 8}},
    "training": {"epochs": 3, "trials_per_job": 2},
    # Half of four trials: the least that a test can be made of.
    "analysis": {"best_fraction": 0.5},
}


def merged(base: dict, changes: dict) -> dict:
    """Lay changes over a configuration, section by section; None removes a key."""
    result = {k: v for k, v in base.items() if k not in changes or changes[k] is not None}
    for key, value in ((k, v) for k, v in changes.items() if v is not None):
        inner = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if inner else value
    return result


@dataclass(frozen=True)
class Project:
    """A folder with the workflow in it."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results" / "small"

    def configure(self, **changes) -> None:
        text = yaml.safe_dump(merged(STUDY, changes))
        (self.folder / "study.yaml").write_text(text, encoding="utf-8")

    def arguments(self, *arguments: str) -> list[str]:
        return [*arguments, "--cores", "2", "--configfile", "study.yaml"]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", *self.arguments(*arguments)]

    def environment(self) -> dict[str, str]:
        # Python is started hundreds of times: it is not to compile all it imports each time, and to
        # import this project's library, not another.
        left_out = ("SNAKEMAKE_", "PYTHON")
        return {k: v for k, v in os.environ.items() if not k.startswith(left_out)}

    def snakemake(self, *arguments: str, fails: bool = False) -> str:
        status, output = self.run(*arguments)
        assert (status != 0) == fails, output
        return output

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run Snakemake; return its exit status and what it said."""
        return starter.snakemake(self.arguments(*arguments), self.folder, self.environment())

    def planned(self, *arguments: str) -> dict[str, int]:
        """Return how often each rule would run."""
        output = self.snakemake(*arguments, "--dry-run", "--quiet", "rules")
        if "Nothing to be done" in output:
            return {}
        lines = output[output.index("Job stats:") :].splitlines()[3:]
        jobs = {}
        for line in lines:
            if not line.strip():
                break
            rule, count = line.split()
            jobs[rule] = int(count)
        jobs.pop("total")
        jobs.pop("all", None)
        return jobs

    def copy(self, folder: Path) -> "Project":
        # With the times of its files and Snakemake's records: a study that goes on elsewhere.
        shutil.copytree(self.folder, folder, copy_function=shutil.copy2, symlinks=True)
        return Project(folder)


def corpus() -> dict:
    """Write chorales of the right number, eight frames each, in which music is to be found."""
    generator = np.random.default_rng(0)
    return {
        split: [
            [sorted({int(60 + (step * leap) % 12), 48}) for step in range(8)]
            for leap in generator.integers(1, 8, count)
        ]
        for split, count in COUNTS.items()
    }


def new_project(folder: Path) -> Project:
    """Set up a project in which nothing has run yet."""
    folder.mkdir()
    for name in CODE:
        source = REPOSITORY / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    (folder / "corpus.json").write_text(json.dumps(corpus()), encoding="utf-8")
    project = Project(folder)
    project.configure()
    return project


def without_times(project: Project) -> str:
    """Return a study's table of trials but for the seconds they took."""
    table = pd.read_csv(project.results / "trials.csv", dtype=str, keep_default_na=False)
    return table.drop(columns="train_seconds").to_csv(index=False)
