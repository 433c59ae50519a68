"""Time what the workflow costs beside training, and what planning the paper's study takes.

    python benchmarks/overhead.py

A study of 1,800 small trials on two cores is run for real: its wall time against half of the
seconds that the trials themselves took on the processor. The host of a virtual machine may have
given its cores to others meanwhile (stolen_seconds, of all cores), which is in the wall time and
in the ratio. And `snakemake -n -q` looks at the 5,400 trials of the paper's protocol. Writes
results/overhead.csv and results/dag.csv; some twelve minutes, on Linux.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import yaml

from odyssey.cells.variants import PAPER_VARIANTS

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
CORES = 2
CHORALES = {"train": 229, "valid": 76, "test": 77}
SMALL = {
    "study": "overhead",
    "tasks": {"jsb": {"source": "json", "path": "corpus.json"}},
    "search": {"trials": 200, "hidden_size": {"low": 20, "high": 80}},
    "training": {"epochs": 10},
}
MADE_UP = {  # as many sequences as the corpora that the paper used
    "timit": {"source": "synthetic", "synthetic": {"train": 462, "validation": 50, "test": 24}},
    "iam": {"source": "synthetic", "synthetic": {"train": 5355, "validation": 2956, "test": 3859}},
    "jsb": {"source": "json", "path": "corpus.json"},
}


def write_corpus(path: Path) -> None:
    """Make up chorales, as many and as long as Bach's."""
    draw = np.random.default_rng(0)
    chorale = lambda: [sorted({*draw.integers(40, 80, 4).tolist()}) for _ in range(60)]  # noqa: E731
    path.write_text(json.dumps({s: [chorale() for _ in range(n)] for s, n in CHORALES.items()}))


def snakemake(folder: Path, study: dict, *arguments: str) -> tuple[float, str]:
    """Run Snakemake on a study, and return the seconds that it took and what it said."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    command = [sys.executable, "-m", "snakemake", *arguments]
    command += ["--snakefile", REPOSITORY / "Snakefile", "--configfile", "study.yaml"]
    command += ["--profile", REPOSITORY / "profiles" / "default"]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds, done.stdout + done.stderr


def stolen() -> float:
    """Return the seconds that a virtual machine's host has given to others, of all cores."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def overhead(folder: Path) -> dict:
    """Run the small study, from features and kernels on."""
    made = ["results/overhead/features/jsb.npz"]
    made += [f"results/overhead/engine/{variant}.so" for variant in PAPER_VARIANTS]
    snakemake(folder, SMALL, *made, "--cores", str(CORES))
    before = stolen()
    wall, _ = snakemake(folder, SMALL, "results/overhead/trials.csv", "--cores", str(CORES))
    with (folder / "results/overhead/trials.csv").open() as file:
        seconds = [float(row["train_seconds"]) for row in csv.DictReader(file)]
    each, epochs = SMALL["search"]["trials"], SMALL["training"]["epochs"]
    return {
        "study": f"9 variants, {each} trials, {epochs} epochs",
        "trials": len(seconds),
        "train_seconds": f"{sum(seconds):.1f}",
        "cores": CORES,
        "wall_seconds": f"{wall:.1f}",
        "ratio": f"{wall / (sum(seconds) / CORES):.3f}",
        "stolen_seconds": f"{stolen() - before:.1f}",
    }


def dag(folder: Path, trials_per_job: str | int) -> dict:
    """Plan the paper's study, three times."""
    study = yaml.safe_load((REPOSITORY / "config" / "paper.yaml").read_text())
    study["tasks"] = MADE_UP
    study["training"]["trials_per_job"] = trials_per_job
    _, said = snakemake(folder, study, "--dry-run", "--quiet", "rules")
    seconds = [snakemake(folder, study, "--dry-run", "-q")[0] for _ in range(3)]
    return {
        "trials": 27 * study["search"]["trials"],
        "trials_per_job": trials_per_job,
        "jobs": re.search(r"^total +(\d+)", said, re.MULTILINE)[1],
        "seconds": f"{median(seconds):.1f}",
    }


def show(rows: list[dict], path: Path | None) -> None:
    """Print a table, and write it if there is a path."""
    for row in rows:
        print(", ".join(f"{name}: {value}" for name, value in row.items()), flush=True)
    if path is None:
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run both benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer trials, nothing written")
    quick = parser.parse_args().quick
    if quick:
        SMALL["search"]["trials"] = 20
    results = HERE / "results"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder / "corpus.json")
        plans = [dag(folder, each) for each in (("auto",) if quick else ("auto", 10, 1))]
        show(plans, None if quick else results / "dag.csv")
        show([overhead(folder)], None if quick else results / "overhead.csv")


if __name__ == "__main__":
    main()
