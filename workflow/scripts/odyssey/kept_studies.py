"""Make what is kept of studies in results/reference again, from each one's trials.csv.

Tables of each, figures and report of the paper's music, the tables in the documents, and metadata.
"""

import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Of the studies beside the paper's music there are tables only.
WITH_FIGURES = "jsb"
# Files of the rules that make what follows from trials.csv.
ANALYSING = {"analysis", "comparison", "parts", "figures", "report"}
SCRIPTS = ("docs/across.py", "docs/tables.py", "docs/crates.py")


def repository() -> Path:
    """Return the clone that this library lies in.

    Raises
    ------
    SystemExit
        If it lies in none.
    """
    folder = Path(__file__).parents[3]
    if not (folder / "Snakefile").exists():
        sys.exit(f"Error: this is run in a clone of the repository, and {folder} is none")
    return folder


def analysing(rules: Sequence[str], folder: Path) -> list[str]:
    """Choose the rules that test, explain, draw and report.

    Parameters
    ----------
    rules : sequence of str
        All of a study.
    folder : pathlib.Path
        Of the files of rules.
    """
    others = [file for file in folder.glob("*.smk") if file.stem not in ANALYSING]
    text = "".join(file.read_text(encoding="utf-8") for file in others)
    left_out = {"all", *re.findall(r"^ *rule (\w+):", text, re.MULTILINE)}
    return [rule for rule in rules if rule not in left_out]


def main(argv: Sequence[str] | None = None) -> None:
    """Make them."""
    parser = ArgumentParser(prog="odyssey reference", description=__doc__)
    parser.add_argument("studies", nargs="*", help="names of folders; by default, all")
    parser.add_argument("--cores", default="all")
    arguments = parser.parse_args(argv)
    here = repository()
    kept = sorted(path.parent.name for path in here.glob("results/reference/*/trials.csv"))
    if missing := set(arguments.studies) - set(kept):
        sys.exit(f"Error: there is no results/reference/{min(missing)}/trials.csv")
    for study in arguments.studies or kept:
        snakemake = [sys.executable, "-m", "snakemake", "--configfile", f"config/{study}.yaml"]
        listed = _run([*snakemake, "--list-rules"], here, stdout=subprocess.PIPE).stdout.split()
        targets = ["analysis", *(["figures", "report"] if study == WITH_FIGURES else [])]
        allowed = analysing(listed, here / "rules")
        cores = ["--cores", arguments.cores]
        _run([*snakemake, *cores, "--forceall", "--allowed-rules", *allowed, "--", *targets], here)
    for script in SCRIPTS:
        _run([sys.executable, script], here)


def _run(command: list[str], folder: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, check=True, text=True, **options)
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
