"""What changes of the block do together: the design, the estimates on truths that are known."""

import math

import numpy as np
import pandas as pd
import pytest

from odyssey.analysis import effects, parts
from odyssey.cells.variants import CHANGES, cell, combinations, meant
from odyssey.figures import parts as figure

RANGES = {
    "learning_rate": (1e-6, 1e-2),
    "hidden_size": (20, 120),
    "one_minus_momentum": (0.01, 1),
    "input_noise": (0, 1),
}
FACTORS = ["FGR", "NP", "NOG"]
# Of the made-up truth: what each does, what two do together, decades by which the best rate moves.
ALONE, TOGETHER, MOVES = np.array([0.3, -0.2, 0.0]), 0.25, np.array([0.0, 0.5, -0.3])


def made_up(per, seed, scatter=0.2):
    """Make up trials of all cells of `FACTORS`, whose truth is known; two parts stand in."""
    generator = np.random.default_rng(seed)
    of = parts.design(FACTORS)
    number = np.repeat(np.arange(len(of.cells)), per)
    has = of.has[number].astype(float)
    rate, size, momentum, noise = generator.random((4, len(number)))
    test = (
        9
        + has @ ALONE
        + TOGETHER * has[:, 0] * has[:, 2]
        + 12 * (rate - 0.6 - has @ MOVES / 4) ** 2
        - 0.4 * size
        + 0.3 * noise**2
        + scatter * generator.standard_normal(len(number))
    )
    return pd.DataFrame(
        {
            "task": "made-up",
            "variant": np.array(of.cells)[number],
            "learning_rate": 1e-6 * 1e4**rate,
            "hidden_size": 20 * 6**size,
            "momentum": 1 - 0.01 * 100**momentum,
            "input_noise": noise,
            "test": test,
            "status": "completed",
        }
    )


def test_all_combinations_are_different_cells_and_every_choice_means_one():
    names = combinations(CHANGES)
    assert len(names) == len({cell(name).digest for name in names}) == 212
    assert names[:3] == ["V", "CIFG", "FGR"]
    of = parts.design(list(CHANGES))
    assert of.choices.shape == (2,) * 9
    assert set(of.choices.ravel()) == set(range(212))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ([], "V"),
        (["NOAF", "NIG"], "NIG+NOAF"),
        (["CIFG", "NIG"], "NIG"),
        (["CIFG", "NFG", "FB1"], "NFG"),
        (["CIFG", "FB1"], "CIFG"),
        (["NIG", "FB1"], "NIG+FB1"),
        (["NIG", "NFG", "NOG", "FGR", "NP", "NIAF"], "NOG+NIAF+NIG+NFG"),
    ],
)
def test_what_has_no_meaning_beside_other_changes_is_left_out(changes, name):
    assert meant(changes) == name


def test_contrasts_are_of_cells_that_differ_by_these_changes_alone():
    of = parts.design(["CIFG", "NIG", "NOAF"])
    named = [tuple(of.cells[number] for number in group) for group in of.contrasts(0)]
    assert named == [("V", "CIFG"), ("NOAF", "CIFG+NOAF")]
    assert not of.contrasts(0, 1)
    assert [tuple(of.cells[n] for n in group) for group in of.contrasts(1, 2)] == [
        ("V", "NIG", "NOAF", "NIG+NOAF")
    ]


@pytest.fixture(scope="module")
def found():
    table = parts.analyse(made_up(50, seed=0), FACTORS, RANGES, seed=1, alpha=0.05)
    return table.set_index(["variant", "effect"])


def test_effects_are_those_of_the_truth(found):
    truth = {
        ("FGR", effects.AMONG_OTHERS): 0.3 + TOGETHER / 2,
        ("NP", effects.AMONG_OTHERS): -0.2,
        ("NOG", effects.AMONG_OTHERS): TOGETHER / 2,
        ("FGR × NOG", effects.TOGETHER): TOGETHER,
        ("FGR × NP", effects.TOGETHER): 0.0,
        ("NP × NOG", effects.TOGETHER): 0.0,
        ("FGR", effects.RATE_CHANGE): 0.0,
        ("NP", effects.RATE_CHANGE): 0.5,
        ("NOG", effects.RATE_CHANGE): -0.3,
    }
    for key, value in truth.items():
        row = found.loc[key]
        assert row["family_low"] <= value <= row["family_high"], key
        assert row["low"] < row["estimate"] < row["high"]
        assert row["family_low"] < row["low"]
        assert row["high"] - row["low"] < 0.5


def test_shares_are_of_all_choices_and_hyperparameters(found):
    shares = found.loc[""]["estimate"]
    main = [name for name in shares.index if " × " not in name]
    assert len(main) == len(FACTORS) + 4 + 1
    assert shares["share of learning_rate"] > 0.5
    assert shares[main].sum() == pytest.approx(1, abs=0.02)


