"""The studentised permutation of whole searches: exact level, power, and intervals that hold."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY
from scipy import stats

from odyssey.analysis import permutation
from odyssey.analysis.permutation import critical, difference, interval, ordered, shuffle
from odyssey.analysis.selection import select
from odyssey.analysis.welch import selection_variance, t_test

SIZE, SELECTED = 200, 20


def load():
    path = REPOSITORY / "benchmarks" / "error_rates.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rates = load()
KEPT = pd.read_csv(REPOSITORY / "benchmarks" / "results" / "error_rates.csv").to_dict("records")


@pytest.fixture(scope="module")
def shuffles() -> permutation.Shuffles:
    return rates.shuffles(799, 1)


def p_of(group, reference, shuffles) -> float:
    middle, error = difference(group, reference)
    null = permutation.null_distribution(group, reference, shuffles)
    return permutation.p_value(middle / error, null)


def binomial_bounds(n: int, p: float) -> tuple[int, int]:
    """Return what a count of n at chance p is within, but once in a thousand times."""
    return tuple(stats.binom.ppf([0.0005, 0.9995], n, p).astype(int))


def test_of_1000_null_pairs_of_kept_trials_one_in_twenty_is_rejected():
    rejected, n = rates.counts("pairs", rates.PERMUTATION)
    low, high = binomial_bounds(n, 0.05)
    assert n == 1000
    assert low <= rejected <= high


def test_of_300_null_families_of_eight_at_most_one_in_twenty_finds_anything():
    found, n = rates.counts("families", rates.PERMUTATION)
    assert n == 300
    # The comparisons share vanilla, so that the level is a little under 5 %.
    assert binomial_bounds(n, 0.03)[0] <= found <= binomial_bounds(n, 0.05)[1]


def test_the_papers_test_rejects_about_a_quarter_of_the_null_pairs_and_more_of_the_families():
    rejected, n = rates.counts("pairs", rates.PAPER)
    assert 0.2 * n < rejected < 0.35 * n
    found, n = rates.counts("families", rates.PAPER)
    assert 0.3 * n < found < 0.55 * n


def test_a_planted_difference_of_0_15_nats_is_found():
    found, n = rates.counts("+0.15", rates.PERMUTATION)
    assert found > 0.85 * n


@pytest.mark.parametrize("row", KEPT, ids=lambda row: f"{row['of']}, {row['test']}")
def test_the_rates_in_the_documents_are_those_that_are_counted(row):
    found, n = rates.counts(row["of"], row["test"])
    # Another processor may round a p value over its border.
    assert (row["n"], row["found"]) == (n, pytest.approx(found, abs=3))
    assert row["rate"] == pytest.approx(row["found"] / n)


def test_intervals_hold_the_difference_that_was_put_in(shuffles):
    rng = np.random.default_rng(14)
    held = 0
    for _ in range(100):
        low, high = interval(*rates.halves(rng, 0.15), shuffles, 0.05)
        held += low <= 0.15 <= high
    # The ends are found to a hundredth of a standard error, which is nothing to this.
    assert held >= binomial_bounds(100, 0.95)[0]


def test_a_smaller_spread_alone_is_no_difference():
    # Searches of equal best, one with twice the spread beyond it: studentised, the level is kept.
    rng = np.random.default_rng(15)
    some = shuffle((SIZE, SIZE), (SIZE, SIZE), 399, rng)
    rejected = 0
    for _ in range(300):
        wide, narrow = rng.normal(0, 2, SIZE), rng.normal(0, 1, SIZE)
        rejected += p_of(ordered(wide, wide, SIZE), ordered(narrow, narrow, SIZE), some) <= 0.05
    low, high = binomial_bounds(300, 0.05)
    assert low <= rejected <= high


def test_the_standard_error_is_that_of_the_selection_formula():
    rng = np.random.default_rng(2)
    searches, squares = [], []
    for size in (60, 45):
        validation = rng.gamma(2.0, 8.0, size)
        frame = pd.DataFrame({"validation": validation, "trial": np.arange(size)})
        frame["test"] = validation + rng.normal(size=size)
        frame.loc[[3, 7], "validation"] = np.nan
        marked = select(frame.assign(task="jsb", variant="V"), 0.2)
        chosen = marked.loc[marked["selected"], "test"]
        squares.append((chosen.var(ddof=1) + selection_variance(marked)) / len(chosen))
        searches.append(ordered(marked["validation"], marked["test"], len(chosen)))
    assert difference(*searches)[1] == pytest.approx(np.sqrt(sum(squares)), rel=1e-12)


def test_where_all_trials_are_selected_it_is_scipys_permutation_of_welchs_t():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.7, 2, 12), rng.normal(0, 1, 9)
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.abs(stats.ttest_ind(x, y, equal_var=False, axis=axis).statistic),
        alternative="greater",
        vectorized=True,
        n_resamples=9999,
        rng=np.random.default_rng(4),
    ).pvalue
    many = shuffle((12, 9), (12, 9), 9999, rng)
    group, reference = ordered(a, a, 12), ordered(b, b, 9)
    middle, error = difference(group, reference)
    assert middle / error == pytest.approx(t_test(a, b, 0.05)["t"], rel=1e-12)
    # Two estimates from 10,000 shuffles each, p about 0.3: three standard errors of 0.0065.
    assert p_of(group, reference, many) == pytest.approx(theirs, abs=0.02)


def test_a_shuffle_selects_the_best_of_each_new_search():
    drawn = shuffle((5, 4), (2, 3), 200, np.random.default_rng(5))
    assert drawn.first.shape == (200, 3)
    assert drawn.second.shape == (200, 4)
    for first, second in zip(drawn.first, drawn.second, strict=True):
        assert not set(first) & set(second)
        assert (np.diff(first) > 0).all()
        # Every better trial that is not among the first's best and next is the second's.
        assert set(range(first[-1])) - set(first) <= set(second) | set(range(second[-1], 9))


def test_above_the_critical_value_p_is_at_most_alpha_and_at_it_not():
    null = np.sort(np.random.default_rng(6).gamma(2.0, 1.0, 999))
    for alpha in (0.001, 0.01, 0.05, 0.5):
        reach = critical(null, alpha)
        assert permutation.p_value(reach * (1 + 1e-6), null) <= alpha
        assert permutation.p_value(reach, null) > alpha
    assert critical(null[:10], 0.01) == np.inf


def test_trials_without_a_result_are_never_selected():
    nothing = [np.nan] * 6
    one = ordered([*nothing, 1.0, 2.0, 3.0, 4.0], [*nothing, 1.0, 2.5, 3.0, 4.0], 4)
    assert one.test[:4].tolist() == [1.0, 2.5, 3.0, 4.0]
    drawn = shuffle((10, 10), (4, 4), 99, np.random.default_rng(7))
    null = permutation.null_distribution(one, one, drawn)
    assert np.isfinite(null).all()
    assert len(null) > 50
