"""Functional ANOVA: the decomposition of boxes, the forests behind it, the tables of a search."""

import itertools
import logging
import math
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from odyssey.analysis import boxes, fanova, forests, surrogates
from odyssey.analysis.boxes import Tree
from odyssey.analysis.files import read_csv, write_csv

RANGES = {
    "learning_rate": (1e-6, 1e-2),
    "hidden_size": (20, 200),
    "input_noise": (0, 1),
    "one_minus_momentum": (0.01, 1),
}
# Of x in [0, 1]³ each: f, and the closed-form shares of its components (those not named are 0).
# Additive: variances of 3x and x are as 9 to 1. Product: main effects (1/2)²/12, pair (1/12)².
# Ishigami with a = 7, b = 0.1: Sobol' and Levitan (1999).
PI4, PI8 = math.pi**4, math.pi**8
ISHIGAMI = {(0,): 0.5 * (1 + 0.1 * PI4 / 5) ** 2, (1,): 49 / 8, (0, 2): 0.01 * PI8 * 8 / 225}
FUNCTIONS = {
    "additive": (lambda x: 3 * x[:, 0] + x[:, 1], {(0,): 0.9, (1,): 0.1}),
    "product": (lambda x: x[:, 0] * x[:, 1], {(0,): 3 / 7, (1,): 3 / 7, (0, 1): 1 / 7}),
    "ishigami": (
        lambda x: (
            np.sin(math.pi * (2 * x[:, 0] - 1)) * (1 + 0.1 * (math.pi * (2 * x[:, 2] - 1)) ** 4)
            + 7 * np.sin(math.pi * (2 * x[:, 1] - 1)) ** 2
        ),
        {term: value / sum(ISHIGAMI.values()) for term, value in ISHIGAMI.items()},
    ),
}


def tree(low, high, value) -> Tree:
    """Make a tree that has seen no sample."""
    return Tree(*(np.array(part, dtype=float) for part in (low, high, value)), np.zeros(0, bool))


def quadrants(values, dimensions) -> Tree:
    """Halve each side of the cube."""
    corners = np.array(list(itertools.product((0, 0.5), repeat=dimensions)))
    return tree(corners, corners + 0.5, values)


def grown_at_random(rng, dimensions, splits) -> Tree:
    """Split boxes at multiples of 1/8."""
    low, high = [np.zeros(dimensions)], [np.ones(dimensions)]
    for _ in range(splits):
        leaf, axis = rng.integers(len(low)), rng.integers(dimensions)
        cuts = np.arange(low[leaf][axis] + 1 / 8, high[leaf][axis], 1 / 8)
        if len(cuts):
            low.append(low[leaf].copy())
            high.append(high[leaf].copy())
            high[leaf][axis] = low[-1][axis] = rng.choice(cuts)
    return tree(low, high, rng.normal(size=len(low)))


def on_a_mesh(one: Tree) -> np.ndarray:
    """Evaluate a tree whose borders are multiples of 1/8 on the fields between them."""
    dimensions = one.low.shape[1]
    points = np.array(list(itertools.product((np.arange(8) + 0.5) / 8, repeat=dimensions)))
    return one.value[boxes.locate(one.low, one.high, points)].reshape([8] * dimensions)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 25))
def test_shares_are_those_of_an_analysis_of_variance_on_a_mesh(seed, dimensions, splits):
    one = grown_at_random(np.random.default_rng(seed), dimensions, splits)
    mesh = on_a_mesh(one)
    effects = {(): np.full_like(mesh, mesh.mean())}
    for order in (1, 2):
        for term in itertools.combinations(range(dimensions), order):
            others = tuple(set(range(dimensions)) - set(term))
            marginal = np.broadcast_to(mesh.mean(axis=others, keepdims=True), mesh.shape)
            effects[term] = marginal - sum(e for t, e in effects.items() if set(t) < set(term))
    result = boxes.decompose([one])
    for term, share in result.shares.items():
        expected = effects[term].var() / mesh.var()
        np.testing.assert_allclose(share, [expected], atol=1e-10)
    rest = (mesh - sum(effects.values())).var() / mesh.var()
    np.testing.assert_allclose(result.rest, [rest], atol=1e-10)