def test_errors_are_those_of_repeated_studies():
    """Over draws of trials, estimates scatter about the truth as much as they say."""
    truth = {
        effects.AMONG_OTHERS: dict(
            zip(FACTORS, (0.3 + TOGETHER / 2, -0.2, TOGETHER / 2), strict=True)
        ),
        effects.RATE_CHANGE: dict(zip(FACTORS, MOVES, strict=True)),
        effects.TOGETHER: {"FGR × NP": 0.0, "FGR × NOG": TOGETHER, "NP × NOG": 0.0},
    }
    squares = dict.fromkeys(truth, 0.0)
    for seed in range(8):
        table = parts.analyse(made_up(25, seed), FACTORS, RANGES, seed=1, alpha=0.05)
        rows = table.set_index(["effect", "variant"])
        for effect, values in truth.items():
            for name, value in values.items():
                row = rows.loc[(effect, name)]
                error = (row["high"] - row["low"]) / (2 * 1.96)
                squares[effect] += ((row["estimate"] - value) / error) ** 2
    # Of 24 squares of a standard normal number, which are beyond either end in 1 of 1,000 studies.
    assert {effect: 8.1 < total < 51.2 for effect, total in squares.items()} == dict.fromkeys(
        truth, True
    )


def test_a_process_that_knows_nothing_leaves_the_mean_of_the_trials():
    """With the process's word taken away, an estimate is the mean of what the trials did."""
    generator = np.random.default_rng(0)
    cells = np.repeat([0, 1], 400)
    rate, test = generator.random(800), generator.normal(cells, 1.0)
    near = parts.Best(
        first=np.array([0.2, 0.3]),
        last=np.array([0.6, 0.8]),
        rate=np.zeros(2),
        test=np.zeros(2),
        bend=1.0,
        bend_error=0.1,
    )
    drawn = parts.Drawn([], [], [], np.zeros((2, 1)), cells, rate, test, np.zeros(2), 0.0)
    estimate, error, behind = parts.contrast(drawn, near, np.array([-1.0, 1.0]), of_rate=False)
    inside = (rate >= near.first[cells]) & (rate <= near.last[cells])
    means = [
        test[inside & (cells == one)].sum() / (400 * width) for one, width in ((0, 0.4), (1, 0.5))
    ]
    assert estimate == pytest.approx(means[1] - means[0])
    assert error == pytest.approx(math.sqrt(1 / 160 + 2 / 200), rel=0.1)
    assert behind == inside.sum()


def test_failures_are_equal_however_bad_they_are():
    trials = made_up(15, seed=0)
    worst = trials["test"].max()
    failed = trials.index[trials["variant"] == "NOG"][:3]
    tables = []
    for value, status in ((worst + 1.0, "completed"), (1e5, "completed"), (None, "diverged")):
        trials.loc[failed, "test"] = value
        trials.loc[failed, "status"] = status
        tables.append(parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_searches_without_results_are_left_out_and_said_to_be():
    trials = made_up(60, seed=0)
    trials.loc[trials["variant"] == "NP", ["test", "status"]] = [math.nan, "failed"]
    rows = parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05)
    rows = rows.set_index(["effect", "variant"])
    assert rows.loc[(effects.AMONG_OTHERS, "NP"), "note"] == "without 1 of 4 comparisons"
    assert rows.loc[(effects.TOGETHER, "FGR × NP"), "note"] == "without 1 of 2 comparisons"
    trials.loc[trials["variant"].str.contains("NP"), ["test", "status"]] = [math.nan, "failed"]
    rows = parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05)
    row = rows.set_index(["effect", "variant"]).loc[(effects.AMONG_OTHERS, "NP")]
    assert math.isnan(row["estimate"])
    assert row["note"].startswith("0 of 4 comparisons have cells with a result")


def test_without_a_bend_nothing_is_said_of_the_best_rate():
    trials = made_up(25, seed=0)
    trials["test"] = 10 + 0.3 * np.random.default_rng(1).standard_normal(len(trials))
    rows = parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05)
    moved = rows[rows["effect"] == effects.RATE_CHANGE]
    known = moved["estimate"].dropna()
    assert known.abs().le(4).all()
    assert moved.loc[moved["estimate"].isna(), "note"].ne("").all()


def test_results_of_zero_are_on_a_linear_scale():
    trials = made_up(70, seed=0)  # more than choose the kernels
    trials["test"] = (trials["test"] - trials["test"].min()).round(1)
    table = parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05)
    known = table[table["effect"].isin([effects.AMONG_OTHERS, effects.TOGETHER])]
    assert known["estimate"].notna().all()


def test_too_few_trials_say_nothing():
    table = parts.analyse(made_up(1, seed=0), FACTORS, RANGES, seed=1, alpha=0.05)
    assert list(table["variant"]) == FACTORS
    assert table["estimate"].isna().all()
    assert set(table["note"]) == {"no surrogate: 8 trials with a result, 10 are needed"}
    trials = made_up(1, seed=0).assign(source="made up", synthetic=True)
    tasks = {"made-up": {"title": "Made up", "kind": "jsb", "measure": "NLL"}}
    assert len(figure.draw(table, trials, tasks).texts) == 1
