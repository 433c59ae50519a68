"""Make what is kept of studies in results/reference again, from each one's trials.

Tables of each, figures of some, the report of the paper's music, the tables in the documents, and
metadata.
"""

import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What is asked of a study besides its tables; of those that are not here there is no more.
BESIDES = {
    "jsb": ["figures", "report"],
    "jsb-parts": ["figures"],
    "jsb-kin-budget": ["results/reference/jsb-kin-budget/figures/figure_3.png"],
}
# Files of the rules that make what follows from a study's trials.
ANALYSING = ("analysis", "comparison", "parts", "figures", "report")
# What a study's trials are kept in, or those of the cells that it has bred.
MADE_OF = ("trials.csv", "generations.csv")
SIDE_BY_SIDE = 2
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


def analysing(folder: Path) -> list[str]:
    """Find the names of the rules that test, explain, draw and report, in the folder of rules."""
    text = "".join((folder / f"{name}.smk").read_text(encoding="utf-8") for name in ANALYSING)
    return re.findall(r"^ *rule (\w+):", text, re.MULTILINE)


def kept_in(folder: Path) -> list[str]:
    """List the studies of a clone of the repository whose trials are all done, by their tables."""
    found = {
        path.parent.name for name in MADE_OF for path in folder.glob(f"results/reference/*/{name}")
    }
    return sorted(found)


def main(argv: Sequence[str] | None = None) -> None:
    """Make them."""
    parser = ArgumentParser(prog="odyssey reference", description=__doc__)
    parser.add_argument("studies", nargs="*", help="names of folders; by default, all")
    parser.add_argument("--cores", default="all")
    arguments = parser.parse_args(argv)
    here = repository()
    kept = kept_in(here)
    if missing := set(arguments.studies) - set(kept):
        sys.exit(f"Error: results/reference/{min(missing)} has none of {', '.join(MADE_OF)}")
    # Nothing is trained, whatever Snakemake thinks of the trials.
    allowed = ["--forceall", "--allowed-rules", *analysing(here / "rules")]

    def make(study: str) -> None:
        snakemake = [sys.executable, "-m", "snakemake", "--configfile", f"config/{study}.yaml"]
        targets = ["analysis", *BESIDES.get(study, [])]
        _run([*snakemake, "--cores", arguments.cores, *allowed, "--", *targets], here)

    # While one plans, or waits for its last job, the other has the cores.
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(make, arguments.studies or kept))
    for script in SCRIPTS:
        _run([sys.executable, script], here)


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True)
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