def test_a_chessboard_is_all_interaction_and_a_cube_of_signs_is_all_higher_order():
    board = boxes.decompose([quadrants([1, -1, -1, 1], 2)])
    assert {k: v.item() for k, v in board.shares.items()} == {(0,): 0, (1,): 0, (0, 1): 1}
    signs = [1, -1, -1, 1, -1, 1, 1, -1]
    assert boxes.decompose([quadrants(signs, 3)]).rest.item() == 1


def test_marginals_of_a_chessboard_are_flat_and_its_plane_is_the_board():
    board = [quadrants([1, -1, -1, 1], 2)]
    grid = np.array([0.1, 0.4, 0.6])
    np.testing.assert_array_equal(boxes.marginal(board, 0, grid), [[0, 0, 0]])
    plane = boxes.pair_marginal(board, (0, 1), (grid, grid))
    np.testing.assert_array_equal(plane, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])


def test_a_constant_tree_has_no_shares():
    assert len(boxes.decompose([tree([[0, 0]], [[1, 1]], [3])]).rest) == 0


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("backend", forests.BACKENDS)
def test_shares_of_known_functions_are_found(backend, name):
    function, expected = FUNCTIONS[name]
    samples = 4096 if name == "ishigami" else 512
    X, fresh = (qmc.Sobol(3, seed=seed).random(samples) for seed in (11, 12))
    forest = forests.BACKENDS[backend](X, function(X), [], 4, 5)
    truth = function(fresh)
    errors = [one.value[boxes.locate(one.low, one.high, fresh)] - truth for one in forest]
    # What the trees get wrong has some share of each component: none can be off by more than all
    # of it, which the seed and the number of samples keep small.
    unexplained = np.mean(np.square(errors)) / truth.var()
    assert unexplained < 0.2
    result = boxes.decompose(forest)
    for term, share in result.shares.items():
        assert share.mean() == pytest.approx(expected.get(term, 0.0), abs=unexplained), term
    assert result.rest.mean() < unexplained


def sample_with_flags(samples=40):
    """Draw samples in three dimensions and one flag, with a response that depends on all."""
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.uniform(size=(samples, 3)), rng.choice([0.25, 0.75], samples)])
    return X, np.sin(6 * X[:, 0]) + X[:, 1] * X[:, 3] + 0.1 * rng.normal(size=samples)


def test_boxes_read_from_the_fanova_package_give_its_own_numbers(monkeypatch):
    monkeypatch.setattr(np, "float", float, raising=False)  # the package's age
    X, y = sample_with_flags()
    package = forests.fanova_object(X, y, [3], 6, 9)
    forest = forests.grow_fanova(X, y, [3], 6, 9)
    codes = np.where(np.arange(4) == 3, X > 0.5, X)
    predicted = [one.value[boxes.locate(one.low, one.high, X)] for one in forest]
    np.testing.assert_allclose(
        np.mean(predicted, axis=0), [package.the_forest.predict(x) for x in codes.tolist()]
    )
    for term, share in boxes.decompose(forest).shares.items():
        theirs = package.quantify_importance(term)[term]
        assert share.mean() == pytest.approx(theirs["individual importance"], abs=1e-12)
        assert share.std() == pytest.approx(theirs["individual std"], abs=1e-12)
    grid = np.array([0.03, 0.51, 0.97])
    theirs = [package.marginal_mean_variance_for_values([1], [x])[0] for x in grid]
    np.testing.assert_allclose(boxes.marginal(forest, 1, grid).mean(axis=0), theirs)


def test_boxes_read_from_scikit_learn_predict_what_it_predicts():
    from sklearn.ensemble import RandomForestRegressor

    X, y = sample_with_flags()
    model = RandomForestRegressor(30, max_features=2, random_state=4, oob_score=True).fit(X, y)
    forest = forests.grow_sklearn(X, y, [3], 30, 4)
    predicted = [one.value[boxes.locate(one.low, one.high, X)] for one in forest]
    np.testing.assert_allclose(np.mean(predicted, axis=0), model.predict(X))
    seen_by_all = np.all([one.in_bag for one in forest], axis=0)
    assert not seen_by_all.any()
    assert boxes.out_of_bag_r2(forest, X, y) == pytest.approx(model.oob_score_)


