"""Compare what studies of results/reference say of the same thing: trials in, two tables out.

    python docs/across.py

No study's own table can hold that. `make reference` runs it before docs/tables.py, which words it.
"""

from pathlib import Path

import pandas as pd

from odyssey.analysis import welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.analysis.selection import select

FOLDER = Path(__file__).parents[1] / "results" / "reference"
STUDY, AGAIN, SECOND = "jsb", "jsb-music21", "jsb-seed2"


def trials(study: str) -> pd.DataFrame:
    """Read the trials of a study of results/reference."""
    return read_trials(FOLDER / study / "trials.csv")


def both_seeds() -> pd.DataFrame:
    """Compare NFG with vanilla on the trials of both seeds together; `welch.COLUMNS`."""
    both = pd.concat([trials(STUDY), trials(SECOND)])
    return welch.compare(select(both[both["variant"].isin(["V", "NFG"])]), seed=1)


def same_trials() -> pd.DataFrame:
    """Set the music21 study beside the same trials on the paper's data, of the same seeds.

    Returns
    -------
    pandas.DataFrame
        Of each variant and corpus the mean of the best tenth and its difference from vanilla, and
        the rank correlation of all trials.
    """
    again, keys = trials(AGAIN), ["variant", "trial"]
    same = trials(STUDY).merge(again[keys], on=keys)
    made = {}
    for name, of_corpus in (("paper", same), ("music21", again)):
        marked = select(of_corpus)
        best = marked[marked["selected"]].groupby("variant", sort=False)["test"].mean()
        made |= {f"{name}_mean": best, f"{name}_difference": best - best["V"]}
    pairs = same.merge(again, on=keys, suffixes=("", "_again"))
    made["rank_correlation"] = pairs.groupby("variant", sort=False)[["test", "test_again"]].apply(
        lambda pair: pair["test"].corr(pair["test_again"], "spearman")
    )
    return pd.DataFrame(made).rename_axis("variant").reset_index()


def main() -> None:
    """Write the tables."""
    write_csv(both_seeds(), FOLDER / "both_seeds.csv")
    write_csv(same_trials(), FOLDER / "same_trials.csv")


if __name__ == "__main__":
    main()
