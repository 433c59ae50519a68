"""Gaussian processes as surrogates: their posterior, its decomposition, and what it gets right."""

import importlib.util
import math

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY
from scipy.stats import qmc
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from odyssey.analysis import effects, gp, readings, surrogates


def on_grid(function, dimensions: int) -> gp.Draws:
    """Put a function on the grid, as the only draw."""
    x, weight = np.polynomial.legendre.leggauss(gp.NODES)
    nodes, weights = [(x + 1) / 2] * dimensions, [weight / 2] * dimensions
    points = np.stack([a.ravel() for a in np.meshgrid(*nodes, indexing="ij")], axis=1)
    values = function(points).reshape([gp.NODES] * dimensions + [1])
    return gp.Draws(nodes, weights, values, np.zeros(1))


def ishigami(x):
    u = math.pi * (2 * x - 1)
    return np.sin(u[:, 0]) * (1 + 0.1 * u[:, 2] ** 4) + 7 * np.sin(u[:, 1]) ** 2


# Closed forms; Ishigami with a = 7, b = 0.1: Sobol' and Levitan (1999).
PARTS = {
    (0,): 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2,
    (1,): 49 / 8,
    (0, 2): 0.01 * math.pi**8 * 8 / 225,
}
FUNCTIONS = {
    "additive": (lambda x: 3 * x[:, 0] + x[:, 1], {(0,): 0.9, (1,): 0.1}),
    "product": (lambda x: x[:, 0] * x[:, 1], {(0,): 3 / 7, (1,): 3 / 7, (0, 1): 1 / 7}),
    "ishigami": (ishigami, {t: v / sum(PARTS.values()) for t, v in PARTS.items()}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_shares_on_the_grid_are_those_in_closed_form(name):
    function, expected = FUNCTIONS[name]
    shares, rest, unexplained = gp.decompose(on_grid(function, 3))
    # Gauss and Legendre's 12 nodes integrate polynomials of degree 23 exactly, sines nearly so.
    for term, share in shares.items():
        assert share[0] == pytest.approx(expected.get(term, 0.0), abs=2e-4), term
    assert rest[0] < 2e-4
    assert unexplained[0] == 0


def test_what_three_do_together_is_the_rest():
    shares, rest, _ = gp.decompose(on_grid(lambda x: (x - 0.5).prod(axis=1), 3))
    assert rest[0] == pytest.approx(1)
    assert sum(share[0] for share in shares.values()) == pytest.approx(0, abs=1e-12)


def test_marginals_and_planes_are_the_functions_own():
    drawn = on_grid(lambda x: np.sin(3 * x[:, 0]) + x[:, 1] ** 2 + x[:, 0] * x[:, 1], 2)
    grid = (np.arange(20) + 0.5) / 20
    # A cubic spline through 12 nodes is off by less than this.
    expected = np.sin(3 * grid) + 1 / 3 + grid / 2
    np.testing.assert_allclose(gp.marginal(drawn, 0, grid)[0], expected, atol=1e-3)
    plane = gp.pair_marginal(drawn, (0, 1), (grid, grid))
    truth = np.sin(3 * grid)[:, None] + grid**2 + np.outer(grid, grid)
    np.testing.assert_allclose(plane, truth, atol=2e-3)


def sample(n=60, noise=0.1, seed=1):
    X = qmc.Sobol(2, seed=seed).random(n)
    return X, np.sin(4 * X[:, 0]) + X[:, 1] + noise * np.random.default_rng(seed).normal(size=n)


@pytest.mark.filterwarnings("ignore:The balance properties")
def test_draws_have_the_mean_and_the_spread_that_scikit_learn_says():
    X, y = sample()
    fit = gp.fit(X, y - 5)
    assert fit.scale == "linear"
    best = int(fit.weights.argmax())
    process = fit.processes[best]
    kernel = ConstantKernel(process.amplitude) * Matern(process.lengths, nu=process.smoothness)
    kernel += WhiteKernel(process.noise)
    model = GaussianProcessRegressor(kernel, optimizer=None).fit(X, fit.z)
    points = np.random.default_rng(2).random((50, 2))
    drawn = gp._posterior(fit, process, points, 4000, np.random.default_rng(3))
    mean, sd = model.predict(points, return_std=True)
    sd = np.sqrt(sd**2 - process.noise)  # of the function, without the noise of a trial
    # 4,000 draws know a mean to 1.6 % of its spread, a spread to 1.1 %; 256 waves are as good.
    assert np.abs(drawn.mean(axis=1) - mean).max() < 0.15 * sd.max()
    np.testing.assert_allclose(drawn.std(axis=1), sd, rtol=0.25)


@pytest.mark.filterwarnings("ignore:The balance properties")
def test_left_out_predictions_are_those_of_fits_without_the_trial():
    X, y = sample(30)
    fit = gp.fit(X, y - 5)
    process = fit.processes[int(fit.weights.argmax())]
    kernel = ConstantKernel(process.amplitude) * Matern(process.lengths, nu=process.smoothness)
    kernel += WhiteKernel(process.noise)
    residuals = []
    for left in range(len(y)):
        rest = np.arange(len(y)) != left
        model = GaussianProcessRegressor(kernel, optimizer=None).fit(X[rest], fit.z[rest])
        residuals.append(fit.z[left] - model.predict(X[left : left + 1])[0])
    expected = 1 - np.mean(np.square(residuals)) / fit.z.var()
    assert gp.diagnose(fit)["r2"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.filterwarnings("ignore:The balance properties")
def test_the_scale_is_the_one_on_which_residuals_are_even():
    X, y = sample(80, noise=0.0)
    chance = np.random.default_rng(4).normal(size=80)
    assert gp.fit(X, 10 + y + 0.3 * chance).scale in ("linear", "log")
    assert gp.fit(X, np.exp(2 * y + 0.5 * chance)).scale == "log"
    assert gp.fit(X, 3 + y + 0.5 * chance - 10).scale == "linear"


@pytest.mark.filterwarnings("ignore:The balance properties")
def test_a_seed_gives_the_same_draws():
    X, y = sample(30)
    fit = gp.fit(X, y + 5)
    first, again, other = (gp.draw(fit, {}, seed, 20).values for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (gp.NODES, gp.NODES, 20)


@pytest.mark.parametrize("dimensions", [1, 3])
def test_draws_on_a_grid_are_those_at_its_points_one_by_one(dimensions, monkeypatch):
    monkeypatch.setattr(gp, "CHUNK", 100)  # less than the 144 points of a place
    X = np.random.default_rng(5).random((40, dimensions))
    chance = np.random.default_rng(6).normal(size=40)
    fit = gp.fit(X, np.exp(np.sin(5 * X[:, 0]) + X[:, -1] + 0.1 * chance))
    drawn = gp.draw(fit, {0: 3}, 1, 20)
    one_by_one, _ = gp.means(fit, gp.mesh(drawn.nodes), 1, 20)
    # The same sums in another order.
    np.testing.assert_allclose(drawn.values.reshape(-1, 20), one_by_one, rtol=1e-9)


def load():
    path = REPOSITORY / "benchmarks" / "importance_bias.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bias = load()
MAIN = [effects.share_of(n) for n in ("learning_rate", "hidden_size", "input_noise", "momentum")]


def found(truth: str, draws: int) -> pd.DataFrame:
    """Estimate a known function's shares from trials of it, a number of times."""
    axes, _, _ = bias.vanilla()
    rows = []
    for seed in range(draws):
        X, y = bias.truths()[truth].trials(200, np.random.default_rng([seed, 99]))
        process = surrogates.fit_process(X, y, axes, seed)
        rows.append(readings.shares(process))
    return pd.DataFrame(rows)


@pytest.mark.parametrize("truth", ["additive", "process", "two interactions"])
def test_shares_of_known_functions_are_found_within_two_points(truth):
    table, known = found(truth, 4), bias.known(truth)
    for name in (*MAIN, effects.INTERACTIONS):
        estimates = table[name].map(lambda triple: triple[0])
        assert estimates.mean() == pytest.approx(known[name], abs=0.02), name
    interactions = table[effects.INTERACTIONS].map(lambda triple: triple[0]).mean()
    if truth == "additive":
        assert known[effects.INTERACTIONS] == 0
        assert interactions < 0.015


@pytest.mark.slow
@pytest.mark.parametrize(
    "truth", ["additive", "process", "two interactions", *list(bias.ROUGH)[:2]]
)
def test_intervals_of_shares_hold_on_smooth_functions_and_on_rough_ones(truth):
    table, known = found(truth, 40), bias.known(truth)
    for name in (*MAIN, effects.INTERACTIONS):
        held = table[name].map(lambda t, name=name: t[1] - 1e-9 <= known[name] <= t[2])
        # At 90 % at least 30 of 40 but once in a hundred times.
        assert held.sum() >= 30, name
