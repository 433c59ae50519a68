"""How much of an interaction is the forest, and how often do intervals hold what is true?

    python benchmarks/importance_bias.py

Functions whose shares are known are made from vanilla's trials on the paper's music, trials of
them are drawn in the study's own coordinates, and both surrogates say what they think of them
(importance_bias.csv). Counted is how often the intervals have the truth; verdicts rest on what
that gives at the paper's 200 trials on the function where it is least, which stands in the
library's coverage.csv. Some 20 minutes on two cores; `--coverage` measures that alone, some 4;
`--quick` shows a few repetitions and writes nothing.
"""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.linalg import cho_solve
from scipy.spatial.distance import cdist

from odyssey.analysis import (
    boxes,
    effects,
    forests,
    gp,
    permutation,
    readings,
    selection,
    surrogates,
)
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.config_files import study_or_exit

REPOSITORY = Path(__file__).parents[1]
LIBRARY = Path(effects.__file__).parent
# Trials, and how often they are drawn.
SIZES = {50: 40, 200: 40, 1000: 4}
# Trials of the paper, and how often they are drawn where intervals alone are asked for.
PAPER_SIZE, ALONE = 200, 20
SMOOTH = ("additive", "process", "two interactions", "seconds, process")
ROUGH = ("one tree", "rough process", "seconds, one tree")
HALVES = "halves of vanilla's trials"
POINTS, PLANE = 14, 512


