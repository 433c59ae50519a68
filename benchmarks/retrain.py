"""Train some trials of a finished study again, in a fresh clone, and compare them bit by bit.

    python benchmarks/retrain.py --configfile config/jsb.yaml

The trials are drawn at random from results/<study>/trials.csv, and Snakemake trains them with the
repository's last commit and this configuration in an empty folder. Every number of a trial has to
come out again: hyperparameters, results, and the losses of all epochs. Prints a table in Markdown,
and ends with status 1 if any trial is another.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from odyssey.analysis.collect import curves_table, read_records, read_trials, trials_table
from odyssey.config_files import study_or_exit

REPOSITORY = Path(__file__).parents[1]
TRIAL = ["task", "variant", "trial"]
MAY_DIFFER = ["train_seconds", "machine"]


def clone(folder: Path, configfile: Path, lent: list[str]) -> None:
    """Clone the repository, and lend it the configuration and the files that are not in it."""
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True)
    (folder / "study.yaml").write_bytes(configfile.read_bytes())
    for path in lent:
        if (folder / path).exists():
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to((REPOSITORY / path).resolve(strict=True))


def train(folder: Path, runs: list[str]) -> None:
    """Let Snakemake make run files."""
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--configfile", "study.yaml"]
    subprocess.run([*command, "--quiet", "--", *runs], cwd=folder, check=True)


def chosen(table: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that belong to trials, without what may differ."""
    rows = table.merge(trials[TRIAL], on=TRIAL)
    return rows.drop(columns=MAY_DIFFER, errors="ignore").reset_index(drop=True)


def main() -> None:
    """Draw, train, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configfile", type=Path, required=True, help="of the finished study")
    parser.add_argument("--trials", type=int, default=10, help="how many (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of their drawing (default: 0)")
    arguments = parser.parse_args()
    study = study_or_exit([arguments.configfile], with_corpora=True)
    results = Path("results") / study.study
    if not (REPOSITORY / results / "trials.csv").exists():
        sys.exit(f"There is no {results}/trials.csv: the study is not finished.")
    trials = read_trials(REPOSITORY / results / "trials.csv")
    curves = pd.read_parquet(REPOSITORY / results / "curves.parquet")
    if not 0 < arguments.trials <= len(trials):
        sys.exit(f"--trials: {arguments.trials}, but the study has {len(trials)}.")
    drawn = trials.sample(arguments.trials, random_state=arguments.seed).sort_index()
    runs = [
        f"{results}/runs/{row.task}/{row.variant}/{row.trial}-{row.trial}.jsonl"
        for row in drawn.itertuples()
    ]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "clone"
        corpora = [path for task in study.tasks.values() for path in task.paths().values()]
        clone(folder, arguments.configfile, [*corpora, *study.cells.values()])
        train(folder, runs)
        records = [record for run in runs for record in read_records(folder / run)]
    order = list(study.tasks), study.variants
    again, curves_again = trials_table(records, *order), curves_table(records, *order)

    equal = []
    print("| variant | trial | blocks | epochs | test | seconds, then | now | bit-identical |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for i, row in again.iterrows():
        one = again.loc[[i]]
        before = trials.merge(one[TRIAL], on=TRIAL)["train_seconds"].item()
        # A column that another task alone has is not in the new table.
        equal.append(
            chosen(trials[again.columns], one).equals(chosen(again, one))
            and chosen(curves, one).equals(chosen(curves_again, one))
        )
        print(
            f"| {row.variant} | {row.trial} | {row.hidden_size} | {row.epochs} | {row.test!r} "
            f"| {before:.1f} | {row.train_seconds:.1f} | {'yes' if equal[-1] else 'NO'} |"
        )
    print(f"\n{sum(equal)} of {len(equal)} trials are bit-identical.")
    sys.exit(not all(equal))


if __name__ == "__main__":
    main()