def test_the_two_backends_agree():
    X, y = sample_with_flags(200)
    first, second = (boxes.decompose(grow(X, y, [3], 100, 1)) for grow in forests.BACKENDS.values())
    # Two random forests of 100 trees: the standard error of a mean share is a tenth of the spread
    # over trees (below 0.15), twice; what remains is how each of them draws its splits.
    for term, share in first.shares.items():
        assert share.mean() == pytest.approx(second.shares[term].mean(), abs=0.06), term


def test_leaves_fill_the_cube():
    X, y = sample_with_flags()
    for grow in forests.BACKENDS.values():
        for one in grow(X, y, [3], 5, 2):
            assert (one.high - one.low).prod(axis=1).sum() == pytest.approx(1)


def test_out_of_bag_r2_of_pure_noise_is_not_above_zero_by_much():
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(200, 3)), rng.normal(size=200)
    for grow in forests.BACKENDS.values():
        # The standard error of a correlation of 0 at 200 samples is 0.07.
        assert boxes.out_of_bag_r2(grow(X, y, [], 50, 3), X, y) < 0.07


def test_the_package_leaves_the_root_logger_alone():
    before = logging.getLogger().handlers[:], logging.getLogger().level
    forests.fanova_object(*sample_with_flags(), [3], 2, 1)
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


FOREST = (surrogates.FOREST,)


def trials(n=60, **columns) -> pd.DataFrame:
    """Draw trials whose error depends on the learning rate and time on the size."""
    rng = np.random.default_rng(8)
    rate = 10 ** rng.uniform(-6, -2, n)
    size = np.round(10 ** rng.uniform(math.log10(20), math.log10(200), n)).astype(int)
    return pd.DataFrame(
        {
            "task": "jsb",
            "variant": "V",
            "trial": np.arange(n),
            "learning_rate": rate,
            "hidden_size": size,
            "momentum": 1 - 10 ** rng.uniform(-2, 0, n),
            "input_noise": rng.uniform(size=n),
            "test": 8 + (np.log10(rate) + 3) ** 2 + 0.05 * rng.normal(size=n),
            "train_seconds": size * 0.1,
        }
        | columns
    )


@pytest.mark.parametrize("backend", forests.BACKENDS)
def test_the_cause_of_error_and_of_time_is_found(backend):
    shares, marginals, *_ = fanova.analyse_search(trials(), RANGES, 1, 20, backend, FOREST)
    first = shares.sort_values("share", ascending=False).groupby("response").first()
    assert first["term"].to_dict() == {"test": "learning_rate", "train_seconds": "hidden_size"}
    assert (first["share"] > 0.6).all()
    curve = marginals[(marginals["response"] == "test")]
    curve = curve[curve["parameter"] == "learning_rate"]
    assert curve.loc[curve["mean"].idxmin(), "value"] == pytest.approx(1e-3, rel=0.9)


@pytest.mark.parametrize("backend", forests.BACKENDS)
def test_shares_add_up_to_one_and_a_seed_gives_the_same_tables(backend):
    first = fanova.analyse_search(trials(), RANGES, 1, 10, backend, FOREST)
    parts = first[0][first[0]["term"] != fanova.HIGHER]
    np.testing.assert_allclose(parts.groupby("response")["share"].sum(), 1, atol=1e-9)
    again = fanova.analyse_search(trials(), RANGES, 1, 10, backend, FOREST)
    for a, b in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    other = fanova.analyse_search(trials(), RANGES, 2, 10, backend, FOREST)
    assert not first[0]["share"].equals(other[0]["share"])