@dataclass(frozen=True)
class Truth:
    """A function over the cube, and how trials vary about it.

    Parameters
    ----------
    function : callable
        From points (n, 4) to values (n,).
    noise : float
        Standard deviation about it; of the logarithm where the response is one of seconds.
    response : str
    """

    function: Callable[[np.ndarray], np.ndarray]
    noise: float
    response: str = "test"

    def trials(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw trials."""
        X = generator.random((n, 4))
        y, chance = self.function(X), self.noise * generator.standard_normal(n)
        if self.response == "train_seconds":
            # So that the function is the mean of the seconds about it.
            return X, y * np.exp(chance - self.noise**2 / 2)
        return X, y + chance


@lru_cache
def vanilla() -> tuple[list[surrogates.Coordinate], np.ndarray, pd.DataFrame]:
    """Read vanilla's trials on the paper's music, in their coordinates."""
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    trials = read_trials(REPOSITORY / "results" / study.study / "trials.csv")
    trials = trials[trials["variant"] == "V"]
    axes = surrogates.coordinates(trials, study.search.ranges)
    return axes, np.array([axis.unit(trials[axis.name]) for axis in axes]).T, trials


def posterior_mean(X: np.ndarray, y: np.ndarray) -> tuple[Callable, float]:
    """Fit the smoothest process to trials; its mean, and what it leaves."""
    mean, sd = y.mean(), y.std()
    process = gp._process(X, (y - mean) / sd, gp.SMOOTHNESS[-1], 0.0)
    weight = cho_solve((process.cholesky, True), (y - mean) / sd)

    def function(points: np.ndarray) -> np.ndarray:
        distance = cdist(points / process.lengths, X / process.lengths)
        return mean + sd * process.amplitude * gp._matern(distance, process.smoothness) @ weight

    return function, float(sd * process.noise**0.5)


def in_parts(function: Callable, points: np.ndarray) -> np.ndarray:
    """Evaluate a function at many points."""
    return np.concatenate(
        [function(part) for part in np.array_split(points, 1 + len(points) // 8192)]
    )


def mesh(points: int) -> np.ndarray:
    """Cover the cube with the middles of equal boxes."""
    middles = (np.arange(points) + 0.5) / points
    return gp.mesh([middles] * 4)


def without_interactions(function: Callable) -> Callable:
    """Keep the main effects of a function."""
    values = in_parts(function, mesh(POINTS)).reshape([POINTS] * 4)
    mean, middles = values.mean(), (np.arange(POINTS) + 0.5) / POINTS
    alone = [values.mean(axis=tuple(j for j in range(4) if j != axis)) - mean for axis in range(4)]
    splines = [CubicSpline(middles, curve) for curve in alone]
    return lambda X: mean + sum(spline(X[:, j]) for j, spline in enumerate(splines))


def two_interactions(X: np.ndarray) -> np.ndarray:
    """Return a function that can be decomposed by hand: learning rate × momentum and × noise."""
    rate, size, noise, momentum = (X - 0.5).T
    main = 10 - 3.2 * rate + rate**2 + 0.18 * size + 0.33 * noise + 0.42 * momentum
    return main + 1.6 * rate * momentum + 0.9 * rate * noise


def one_tree(X: np.ndarray, y: np.ndarray) -> Callable:
    """Take a tree of the paper's forest for the truth: steps and jumps everywhere."""
    tree = forests.grow_sklearn(X, y, [], 1, 1)[0]
    return lambda points: tree.value[boxes.locate(tree.low, tree.high, points)]


def rough_process(smooth: Callable) -> Callable:
    """Add to a function a rough one."""
    process = gp.Process(0.5, 0.1, 0.0, np.array([0.5, 1.5, 1.5, 4.0]), 0.0, np.zeros((0, 0)))
    generator = np.random.default_rng(5)
    waves = [gp._features(process, generator) for _ in range(4)]
    weights = generator.standard_normal((4, 2 * gp.FEATURES)) / 2

    def function(points: np.ndarray) -> np.ndarray:
        rough = [
            gp._waves(points, w, process.amplitude) @ v for w, v in zip(waves, weights, strict=True)
        ]
        return smooth(points) + sum(rough)

    return function


@lru_cache
def truths() -> dict[str, Truth]:
    """Make all functions."""
    _, X, trials = vanilla()
    test = trials["test"].to_numpy(dtype=float)
    seconds = np.log(trials["train_seconds"].to_numpy(dtype=float))
    smooth, noise = posterior_mean(X, test)
    times, spread = posterior_mean(X, seconds)
    tree, tree_of_times = one_tree(X, test), one_tree(X, seconds)
    return {
        "additive": Truth(without_interactions(smooth), noise),
        "process": Truth(smooth, noise),
        "two interactions": Truth(two_interactions, noise),
        "one tree": Truth(tree, noise),
        "rough process": Truth(rough_process(smooth), noise),
        "seconds, process": Truth(lambda p: np.exp(times(p)), spread, "train_seconds"),
        "seconds, one tree": Truth(lambda p: np.exp(tree_of_times(p)), spread, "train_seconds"),
    }


def described(truth: Truth) -> surrogates.Surrogate:
    """Describe a function as a surrogate is described, with one draw."""
    axes, _, _ = vanilla()
    middles, equal = (np.arange(POINTS) + 0.5) / POINTS, np.full(POINTS, 1 / POINTS)
    values = in_parts(truth.function, mesh(POINTS)).reshape([POINTS] * 4 + [1])
    shares, rest, _ = gp.decompose(gp.Draws([middles] * 4, [equal] * 4, values, np.zeros(1)))
    others = np.random.default_rng(2).random((PLANE, 4))
    curves = []
    for j, axis in enumerate(axes):
        grid = axis.grid(surrogates.GRID)
        points = np.tile(others, (len(grid), 1))
        points[:, j] = np.repeat(grid, PLANE)
        curves.append(in_parts(truth.function, points).reshape(len(grid), PLANE).mean(axis=1)[None])
    return surrogates.Surrogate(
        surrogates.GP, axes, shares, rest, 0.0, curves, {}, 0.0, 1.0, {}, truth.function
    )


@lru_cache
def known(name: str) -> dict[str, float]:
    """Compute the effects of a function."""
    truth = truths()[name]
    rows = readings.of_surrogate(described(truth), truth.response, 0)
    if truth.response == "test":
        # The mesh makes an interaction of nothing out of rounding.
        for row in rows:
            row["estimate"] = 0.0 if abs(row["estimate"]) < 1e-9 else row["estimate"]
    return {row["effect"]: row["estimate"] for row in rows}


def repetition(job: tuple[str, int, int], with_forest: bool) -> pd.DataFrame:
    """Draw trials of a function and ask both surrogates for its effects."""
    name, n, seed = job
    truth, (axes, _, _) = truths()[name], vanilla()
    X, y = truth.trials(n, np.random.default_rng([seed, n]))
    found = [surrogates.fit_process(X, y, axes, seed)]
    if with_forest:
        found.append(surrogates.grow_forest(X, y, axes, 100, seed, "sklearn"))
    rows = [row for one in found for row in readings.of_surrogate(one, truth.response, n)]
    frame = pd.DataFrame(rows)[["effect", "by", "estimate", "low", "high"]]
    frame["true"] = frame["effect"].map(known(name))
    frame["covered"] = (frame["low"] <= frame["true"]) & (frame["true"] <= frame["high"])
    return frame.assign(truth=name, n=n, seed=seed)


def difference_coverage(pairs: int = 500, shift: float = 0.15) -> float:
    """Count how often the permutation's interval has a difference that was put into two halves."""
    folders = ("jsb", "jsb-seed2")
    both = pd.concat(
        read_trials(REPOSITORY / "results" / "reference" / name / "trials.csv") for name in folders
    )
    both = both[both["variant"] == "V"]
    results = both[["validation", "test"]].to_numpy(dtype=float)
    size = len(both) // 2
    selected = selection.number_selected(size, 0.1)
    generator = np.random.default_rng(0)
    shuffles = permutation.shuffle((size, size), (selected, selected), 999, generator)
    covered = 0
    for _ in range(pairs):
        order = generator.permutation(len(both))
        group, reference = results[order[:size]] + shift, results[order[size : 2 * size]]
        low, high = permutation.interval(
            permutation.ordered(*group.T, selected),
            permutation.ordered(*reference.T, selected),
            shuffles,
            0.05,
        )
        covered += low <= shift <= high
    return covered / pairs


def summed_up(found: pd.DataFrame) -> pd.DataFrame:
    """Sum up all repetitions of shares: what is true, what is said, how often intervals have it."""
    found = found[found["effect"].str.startswith("share of")]
    found = found.assign(width=found["high"] - found["low"])
    keys = ["truth", "n", "effect", "by"]
    return (
        found.groupby(keys, sort=False)
        .agg(
            true=("true", "first"),
            mean=("estimate", "mean"),
            coverage=("covered", "mean"),
            width=("width", "mean"),
            repetitions=("seed", "nunique"),
        )
        .reset_index()
    )


def coverage(found: pd.DataFrame) -> pd.DataFrame:
    """Sum up how often intervals of processes hold on each function, smooth or rough."""
    at = found[(found["n"] == PAPER_SIZE) & (found["by"] == surrogates.GP)]
    kinds = dict.fromkeys(SMOOTH, "smooth") | dict.fromkeys(ROUGH, "rough")
    table = (
        at.groupby(["effect", "truth"], sort=False)
        .agg(coverage=("covered", "mean"), n=("covered", "size"))
        .reset_index()
    )
    table["kind"] = table["truth"].map(kinds)
    return table[["effect", "coverage", "truth", "kind", "n"]]


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Lay out main effects and interactions for a reader, in per cent."""
    rows = table[table["effect"].str.fullmatch(r"share of (higher order|[a-z_]+)")]
    rows = rows[~rows["truth"].str.startswith("seconds")].copy()
    rows[["true", "mean"]] *= 100
    wide = rows.pivot_table(
        index=["truth", "n"], columns=["effect"], values=["true"], sort=False
    ).join(
        rows.pivot_table(index=["truth", "n"], columns=["by", "effect"], values="mean", sort=False)
    )
    return wide.round(1)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few repetitions, nothing written")
    parser.add_argument("--coverage", action="store_true", help="the library's table alone")
    arguments = parser.parse_args()
    quick, alone = arguments.quick, arguments.coverage
    sizes = {50: 2, PAPER_SIZE: 2} if quick else SIZES
    if alone:
        sizes = {PAPER_SIZE: ALONE}
    jobs = [
        (name, n, seed)
        for n, repetitions in sizes.items()
        for seed in range(repetitions)
        for name in truths()
        if not (n > PAPER_SIZE and name.startswith("seconds"))
    ]
    parts, begun = [], time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done, part in enumerate(
            pool.map(partial(repetition, with_forest=not alone), jobs), start=1
        ):
            parts.append(part)
            minutes = (time.monotonic() - begun) / 60
            print(f"\r{done} of {len(jobs)}, {minutes:.1f} minutes", end="", file=sys.stderr)
    print(file=sys.stderr)
    found = pd.concat(parts, ignore_index=True)
    table, covered = summed_up(found), coverage(found)
    of_difference = {"effect": effects.DIFFERENCE, "truth": HALVES, "kind": HALVES}
    pairs = 20 if quick else 500
    row = of_difference | {"coverage": difference_coverage(pairs), "n": pairs}
    covered = pd.concat([covered, pd.DataFrame([row])], ignore_index=True)
    if not quick:
        write_csv(covered, LIBRARY / "coverage.csv")
    if not quick and not alone:
        write_csv(table, REPOSITORY / "benchmarks" / "results" / "importance_bias.csv")
    if not alone:
        print(printed(table).to_string())
    print(covered.to_string())


if __name__ == "__main__":
    main()
