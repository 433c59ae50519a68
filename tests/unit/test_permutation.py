"""The studentised permutation of whole cells: exact level, power, and intervals that hold."""

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY
from scipy import stats

from odyssey.analysis import permutation
from odyssey.analysis.collect import read_trials
from odyssey.analysis.permutation import cell, critical, difference, interval, shuffle
from odyssey.analysis.selection import select
from odyssey.analysis.welch import selection_variance, t_test

SIZE, SELECTED = 200, 20


@pytest.fixture(scope="module")
def kept() -> np.ndarray:
    """Validation and test results of vanilla's 400 kept trials, of both seeds."""
    folder = REPOSITORY / "results" / "reference"
    both = pd.concat(read_trials(folder / name / "trials.csv") for name in ("jsb", "jsb-seed2"))
    return both.loc[both["variant"] == "V", ["validation", "test"]].to_numpy()


@pytest.fixture(scope="module")
def shuffles() -> permutation.Shuffles:
    return shuffle((SIZE, SIZE), (SELECTED, SELECTED), 799, np.random.default_rng(1))


def halves(kept, rng, shift=0.0):
    """Split vanilla's trials into two cells, one of them worse by a shift."""
    order = rng.permutation(len(kept))
    first, second = kept[order[:SIZE]] + shift, kept[order[SIZE:]]
    return cell(*first.T, SELECTED), cell(*second.T, SELECTED)


def p_of(group, reference, shuffles) -> float:
    middle, error = difference(group, reference)
    null = permutation.null_distribution(group, reference, shuffles)
    return permutation.p_value(middle / error, null)


def binomial_bounds(n: int, p: float) -> tuple[int, int]:
    """Return what a count of n at chance p is within, but once in a thousand times."""
    return tuple(stats.binom.ppf([0.0005, 0.9995], n, p).astype(int))


def test_of_1000_null_pairs_of_kept_trials_one_in_twenty_is_rejected(kept, shuffles):
    rng = np.random.default_rng(11)
    rejected = sum(p_of(*halves(kept, rng), shuffles) <= 0.05 for _ in range(1000))
    low, high = binomial_bounds(1000, 0.05)
    assert low <= rejected <= high


def test_of_300_null_families_of_eight_at_most_one_in_twenty_finds_anything(kept):
    rng = np.random.default_rng(12)
    many = shuffle((SIZE, SIZE), (SELECTED, SELECTED), 1599, rng)
    found = 0
    for _ in range(300):
        # With replacement: nine cells of 200 want more trials than there are.
        cells = [cell(*kept[rng.integers(len(kept), size=SIZE)].T, SELECTED) for _ in range(9)]
        found += min(p_of(one, cells[0], many) for one in cells[1:]) * 8 <= 0.05
    # The comparisons share vanilla, so that the level is a little under 5 %.
    assert binomial_bounds(300, 0.03)[0] <= found <= binomial_bounds(300, 0.05)[1]


def test_the_papers_test_rejects_about_a_quarter_of_the_null_pairs(kept):
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(1000):
        pair = [one.test[:SELECTED] for one in halves(kept, rng)]
        rejected += t_test(*pair, 0.05)["p"] <= 0.05
    assert 200 < rejected < 350


def test_a_planted_difference_of_0_15_nats_is_found(kept, shuffles):
    rng = np.random.default_rng(13)
    found = sum(p_of(*halves(kept, rng, 0.15), shuffles) <= 0.05 for _ in range(300))
    assert found > 0.85 * 300


def test_intervals_hold_the_difference_that_was_put_in(kept, shuffles):
    rng = np.random.default_rng(14)
    held = 0
    for _ in range(100):
        low, high = interval(*halves(kept, rng, 0.15), shuffles, 0.05)
        held += low <= 0.15 <= high
    # The ends are found to a hundredth of a standard error, which is nothing to this.
    assert held >= binomial_bounds(100, 0.95)[0]


def test_a_smaller_spread_alone_is_no_difference():
    # Cells of equal best, one with twice the spread beyond it: studentised, the level is kept.
    rng = np.random.default_rng(15)
    some = shuffle((SIZE, SIZE), (SIZE, SIZE), 399, rng)
    rejected = 0
    for _ in range(300):
        wide, narrow = rng.normal(0, 2, SIZE), rng.normal(0, 1, SIZE)
        rejected += p_of(cell(wide, wide, SIZE), cell(narrow, narrow, SIZE), some) <= 0.05
    low, high = binomial_bounds(300, 0.05)
    assert low <= rejected <= high


def test_the_standard_error_is_that_of_the_selection_formula():
    rng = np.random.default_rng(2)
    cells, squares = [], []
    for size in (60, 45):
        validation = rng.gamma(2.0, 8.0, size)
        frame = pd.DataFrame({"validation": validation, "trial": np.arange(size)})
        frame["test"] = validation + rng.normal(size=size)
        frame.loc[[3, 7], "validation"] = np.nan
        marked = select(frame.assign(task="jsb", variant="V"), 0.2)
        chosen = marked.loc[marked["selected"], "test"]
        squares.append((chosen.var(ddof=1) + selection_variance(marked)) / len(chosen))
        cells.append(cell(marked["validation"], marked["test"], len(chosen)))
    assert difference(*cells)[1] == pytest.approx(np.sqrt(sum(squares)), rel=1e-12)


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
    group, reference = cell(a, a, 12), cell(b, b, 9)
    middle, error = difference(group, reference)
    assert middle / error == pytest.approx(t_test(a, b, 0.05)["t"], rel=1e-12)
    # Two estimates from 10,000 shuffles each, p about 0.3: three standard errors of 0.0065.
    assert p_of(group, reference, many) == pytest.approx(theirs, abs=0.02)


def test_a_shuffle_selects_the_best_of_each_new_cell():
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
    one = cell([*nothing, 1.0, 2.0, 3.0, 4.0], [*nothing, 1.0, 2.5, 3.0, 4.0], 4)
    assert one.test[:4].tolist() == [1.0, 2.5, 3.0, 4.0]
    drawn = shuffle((10, 10), (4, 4), 99, np.random.default_rng(7))
    null = permutation.null_distribution(one, one, drawn)
    assert np.isfinite(null).all()
    assert len(null) > 50