def test_of_higher_order_is_all_but_the_main_effects():
    importance, *_ = fanova.analyse_search(trials(), RANGES, 1, 10, "sklearn", FOREST)
    of_test = importance[importance["response"] == "test"].set_index("term")
    alone = of_test["order"].eq(1).fillna(value=False)
    together = of_test.loc[fanova.HIGHER, "share"]
    assert together == pytest.approx(1 - of_test.loc[alone, "share"].sum(), abs=1e-9)
    pairs = of_test.loc[of_test["order"].eq(2).fillna(value=False), "share"].sum()
    assert together == pytest.approx(pairs + of_test.loc[fanova.BEYOND_PAIRS, "share"], abs=1e-9)


def test_the_interaction_is_the_plane_without_its_main_effects():
    tables = fanova.analyse_search(trials(), RANGES, 1, 10, "sklearn", FOREST)
    _, marginals, interactions, *_ = tables
    pair = interactions[interactions["parameter_y"] == "momentum"]
    pair = pair[pair["parameter_x"] == "learning_rate"]
    by_x = pair.groupby("x")["interaction"].mean()
    # The plane's mean along y is close to the marginal over x, up to the mesh of 20 points.
    assert by_x.abs().max() < 0.05 * np.ptp(pair["total"])
    assert np.ptp(marginals.loc[marginals["response"] == "test", "mean"]) > 0


def test_flags_become_coordinates_where_they_vary():
    flags = {"nesterov": pd.array(np.arange(60) % 2 == 0, dtype="boolean")}
    both = trials(**flags, clip=pd.array([True] * 60, dtype="boolean"))
    axes = surrogates.coordinates(both, RANGES)
    assert [axis.name for axis in axes if axis.scale == "flag"] == ["nesterov"]
    _, marginals, *_ = fanova.analyse_search(both, RANGES, 1, 5, "sklearn")
    of_flag = marginals[marginals["parameter"] == "nesterov"]
    # Two values, of two surrogates, of two responses.
    assert of_flag["value"].tolist() == [0, 1] * 4
    for _, curve in of_flag.groupby(["response", "surrogate"]):
        assert np.ptp(curve["mean"]) < 4 * curve["sd"].max()


def test_a_range_of_one_value_is_no_coordinate():
    axes = surrogates.coordinates(trials(), RANGES | {"hidden_size": (50, 50)})
    assert [axis.name for axis in axes] == ["learning_rate", "input_noise", "momentum"]


def test_coordinates_are_those_of_the_paper_and_lead_back():
    rate, size, noise, momentum = surrogates.coordinates(trials(), RANGES)
    assert rate.unit([1e-6, 1e-4, 1e-2]) == pytest.approx([0, 0.5, 1])
    assert momentum.unit([0.99, 0.9, 0]) == pytest.approx([0, 0.5, 1])
    assert noise.unit([0, 0.3, 1]) == pytest.approx([0, 0.3, 1])
    assert size.unit([20, math.sqrt(20 * 200), 200]) == pytest.approx([0, 0.5, 1])
    for axis in (rate, size, noise, momentum):
        grid = axis.grid(7)
        np.testing.assert_allclose(axis.unit(axis.values(grid)), grid)


@pytest.mark.parametrize(
    ("some", "note"),
    [
        (trials(9), "no surrogate: 9 trials with a result, 10 are needed"),
        (trials(test=100.0), "no surrogate: the response does not vary"),
        (trials(12), "few trials: 12 for 4 coordinates"),
        (trials(test=np.random.default_rng(1).normal(size=60)), "the forest explains nothing"),
    ],
)
def test_where_a_forest_cannot_be_trusted_the_table_says_so(some, note):
    shares, *_ = fanova.analyse_search(some, RANGES, 1, 20, "sklearn", FOREST)
    of_test = shares[shares["response"] == "test"]
    assert of_test["note"].str.contains(note, regex=False).all()
    if note.startswith("no surrogate"):
        assert of_test["share"].isna().all()
        assert len(of_test) == 1


def test_diverged_trials_are_left_out_and_not_counted():
    some = trials()
    some.loc[:9, "test"] = np.nan
    shares, *_ = fanova.analyse_search(some, RANGES, 1, 5, "sklearn", FOREST)
    assert set(shares["n"]) == {50}


