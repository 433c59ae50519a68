"""How often does a comparison find a difference where there is none, and one that is there?

    python benchmarks/error_rates.py

Searches that do not differ are made of vanilla's 400 trials on the paper's music, of both seeds:
pairs of halves, families of nine searches drawn with replacement, and halves of which one is made
worse. The permutation of whole searches and the paper's Welch test each say what they find. Writes
error_rates.csv; under a minute.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from odyssey.analysis import permutation
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.analysis.welch import t_test

REPOSITORY = Path(__file__).parents[1]
SIZE, SELECTED, ALPHA = 200, 20, 0.05
# How often each is tried, and by how many nats one half is made worse.
PAIRS, FAMILIES, PLANTED, SHIFTS = 1000, 300, 300, (0.1, 0.15)
# Variants besides vanilla.
COMPARISONS = 8
PERMUTATION, PAPER = "permutation", "paper's"


@lru_cache
def kept() -> np.ndarray:
    """Read validation and test results of vanilla's 400 trials, of both seeds."""
    folder = REPOSITORY / "results" / "reference"
    both = pd.concat(read_trials(folder / name / "trials.csv") for name in ("jsb", "jsb-seed2"))
    return both.loc[both["variant"] == "V", ["validation", "test"]].to_numpy()


def shuffles(draws: int, seed: int) -> permutation.Shuffles:
    """Draw shuffles of two searches."""
    sizes, selected = (SIZE, SIZE), (SELECTED, SELECTED)
    return permutation.shuffle(sizes, selected, draws, np.random.default_rng(seed))


def halves(
    rng: np.random.Generator, shift: float = 0.0
) -> tuple[permutation.Ordered, permutation.Ordered]:
    """Split vanilla's trials into two searches, one of them worse by a shift."""
    order = rng.permutation(len(kept()))
    first, second = kept()[order[:SIZE]] + shift, kept()[order[SIZE:]]
    return permutation.ordered(*first.T, SELECTED), permutation.ordered(*second.T, SELECTED)


def by_permutation(
    group: permutation.Ordered, reference: permutation.Ordered, drawn: permutation.Shuffles
) -> float:
    """Return the p value of the permutation of whole searches."""
    middle, error = permutation.difference(group, reference)
    null = permutation.null_distribution(group, reference, drawn)
    return permutation.p_value(middle / error, null)


def by_paper(group: permutation.Ordered, reference: permutation.Ordered) -> float:
    """Return the p value of Welch's test on the selected trials."""
    return t_test(group.test[:SELECTED], reference.test[:SELECTED], ALPHA)["p"]


def found_in_pairs(
    n: int,
    p_of: Callable[[permutation.Ordered, permutation.Ordered], float],
    seed: int,
    shift: float,
) -> int:
    """Count the pairs of halves in which a test finds a difference."""
    rng = np.random.default_rng(seed)
    return sum(p_of(*halves(rng, shift)) <= ALPHA for _ in range(n))


def found_in_families(
    n: int, p_of: Callable[[permutation.Ordered, permutation.Ordered], float], seed: int
) -> int:
    """Count the families in which a test, after Bonferroni, finds any difference."""
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(n):
        # With replacement: nine searches of 200 want more trials than there are.
        drawn = (kept()[rng.integers(len(kept()), size=SIZE)] for _ in range(COMPARISONS + 1))
        searches = [permutation.ordered(*one.T, SELECTED) for one in drawn]
        found += min(p_of(one, searches[0]) for one in searches[1:]) * COMPARISONS <= ALPHA
    return found


@lru_cache
def counts(what: str, test: str) -> tuple[int, int]:
    """Count what a test finds, and in how many tries.

    Parameters
    ----------
    what : str
        ``pairs``, ``families``, or a shift such as ``+0.15``.
    test : str
        `PERMUTATION` or `PAPER`.
    """
    families = what == "families"
    if test == PERMUTATION:
        # A p value of one of eight at 5 % wants more shuffles.
        drawn = shuffles(1599 if families else 799, 1)

        def p_of(group: permutation.Ordered, reference: permutation.Ordered) -> float:
            return by_permutation(group, reference, drawn)
    else:
        p_of = by_paper
    if families:
        return found_in_families(FAMILIES, p_of, 12), FAMILIES
    if what == "pairs":
        return found_in_pairs(PAIRS, p_of, 11, 0.0), PAIRS
    return found_in_pairs(PLANTED, p_of, 13, float(what)), PLANTED


def main() -> None:
    """Count, write, print."""
    rows = []
    for what in ("pairs", "families", *(f"{shift:+g}" for shift in SHIFTS)):
        for test in (PERMUTATION, PAPER):
            found, n = counts(what, test)
            ends = stats.binomtest(found, n).proportion_ci(1 - ALPHA)
            row = {"of": what, "test": test, "n": n, "found": found, "rate": found / n}
            rows.append(row | {"low": ends.low, "high": ends.high})
    table = pd.DataFrame(rows)
    write_csv(table, REPOSITORY / "benchmarks" / "results" / "error_rates.csv")
    print(table.to_string())


if __name__ == "__main__":
    main()
