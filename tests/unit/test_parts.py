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
    scaled = []
    for seed in range(6):
        table = parts.analyse(made_up(15, seed), FACTORS, RANGES, seed=1, alpha=0.05)
        rows = table.set_index(["variant", "effect"])
        for name, truth in (("FGR × NOG", TOGETHER), ("FGR × NP", 0.0), ("NP × NOG", 0.0)):
            row = rows.loc[name, effects.TOGETHER]
            scaled.append((row["estimate"] - truth) / ((row["high"] - row["low"]) / (2 * 1.96)))
    # Eighteen squares of a standard normal number: 5 in 10,000 beyond either end.
    assert 5 < np.sum(np.square(scaled)) < 44


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
    )
    drawn = parts.Drawn([], [], [], np.zeros((2, 1)), cells, rate, test, 0.0, 0.0)
    estimate, error = parts.contrast(drawn, near, np.array([-1.0, 1.0]), of_rate=False)
    inside = (rate >= near.first[cells]) & (rate <= near.last[cells])
    means = [
        test[inside & (cells == one)].sum() / (400 * width) for one, width in ((0, 0.4), (1, 0.5))
    ]
    assert estimate == pytest.approx(means[1] - means[0])
    assert error == pytest.approx(math.sqrt(1 / 160 + 2 / 200), rel=0.1)


def test_a_failure_counts_as_vanillas_worst(found):
    trials = made_up(15, seed=0)
    worst = trials.loc[trials["variant"] == "V", "test"].max()
    failed = trials.index[trials["variant"] == "NOG"][:3]
    tables = []
    for value, status in ((worst + 1.0, "completed"), (1e5, "completed"), (None, "diverged")):
        trials.loc[failed, "test"] = value
        trials.loc[failed, "status"] = status
        tables.append(parts.analyse(trials, FACTORS, RANGES, seed=1, alpha=0.05))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_too_few_trials_say_nothing():
    table = parts.analyse(made_up(1, seed=0), FACTORS, RANGES, seed=1, alpha=0.05)
    assert list(table["variant"]) == FACTORS
    assert table["estimate"].isna().all()
    assert set(table["note"]) == {"no surrogate: 8 trials with a result, 10 are needed"}
    trials = made_up(1, seed=0).assign(source="made up", synthetic=True)
    tasks = {"made-up": {"title": "Made up", "kind": "jsb", "measure": "NLL"}}
    assert len(figure.draw(table, trials, tasks).texts) == 1