def test_the_tables_read_back_as_they_were_written(tmp_path):
    for some in (trials(), trials(5)):
        tables = fanova.analyse_search(some, RANGES, 1, 5, "sklearn")
        for table, types in zip(tables, fanova.KINDS.values(), strict=True):
            write_csv(table, tmp_path / "table.csv")
            pd.testing.assert_frame_equal(read_csv(tmp_path / "table.csv", types), table)


def test_a_study_is_analysed_search_by_search_whatever_the_number_of_workers():
    both = pd.concat([trials(), trials(20, variant="NP"), trials(5, variant="NIG")])
    alone = [
        fanova.analyse_search(own, RANGES, 1, 3, surrogates=FOREST)
        for _, own in both.groupby("variant")
    ]
    one, two = (fanova.analyse(both, RANGES, 1, 3, workers=n, surrogates=FOREST) for n in (1, 2))
    for first, second in zip(one, two, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    order = ["V", "NP", "NIG"]
    assert list(one[0]["variant"].unique()) == order
    for kind, table in enumerate(one):
        expected = pd.concat([one[kind] for one in alone]).sort_values(
            "variant", key=lambda names: names.map(order.index), kind="stable"
        )
        pd.testing.assert_frame_equal(
            table, expected.reset_index(drop=True), check_exact=True, check_dtype=True
        )


def test_an_unknown_backend_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="'xgboost': allowed are fanova, sklearn"):
        fanova.analyse_search(trials(), RANGES, 1, backend="xgboost")


@pytest.fixture(scope="module")
def trained() -> pd.DataFrame:
    """Trials that were really trained."""
    return pd.read_csv(Path(__file__).parent / "data" / "jsb_vanilla.csv", comment="#")


def optunas_main_effects(trials: pd.DataFrame, ranges: dict, trees: int, seed: int) -> dict:
    """Let Optuna grow a forest on the test results of a search and decompose it."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    axes = surrogates.coordinates(trials, ranges)
    # Optuna sorts by name, and would take a logarithmic range as a linear one.
    names = {f"x{j}": axis.name for j, axis in enumerate(axes)}
    spaces = {name: optuna.distributions.FloatDistribution(0, 1) for name in names}
    study = optuna.create_study()
    X = np.column_stack([axis.unit(trials[axis.name]) for axis in axes])
    for x, result in zip(X.tolist(), trials["test"], strict=True):
        values = dict(zip(names, x, strict=True))
        study.add_trial(
            optuna.trial.create_trial(params=values, distributions=spaces, value=result)
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=trees, seed=seed)
    # Its default, to try all coordinates at each split, makes another forest than the paper's.
    evaluator._evaluator._forest.set_params(max_features=len(axes) * 7 // 10)
    return {names[name]: share for name, share in evaluator.evaluate(study).items()}


def main_effects(trials: pd.DataFrame, ranges: dict, trees: int, seed: int, backend: str) -> dict:
    shares, *_ = fanova.analyse_search(trials, ranges, seed, trees, backend, FOREST)
    known = shares[(shares["response"] == "test") & (shares["order"] == 1)]
    return known.set_index("term")["share"].to_dict()


def test_of_the_same_forest_optunas_implementation_gives_the_same_main_effects(trained):
    ranges = RANGES | {"hidden_size": (20, 60)}
    # With one seed, scikit-learn grows one forest for both; they only count differently.
    theirs = optunas_main_effects(trained, ranges, 100, 1)
    assert main_effects(trained, ranges, 100, 1, "sklearn") == pytest.approx(theirs, abs=1e-9)


def test_the_packages_forest_finds_what_optunas_finds(trained):
    ranges = RANGES | {"hidden_size": (20, 60)}
    ours = main_effects(trained, ranges, 100, 1, "fanova")
    theirs = optunas_main_effects(trained, ranges, 100, 2)
    assert max(ours, key=ours.get) == max(theirs, key=theirs.get) == "learning_rate"
    # Shares spread by at most 0.3 over the trees, so that each mean of 100 has a standard error of
    # 0.03 and their difference one of 0.042; 0.1 is more than twice that.
    assert ours == pytest.approx(theirs, abs=0.1)
