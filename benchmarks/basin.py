"""Ask what matters where the learning rate is good.

    python benchmarks/basin.py

Most trials of the study on the paper's music have a learning rate at which nothing else can
matter. Those in vanilla's basin say what does matter there (basin.csv). Some seconds.
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from odyssey.analysis import effects, fanova
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.surrogates import GP
from odyssey.config import Study
from odyssey.config_files import study_or_exit

REPOSITORY = Path(__file__).parents[1]


def lowest_rate(study: Study) -> float:
    """Look up where the basin of vanilla's learning rates begins."""
    found = read_csv(results(study) / "effects.csv", effects.COLUMNS)
    chosen = found[(found["variant"] == "V") & (found["by"] == GP)]
    return chosen.set_index("effect").loc[effects.BASIN_LOW, "estimate"]


def shares_in_basin(
    variant: str, low: float, trials: pd.DataFrame, study: Study
) -> dict[str, str | int]:
    """Decompose a variant's test results at learning rates from the basin's lowest on."""
    trials = trials[(trials["variant"] == variant) & (trials["learning_rate"] >= low)]
    ranges = study.search.ranges | {"learning_rate": (low, study.search.learning_rate.high)}
    importance, *_ = fanova.analyse_search(trials, ranges, study.seed, surrogates=(GP,))
    shares = fanova.main_shares(importance, GP)
    return {
        "variant": variant,
        "trials": len(trials),
        **{
            row.term.replace("_", " "): f"{100 * row.share:.0f} %"
            f" ({100 * row.low:.0f} to {100 * row.high:.0f})"
            for row in shares.itertuples()
        },
        "R²": f"{shares['r2'].iloc[0]:.2f}",
    }


def results(study: Study) -> Path:
    """Say where a study's results are."""
    return REPOSITORY / "results" / study.study


def main() -> None:
    """Fit the processes, write what they say."""
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    trials = read_trials(results(study) / "trials.csv")
    in_basin = partial(shares_in_basin, low=lowest_rate(study), trials=trials, study=study)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        basin = list(pool.map(in_basin, study.variants))
    write_csv(pd.DataFrame(basin), REPOSITORY / "benchmarks" / "results" / "basin.csv")


if __name__ == "__main__":
    main()
