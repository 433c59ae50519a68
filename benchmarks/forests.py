"""Ask more of the forests of the study than claims.csv does.

    python benchmarks/forests.py

Its intervals are the spread over the trees of one forest. How much the trials themselves leave
open is another question: vanilla's 200 are drawn again, with replacement, whole forests are grown
on each draw, and each statement is judged by its measured number alone (resampled.csv). And most
trials have a learning rate at which nothing else can matter: forests of those in vanilla's basin
say what does matter there (basin.csv). Some minutes.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from odyssey.analysis import claims, fanova
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.config import Study, study_or_exit

REPOSITORY = Path(__file__).parents[1]
TASK, DRAWS = "jsb", 100
EMPTY = pd.DataFrame({"task": [], "variant": []})


def grow(trials: pd.DataFrame, study: Study, seed: int, **narrower: tuple[float, float]):
    """Analyse a cell as the study does; ranges may be narrower than those that it searches."""
    ranges, settings = study.search.ranges | narrower, study.analysis
    return fanova.analyse_cell(trials, ranges, seed, settings.trees, settings.fanova_backend)


def findings(draw: int, trials: pd.DataFrame, study: Study) -> list[tuple[str, float, bool]]:
    """Judge all statements on one draw of vanilla's trials; draw 0 is the trials as they are."""
    trials = trials[trials["variant"] == "V"]
    if draw:
        trials = trials.sample(frac=1, replace=True, random_state=draw)
    importance, marginals, _ = grow(trials, study, study.seed + draw)
    # Without a spread over trees, a statement holds or it does not.
    tables = claims.Tables(EMPTY, EMPTY, importance.assign(sd=0.0), marginals.assign(sd=0.0))
    found = []
    for claim in claims.CLAIMS:
        if TASK in claim.paper and "fANOVA" in claim.rule:
            try:
                finding = claim.judge(tables, TASK)
            except claims.Undecided as reason:  # a forest that explains too little
                finding = reason.finding
            found.append((claim.statement, finding.measured, bool(finding.holds)))
    return found


def resampled(draws: list[list[tuple[str, float, bool]]]) -> pd.DataFrame:
    """Sum up what was found on all draws; an undecided statement does not hold."""
    rows = []
    for place, (statement, measured, _) in enumerate(draws[0]):
        low, high = np.nanquantile([draw[place][1] for draw in draws[1:]], [0.025, 0.975])
        rows.append(
            {
                "claim": statement,
                "measured": f"{measured:.3g}",
                "95 % of the draws": f"{low:.2g} to {high:.2g}",
                "holds in": f"{np.mean([draw[place][2] for draw in draws[1:]]):.0%}",
            }
        )
    return pd.DataFrame(rows)


def lowest_rate(study: Study) -> float:
    """Find where the basin of vanilla's learning rates begins."""
    marginals = pd.read_csv(results(study) / "fanova" / "marginals.csv")
    curve = marginals.query(
        "variant == 'V' and response == 'test' and parameter == 'learning_rate'"
    )
    _, first, _ = fanova.basin(curve["mean"].to_numpy())
    return curve["value"].iloc[first]


def shares_in_basin(
    variant: str, low: float, trials: pd.DataFrame, study: Study
) -> dict[str, str | int]:
    """Decompose a variant's test results at learning rates from the basin's lowest on."""
    trials = trials[(trials["variant"] == variant) & (trials["learning_rate"] >= low)]
    rates = (low, study.search.learning_rate.high)
    importance, _, _ = grow(trials, study, study.seed, learning_rate=rates)
    importance = importance.query("response == 'test'")
    main = importance["order"].eq(1).fillna(value=False)
    shares = importance[main].set_index("term")["share"]
    shares["interactions"] = importance.loc[~main, "share"].sum()
    return {
        "variant": variant,
        "trials": len(trials),
        **{name.replace("_", " "): f"{100 * share:.0f} %" for name, share in shares.items()},
        "out-of-bag R²": f"{importance['oob_r2'].iloc[0]:.2f}",
    }


def results(study: Study) -> Path:
    """Say where a study's results are."""
    return REPOSITORY / "results" / study.study


def main() -> None:
    """Grow the forests, write what they say."""
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    cells = {"trials": read_trials(results(study) / "trials.csv"), "study": study}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        in_basin = partial(shares_in_basin, low=lowest_rate(study), **cells)
        basin = list(pool.map(in_basin, study.variants))
        draws = list(pool.map(partial(findings, **cells), range(DRAWS + 1)))
    folder = REPOSITORY / "benchmarks" / "results"
    write_csv(pd.DataFrame(basin), folder / "basin.csv")
    write_csv(resampled(draws), folder / "resampled.csv")


if __name__ == "__main__":
    main()
