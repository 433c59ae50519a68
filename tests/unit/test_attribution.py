"""Importance by nine methods, on functions whose shares are known."""

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY

from odyssey.analysis import attribution, fanova, surrogates
from odyssey.analysis.attribution import LOCAL, MAIN, SHAPLEY
from odyssey.analysis.surrogates import BOOSTED, FOREST, GP
from odyssey.results import read

RANGES = {
    "learning_rate": (1e-6, 1e-2),
    "hidden_size": (20, 200),
    "one_minus_momentum": (0.01, 1),
    "input_noise": (0, 1),
}


def trials(samples=150, seed=0):
    """Make up trials of an additive function of learning rate, hidden size and input noise."""
    rate, size, momentum, noise = np.random.default_rng(seed).random((4, samples))
    return pd.DataFrame(
        {
            "task": "t",
            "variant": "V",
            "learning_rate": 1e-6 * 1e4**rate,
            "hidden_size": 20 * 10**size,
            "momentum": 1 - 0.01 * 100**momentum,
            "input_noise": noise,
            "test": 10 + 4 * rate - 1.5 * size + 0.8 * noise,
            "train_seconds": 3.0,
        }
    )


def slopes(*of, points=400):
    """Make a grid's values of a sum of slopes and of the product of the first two coordinates."""
    axes = np.meshgrid(*[(np.arange(points) + 0.5) / points - 0.5] * (len(of) - 1), indexing="ij")
    values = sum(slope * axis for slope, axis in zip(of[:-1], axes, strict=True))
    return (values + of[-1] * axes[0] * axes[1])[..., None]


def test_shapley_effects_share_interactions_out():
    variances = attribution.closed_variances(slopes(3.0, 2.0, 4.0))
    pair = 16 / 144
    assert variances[frozenset([0])] == pytest.approx(9 / 12, rel=1e-4)
    assert attribution.shapley(variances, 0) == pytest.approx(9 / 12 + pair / 2, rel=1e-4)
    assert attribution.shapley(variances, 1) == pytest.approx(4 / 12 + pair / 2, rel=1e-4)
    three = attribution.closed_variances(slopes(3.0, 2.0, 1.0, 4.0, points=40))
    effects = [attribution.shapley(three, j)[0] for j in range(3)]
    assert effects[2] == pytest.approx(1 / 12, rel=1e-2)
    assert sum(effects) == pytest.approx(three[frozenset(range(3))][0])


def test_accumulated_local_effects_of_a_product_are_those_of_its_slope():
    X = np.random.default_rng(0).random((4000, 2))
    edges, step, below, above = attribution.steps(X, 0, None)
    assert len(edges) == 201
    assert np.bincount(step).tolist() == pytest.approx([20] * 200, abs=1)
    assert (below[:, 0] <= X[:, 0]).all()
    assert (above[:, 0] >= X[:, 0]).all()

    def function(points):
        return (3 * points[:, 0] + 4 * (points[:, 0] - 0.5) * (points[:, 1] - 0.5))[:, None]

    found = attribution.local_variance(
        edges, step, function(above) - function(below), stepped=False
    )
    assert found == pytest.approx(9 / 12, rel=0.05)


def test_whole_numbers_on_a_logarithmic_axis_leave_no_step_empty():
    values = np.log([1, 2, 3, 4]) / np.log(4)
    X = np.random.default_rng(0).choice(values, (400, 1))
    edges, step, below, above = attribution.steps(X, 0, None)
    assert np.bincount(step, minlength=len(edges) - 1).min() > 0
    change = above - below
    found = attribution.local_variance(edges, step, change, stepped=False)
    assert found == pytest.approx(1 / 12)


def test_of_a_flag_there_is_one_step_in_which_all_trials_are():
    X = np.array([[0.25, 0.1], [0.75, 0.9]])
    edges, step, below, above = attribution.steps(X, 0, np.array([0.25, 0.75]))
    assert step.tolist() == [0, 0]
    assert below[:, 0].tolist() == [0.25, 0.25]
    assert above[:, 0].tolist() == [0.75, 0.75]
    change = np.array([[2.0], [4.0]])
    assert attribution.local_variance(edges, step, change, stepped=True) == pytest.approx(1.5**2)


@pytest.fixture(scope="module")
def found():
    return fanova.analyse_search(trials(), RANGES, 1, 30, "sklearn")[-1]


@pytest.mark.parametrize("surrogate", [GP, BOOSTED, FOREST])
@pytest.mark.parametrize("method", [MAIN, SHAPLEY, LOCAL])
def test_nine_ways_find_the_same_order(found, surrogate, method):
    rows = found[(found["surrogate"] == surrogate) & (found["method"] == method)]
    rows = rows.set_index("parameter")
    order = ["learning_rate", "hidden_size", "input_noise", "momentum"]
    assert rows["rank"].sort_values().index.tolist() == order
    if surrogate == GP:
        truth = pd.Series([16, 2.25, 0.64, 0], order) / 18.89
        close = 0.03 if method != LOCAL else 0.1
        assert rows.loc[order, "share"].tolist() == pytest.approx(truth.tolist(), abs=close)
    if method == SHAPLEY:
        assert rows["share"].sum() == pytest.approx(1, abs=0.1)
    assert rows["rank"].between(rows["rank_low"], rows["rank_high"]).all()


def test_a_search_with_too_few_trials_has_a_note():
    *_, table = fanova.analyse_search(trials(9), RANGES, 1, 10, "sklearn")
    assert table["note"].tolist() == ["no surrogate: 9 trials with a result, 10 are needed"]
    assert table["share"].isna().all()


def test_without_boosted_trees_there_is_none():
    importance, *_, table = fanova.analyse_search(trials(12), RANGES, 1, 10, "sklearn", (FOREST,))
    assert table.empty
    assert importance["share"].notna().any()


@pytest.mark.slow
def test_a_third_of_the_boosted_trees_explains_no_less_of_trials_left_out(monkeypatch):
    kept = read("trials", str(REPOSITORY / "results" / "reference" / "jsb" / "trials.csv"))
    explained = {}
    for rounds in (surrogates.ROUNDS, 3 * surrogates.ROUNDS):
        monkeypatch.setattr(surrogates, "ROUNDS", rounds)
        for variant in ("V", "NFG", "NOG"):
            own = kept[(kept["variant"] == variant) & kept["test"].notna()]
            axes = surrogates.coordinates(own, RANGES)
            X = np.array([axis.unit(own[axis.name]) for axis in axes]).T
            y = np.log(own["test"].to_numpy())
            part = np.random.default_rng(0).permutation(len(y)) % 5
            foretold = np.empty(len(y))
            for left_out in range(5):
                known = part != left_out
                functions = surrogates.boost_trees(X[known], np.exp(y[known]), 1)
                foretold[~known] = np.log(functions(X[~known])).mean(axis=1)
            explained[variant, rounds] = 1 - np.mean((y - foretold) ** 2) / y.var()
    fewer, more = (
        np.array([share for (_, rounds), share in explained.items() if rounds == number])
        for number in sorted({rounds for _, rounds in explained})
    )
    assert (fewer > 0.9).all()
    assert (fewer > more - 0.005).all()
