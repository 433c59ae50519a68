"""Time all figures, tables and the report of a 5,400-trial study, from its table of trials.

    python benchmarks/rendering.py

The trials are made up (tests/made_up_trials.py), nothing is trained. The wall time of the whole,
Snakemake's own included, and that of each rule, its jobs added up, go into results/rendering.csv.
Two jobs run at the same time, so that the rules' seconds add up to about twice the wall time.
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
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "rendering.csv"
STUDY = {
    "study": "rendering",
    "tasks": {
        "timit": {"source": "synthetic", "also_search": ["nesterov", "clip"]},
        "iam": {"source": "synthetic"},
        "jsb": {"source": "music21"},
    },
    "search": {"trials": 200},
}
FOLDER = f"results/{STUDY['study']}"
GOAL = 120  # seconds, on two cores


def snakemake(folder: Path, cores: int, *arguments: str) -> None:
    """Run Snakemake on the study in a folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    command += ["--workflow-profile", str(REPOSITORY / "profiles/default"), "--quiet"]
    command += ["--directory", str(folder), "--configfile", str(folder / "study.json")]
    subprocess.run([*command, "--cores", str(cores), *arguments], check=True)


def drawing_rules() -> list[str]:
    """List the rules that need no more than the trials, so that no other can run."""
    text = "".join(
        (REPOSITORY / "rules" / f"{stage}.smk").read_text()
        for stage in ("analysis", "figures", "report")
    )
    return [name for name in re.findall(r"^ *rule (\w+):", text, re.M) if name != "collect"]


def seconds_of_rules(folder: Path) -> dict[str, float]:
    """Add up the time that the jobs of each rule took, from Snakemake's records of its outputs."""
    jobs = {}
    for file in (folder / ".snakemake" / "metadata").rglob("*"):
        if file.is_file():
            record = json.loads(file.read_text())
            jobs[record["rule"], str(record["log"])] = record["endtime"] - record["starttime"]
    seconds = defaultdict(float)
    for (rule, _), time_taken in jobs.items():
        seconds[rule] += time_taken
    return {rule: seconds[rule] for rule in drawing_rules() if rule in seconds}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=2)
    cores = parser.parse_args().cores
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.json").write_text(json.dumps(STUDY))
        # The line of handwriting in figure 2 is no trial, and is there before the clock starts.
        snakemake(folder, cores, f"{FOLDER}/features/iam_line.npz")
        made_up = REPOSITORY / "tests" / "made_up_trials.py"
        subprocess.run([sys.executable, str(made_up), str(folder / FOLDER)], check=True)
        with open(folder / FOLDER / "trials.csv") as file:
            trials = sum(1 for _ in csv.DictReader(file))
        began = time.perf_counter()
        targets = ["analysis", "figures", "report"]
        snakemake(folder, cores, *targets, "--allowed-rules", *drawing_rules())
        wall = time.perf_counter() - began
        rules = seconds_of_rules(folder)
    row = {"trials": trials, "cores": cores, "load": f"{os.getloadavg()[0]:.1f}"}
    row |= {"wall_seconds": f"{wall:.1f}"} | {rule: f"{rules[rule]:.1f}" for rule in rules}
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
    print(", ".join(f"{key} {value}" for key, value in row.items()))
    if wall > GOAL and cores == 2:
        sys.exit(f"Error: {wall:.0f} s; the goal is {GOAL} s on two cores")


if __name__ == "__main__":
    main()
