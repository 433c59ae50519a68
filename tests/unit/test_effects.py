"""Effects: read off curves, shares and comparisons, each of them in one place."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY

from odyssey.analysis import effects, readings
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.readings import basin, ends, ranks, returns
from odyssey.analysis.surrogates import FOREST, GP, Coordinate, Surrogate, fit_process

RATE = Coordinate("learning_rate", -6, -2, "log")
SIZE = Coordinate("hidden_size", np.log10(20), np.log10(200), "log")
NOISE = Coordinate("input_noise", 0, 1, "linear")
POINTS = 60


def surrogate(kind=GP, unexplained=0.0, spread=0.1) -> Surrogate:
    """Make a surrogate whose curves are known, but for a spread of their height."""
    axes = [RATE, SIZE, NOISE]
    rate, size, noise = (axis.values(axis.grid(POINTS)) for axis in axes)
    curves = [8 + (np.log10(rate) + 3) ** 2, 20 / size, (noise - 0.3) ** 2]
    lift = 1 + spread * np.linspace(-1, 1, 41)[:, None]
    parts = {(0,): 0.8, (1,): 0.06, (2,): 0.04, (0, 1): 0.05, (0, 2): 0.02, (1, 2): 0.01}
    draws = {term: share * np.linspace(0.9, 1.1, 41) for term, share in parts.items()}
    return Surrogate(
        kind,
        axes,
        draws,
        np.full(41, 0.02),
        unexplained,
        [c * lift for c in curves],
        {},
        0,
        0.9,
        {},
        functions=lambda points: points[:, :1],
    )


def read(one: Surrogate) -> pd.DataFrame:
    return pd.DataFrame(readings.of_surrogate(one, "test", 200)).set_index("effect")


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([5, 1, 0, 1, 5], (2, 2, 2)),
        ([5, 0.4, 0, 0.4, 5], (2, 1, 3)),
        ([5, 4, 3, 2, 0], (4, 4, 4)),
        ([0, 0.1, 5, 0.1, 5], (0, 0, 1)),
        ([0.5, 0.3, 5, 0.2, 0], (4, 3, 4)),
        ([1, 1, 1, 1, 1], (0, 0, 4)),
    ],
)
def test_the_basin_is_the_stretch_around_the_least_without_gaps(curve, expected):
    found = basin(np.array([curve, curve], dtype=float))
    assert [tuple(int(part[i]) for part in found) for i in (0, 1)] == [expected] * 2


def test_ends_are_means_over_the_first_and_the_last_tenth():
    first, last = ends(np.arange(40.0)[None])
    assert (first[0], last[0]) == (1.5, 37.5)


def test_returns_compare_the_gain_per_block_above_the_middle_with_that_below():
    values = np.array([20.0, 60.0, 200.0])
    found = returns(np.array([[9.0, 8.0, 7.3], [8.0, 9.0, 7.0]]), values)
    assert found[0] == pytest.approx((0.7 / 140) / (1.0 / 40))
    assert found[1] == np.inf


def test_what_is_read_off_known_curves_is_what_they_are():
    found = read(surrogate())
    noise = NOISE.values(NOISE.grid(POINTS))
    assert found.loc[effects.BEST_RATE, "estimate"] == pytest.approx(1e-3, rel=0.1)
    assert found.loc[effects.BELOW_END, "estimate"] == pytest.approx(1.0, abs=0.1)
    # Within a tenth of the range, 9, of the best: |log10 rate + 3| <= 0.95.
    assert found.loc[effects.BASIN_WIDTH, "estimate"] == pytest.approx(1.9, abs=0.1)
    assert found.loc[effects.LOWEST, "estimate"] == pytest.approx(8.0, abs=0.01)
    size = SIZE.values(SIZE.grid(POINTS))
    change = (20 / size)[-6:].mean() - (20 / size)[:6].mean()
    assert found.loc["change of test with hidden_size", "estimate"] == pytest.approx(change)
    assert found.loc[effects.BEST_NOISE, "estimate"] == pytest.approx(0.3, abs=0.01)
    some, none = (noise >= 0.2) & (noise <= 0.5), noise <= 0.1
    dip = ((noise - 0.3) ** 2)[some].mean() - ((noise - 0.3) ** 2)[none].mean()
    assert found.loc[effects.DIP, "estimate"] == pytest.approx(dip)
    assert (found["low"] <= found["estimate"] + 1e-12).all()
    assert (found["high"] >= found["estimate"] - 1e-12).all()


def test_a_height_has_a_wider_interval_than_the_draws_and_a_place_a_step_of_the_grid():
    found = read(surrogate())
    change = found.loc["change of test with input_noise"]
    draws = readings.WIDENED * 0.1 * 0.95 * abs(change["estimate"])
    assert change["high"] - change["estimate"] == pytest.approx(draws)
    decades = np.log10(found.loc[effects.BEST_RATE, "high"] / found.loc[effects.BEST_RATE, "low"])
    assert decades == pytest.approx(2 * 4 / POINTS)


def test_shares_of_higher_order_are_those_of_pairs_and_beyond():
    found = readings.shares(surrogate())
    assert found[effects.INTERACTIONS][0] == pytest.approx(0.05 + 0.02 + 0.01 + 0.02)


def test_what_is_left_unexplained_widens_a_share_at_both_ends_within_0_and_1():
    plain, wide = (readings.shares(surrogate(unexplained=u)) for u in (0.0, 0.05))
    rate = effects.share_of("learning_rate")
    assert wide[rate][1] == pytest.approx(plain[rate][1] - 0.05)
    assert wide[rate][2] == pytest.approx(plain[rate][2] + 0.05)
    assert wide[effects.share_of("input_noise")][1] == 0
    assert readings.shares(surrogate(unexplained=0.5))[rate][2] == 1


def test_a_forests_interval_is_the_papers():
    found = read(surrogate(FOREST))
    share = found.loc[effects.share_of("learning_rate")]
    trees = 0.8 * np.linspace(0.9, 1.1, 41)
    assert share["high"] - share["estimate"] == pytest.approx(1.96 * trees.std())
    assert found.loc[effects.rank_of("input_noise"), ["low", "high"]].tolist() == [3, 3]


def test_a_rank_may_be_any_that_the_intervals_allow():
    found = ranks({"a": (0.8, 0.7, 0.9), "b": (0.1, 0.05, 0.2), "c": (0.08, 0.04, 0.1)})
    assert found == {"a": (1, 1, 1), "b": (2, 2, 3), "c": (3, 2, 3)}


def distributions() -> pd.DataFrame:
    rows = [
        {"task": "jsb", "variant": "V", "trials": "all", "n": 200, "median": 9.6},
        {"task": "jsb", "variant": "V", "trials": "selected", "n": 20, "minimum": 8.4},
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("margins", "expected"), [(None, 0.12), ({"jsb": 0.3}, 0.3)])
def test_the_margin_is_a_tenth_of_what_search_gains_or_the_users(margins, expected):
    table = effects.table(effects.of_distributions(distributions(), margins))
    margin = table.set_index("effect").loc[effects.MARGIN]
    assert margin["estimate"] == pytest.approx(expected)
    assert ("user" in margin["method"]) == bool(margins)


def test_the_table_reads_back_as_it_was_written(tmp_path):
    rows = effects.of_distributions(distributions())
    rows += [
        row | {"task": "jsb", "variant": "V"}
        for row in readings.of_surrogate(surrogate(), "test", 9)
    ]
    table = effects.table(rows)
    write_csv(table, tmp_path / "effects.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "effects.csv", effects.COLUMNS), table)


# What would compute an effect: the extremes, ends and basins of curves, and sums of shares.
COMPUTED = re.compile(r"\b(argmin|idxmin|ptp|basin)\(|\[\"mean\"\]\.(iloc|min|max)|shares?\.sum\(")


@pytest.mark.parametrize(
    "module", ["analysis/claims.py", "report/sentences.py", "report/captions.py"]
)
def test_an_effect_is_computed_nowhere_else(module):
    path = REPOSITORY / "workflow" / "scripts" / "odyssey" / module
    allowed = {
        'best = known.loc[known["validation"].idxmin()]',
        'best = means.loc[means["mean"].idxmin()]',
        'best = of_k.loc[of_k["expected"].idxmin()]',
    }
    lines = {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
    assert {line for line in lines if COMPUTED.search(line)} <= allowed


def test_an_interval_of_a_place_reaches_a_step_of_the_grid_further_and_not_beyond_it():
    rates, noises = (axis.values(axis.grid(POINTS)) for axis in (RATE, NOISE))
    step = 4 / POINTS
    for effect in (effects.BEST_RATE, effects.BASIN_LOW, effects.BASIN_HIGH):
        low, high = readings.off_the_grid(effect, rates[7], rates[9], rates)
        assert (low, high) == pytest.approx((rates[6], rates[10]))
        assert low <= rates[6]
        assert readings.off_the_grid(effect, rates[0], rates[-1], rates) == (rates[0], rates[-1])
    found = readings.off_the_grid(effects.BELOW_END, 0.3, 0.5, rates)
    assert found == pytest.approx((0.3 - step, 0.5 + step))
    assert readings.off_the_grid(effects.BELOW_END, 0.0, 0.5, rates)[0] == 0
    found = readings.off_the_grid(effects.BASIN_WIDTH, step, 4.0, rates)
    assert found == pytest.approx((step, 4.0))
    found = readings.off_the_grid(effects.BEST_NOISE, noises[0], noises[3], noises)
    assert found == pytest.approx((noises[0], noises[4]))


def test_draws_that_agree_on_a_place_leave_the_points_beside_it():
    rows = readings.of_surrogate(surrogate(spread=0.0), "test", 200)
    row = next(row for row in rows if row["effect"] == effects.BELOW_END)
    assert row["high"] - row["low"] == pytest.approx(2 * 4 / POINTS)
    forest = readings.of_surrogate(surrogate(FOREST, spread=0.0), "test", 200)
    row = next(row for row in forest if row["effect"] == effects.BELOW_END)
    assert row["high"] == row["low"]


BATCH = Coordinate("batch", 0, np.log10(32), "log")
LAYERS = Coordinate("layers", 0.5, 4.5, "whole")


def depends_on_batch(points: np.ndarray, power: float) -> np.ndarray:
    """Be best at a rate of 1e-3 for single sequences, worse with noise, best with two layers.

    `power` is that of the batch for losses averaged over it; those of trials are added up.
    """
    rate, _, noise, batch, layers = (
        axis.values(points[:, j]) for j, axis in enumerate([RATE, SIZE, NOISE, BATCH, LAYERS])
    )
    best = -3 + (power - 1) * np.log10(batch)
    return 8 + 0.5 * (np.log10(rate) - best) ** 2 + noise + 0.2 * (layers - 2) ** 2


@pytest.mark.parametrize("power", [1.0, 0.5, 0.25])
def test_the_best_rate_grows_with_a_power_of_the_batch_and_depth_has_its_best_results(power):
    exact = replace(
        surrogate(),
        axes=[RATE, SIZE, NOISE, BATCH, LAYERS],
        functions=lambda points: depends_on_batch(points, power)[:, None],
    )
    found = {effect: estimate for effect, estimate, *_ in readings.of_rates(exact)}
    assert found.pop(effects.BATCH_POWER) == pytest.approx(power, abs=0.05)
    assert list(found) == [effects.lowest_at("layers", depth) for depth in (1, 2, 3, 4)]
    # One rate for all batches is off the best of each by what an even draw of them varies.
    spread = 0.5 * ((power - 1) * np.log10(32)) ** 2 / 12
    at_best = np.array(list(found.values())) - 8.5 - spread
    assert at_best == pytest.approx([0.2, 0, 0.2, 0.8], abs=0.02)


def made_of_batches(power: float, seed: int) -> pd.DataFrame:
    """Make up 200 trials, fit a process, and read the effects of its rates off it."""
    generator = np.random.default_rng(seed)
    axes = [RATE, SIZE, NOISE, BATCH, LAYERS]
    X = generator.random((200, len(axes)))
    X[:, 4] = LAYERS.unit(LAYERS.values(X[:, 4]))
    y = depends_on_batch(X, power) + 0.2 * generator.standard_normal(len(X))
    fitted = fit_process(X, y, axes, seed)
    return pd.DataFrame(readings.of_surrogate(fitted, "test", len(X))).set_index("effect")


def test_trials_say_how_the_best_rate_grows_with_the_batch():
    found = made_of_batches(0.5, 1)
    power = found.loc[effects.BATCH_POWER]
    assert power["estimate"] == pytest.approx(0.5, abs=0.15)
    assert 0.25 < power["low"] < 0.5 < power["high"] < 0.75
    two, four = (found.loc[effects.lowest_at("layers", depth)] for depth in (2, 4))
    assert two["high"] < four["low"]


def lowest(variant: str, estimate: float, low: float, high: float) -> dict[str, object]:
    """Make a row of what a search gets to at two layers."""
    row = {"task": "jsb", "variant": variant, "effect": effects.lowest_at("layers", 2), "by": GP}
    return row | {"estimate": estimate, "low": low, "high": high, "n": 200, "note": ""}


def test_a_difference_between_searches_leaves_open_what_both_leave_open():
    rows = [lowest("V", 8.5, 8.2, 8.9), lowest("GRU", 8.7, 8.4, 8.8), lowest("NFG", 9.0, 9.0, 9.0)]
    others = [rows[1] | {"effect": effects.LOWEST}, rows[1] | {"task": "another"}]
    gru, nfg = effects.between(rows + others)
    assert gru["effect"] == effects.difference_at(effects.lowest_at("layers", 2))
    assert (gru["variant"], gru["estimate"]) == ("GRU", pytest.approx(0.2))
    # Two intervals at right angles: 0.3 and 0.4 make 0.5.
    assert gru["low"] == gru["family_low"] == pytest.approx(0.2 - 0.5)
    assert gru["high"] == gru["family_high"] == pytest.approx(0.2 + np.sqrt(0.1**2 + 0.3**2))
    # Beside what is known for certain, the other's interval is all.
    assert (nfg["low"], nfg["high"]) == (pytest.approx(9.0 - 8.9), pytest.approx(9.0 - 8.2))


@pytest.mark.parametrize("same", [True, False])
def test_that_interval_holds_the_difference_of_normal_searches(same):
    generator, truth = np.random.default_rng(7), (8.5, 8.5 if same else 9.0)
    held = 0
    for _ in range(500):
        rows = []
        for variant, mean, sd in zip(("V", "GRU"), truth, (0.1, 0.3), strict=True):
            found = generator.normal(mean, sd)
            rows.append(lowest(variant, found, found - 1.96 * sd, found + 1.96 * sd))
        (row,) = effects.between(rows)
        held += row["low"] <= truth[1] - truth[0] <= row["high"]
    assert 0.92 <= held / 500 <= 0.98


@pytest.mark.slow
def test_the_interval_of_that_power_holds_it():
    held = 0
    for seed in range(20):
        row = made_of_batches([1.0, 0.5][seed % 2], seed).loc[effects.BATCH_POWER]
        held += row["low"] <= [1.0, 0.5][seed % 2] <= row["high"]
    assert held >= 16
