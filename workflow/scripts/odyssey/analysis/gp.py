"""Gaussian processes as surrogates of what hyperparameters do, and their functional ANOVA.

A forest cuts the cube into boxes and so makes interactions of any slope. A Gaussian process does
not: fitted to an additive function it stays additive. Here processes of rough and of smooth kernels
are averaged by how well they explain the trials, functions are drawn from their posterior, and each
is decomposed on a grid, so that every number read off them has a distribution.
"""

import itertools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

# Smoothness of the Matérn kernels that are averaged: paths that are rough, once and twice smooth.
SMOOTHNESS = (0.5, 1.5, 2.5)
LENGTHS, AMPLITUDES, NOISES = (0.05, 30.0), (1e-2, 1e3), (1e-5, 2.0)
DRAWS, FEATURES = 200, 256
# Points of the grid along each axis, of Gauss and Legendre: so many, or as many as the whole grid
# has room for, but no fewer than so many.
NODES, LEAST_NODES = 12, 5
MOST_POINTS = 100_000
# Points of the grid that are computed at a time, which bounds the memory.
CHUNK = 4096


@dataclass(frozen=True)
class Scale:
    """A scale on which a positive response may be even, ascending with it (Box and Cox, 1964)."""

    onto: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]  # what lies beyond the scale's end is infinite
    slope: Callable[[np.ndarray], np.ndarray]  # logarithm of the derivative


SCALES = {
    "linear": Scale(lambda y: y.astype(float), lambda z: z, lambda y: np.zeros(len(y))),
    "log": Scale(np.log, np.exp, lambda y: -np.log(y)),
    "reciprocal": Scale(
        lambda y: -1 / y,
        lambda z: np.divide(-1.0, z, out=np.full(z.shape, np.inf), where=z < 0),
        lambda y: -2 * np.log(y),
    ),
}


@dataclass(frozen=True)
class Process:
    """A fitted Gaussian process, of a response that is standardised on its scale."""

    smoothness: float  # of `SMOOTHNESS`
    amplitude: float  # variance of the function
    noise: float  # variance of what it leaves
    lengths: np.ndarray  # shape (dimensions,); sides of the cube are 1
    evidence: float  # logarithm of the marginal likelihood of the response in its own unit
    cholesky: np.ndarray  # lower factor of the response's covariance, shape (samples, samples)


@dataclass(frozen=True)
class Fit:
    """What is known of a response after its trials."""

    X: np.ndarray  # shape (samples, dimensions)
    z: np.ndarray  # the response, standardised on its scale, shape (samples,)
    scale: str  # of `SCALES`
    mean: float  # of the response on its scale
    sd: float  # of the same
    processes: list[Process]
    weights: np.ndarray  # of the processes, by their evidence; they add up to 1


@dataclass(frozen=True)
class Draws:
    """Functions drawn from the posterior, on a grid."""

    nodes: list[np.ndarray]  # of each dimension: the grid's points
    weights: list[np.ndarray]  # of each: the share of the side that a point stands for
    values: np.ndarray  # in the response's own unit, shape (points, ..., draws)
    noise: np.ndarray  # mean variance about each function, in the unit squared, shape (draws,)


def _matern(distance: np.ndarray, smoothness: float) -> np.ndarray:
    scaled = math.sqrt(2 * smoothness) * distance
    decay = np.exp(-scaled)
    if smoothness == 0.5:
        return decay
    return (1 + scaled) * decay if smoothness == 1.5 else (1 + scaled + scaled**2 / 3) * decay


def _process(X: np.ndarray, z: np.ndarray, smoothness: float, jacobian: float) -> Process:
    """Fit a process by marginal likelihood."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0, AMPLITUDES) * Matern(
        np.full(X.shape[1], 0.5), LENGTHS, nu=smoothness
    ) + WhiteKernel(0.05, NOISES)
    with warnings.catch_warnings():
        # A length at the end of its range is that of a coordinate without effect.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianProcessRegressor(kernel).fit(X, z)
    found = model.kernel_
    return Process(
        smoothness,
        found.k1.k1.constant_value,
        found.k2.noise_level,
        np.broadcast_to(found.k1.k2.length_scale, X.shape[1]),
        model.log_marginal_likelihood_value_ + jacobian,
        model.L_,
    )


def fit(X: np.ndarray, y: np.ndarray, scales: Sequence[str] = ("linear", "log")) -> Fit:
    """Fit processes of all kernels, on the scale on which the response is the more likely.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (samples, dimensions)
        In [0, 1].
    y : numpy.ndarray of float, shape (samples,)
        Not constant. Unless it is positive its scale is linear.
    scales : sequence of str
        Of `SCALES`.

    References
    ----------
    Rasmussen, Williams, "Gaussian processes for machine learning" (2006), chapters 4 and 5.
    """
    candidates = []
    for scale in scales if (y > 0).all() else ("linear",):
        on_scale = SCALES[scale].onto(y)
        mean, sd = on_scale.mean(), on_scale.std()
        z = (on_scale - mean) / sd
        jacobian = -len(y) * math.log(sd) + SCALES[scale].slope(y).sum()
        smooth = _process(X, z, SMOOTHNESS[-1], jacobian)
        candidates.append((smooth, z, scale, mean, sd, jacobian))
    smooth, z, scale, mean, sd, jacobian = max(candidates, key=lambda each: each[0].evidence)
    processes = [*(_process(X, z, smoothness, jacobian) for smoothness in SMOOTHNESS[:-1]), smooth]
    evidence = np.array([process.evidence for process in processes])
    weights = np.exp(evidence - evidence.max())
    return Fit(X, z, scale, mean, sd, processes, weights / weights.sum())


def condition(of: Fit, X: np.ndarray, y: np.ndarray) -> Fit:
    """Give a fit other samples than those that its kernels were chosen by, such as many more."""
    z = (SCALES[of.scale].onto(y) - of.mean) / of.sd
    processes = []
    for process in of.processes:
        scaled = X / process.lengths
        covariance = process.amplitude * _matern(
            scipy.spatial.distance.cdist(scaled, scaled), process.smoothness
        )
        covariance[np.diag_indices_from(covariance)] += process.noise
        processes.append(replace(process, cholesky=scipy.linalg.cholesky(covariance, lower=True)))
    return replace(of, X=X, z=z, processes=processes)


def _features(process: Process, generator: np.random.Generator) -> np.ndarray:
    """Draw frequencies whose waves have the process's covariance (its spectrum is Student's t)."""
    shape = (FEATURES, len(process.lengths))
    chi2 = generator.chisquare(2 * process.smoothness, (FEATURES, 1))
    wave = generator.standard_normal(shape) * np.sqrt(2 * process.smoothness / chi2)
    frequencies: np.ndarray = wave / process.lengths
    return frequencies


def _waves(points: np.ndarray, frequencies: np.ndarray, amplitude: float) -> np.ndarray:
    phase = points @ frequencies.T
    waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return waves * math.sqrt(amplitude / len(frequencies))


def _posterior(
    of: Fit,
    process: Process,
    points: np.ndarray,
    draws: int,
    generator: np.random.Generator,
    along: np.ndarray | None = None,
) -> np.ndarray:
    """Draw standardised functions from a process's posterior; as of `posterior`."""
    frequencies = _features(process, generator)
    weight = generator.standard_normal((2 * FEATURES, draws))
    before = _waves(of.X, frequencies, process.amplitude) @ weight
    before += math.sqrt(process.noise) * generator.standard_normal(before.shape)
    # A draw of the prior, moved by what the data say that it lacks.
    update = scipy.linalg.cho_solve((process.cholesky, True), of.z[:, None] - before)
    update *= process.amplitude
    # The points of a grid that have the same place along its first dimension differ from those of
    # another place by the phases of their waves alone, which the weights can have as well.
    first = np.empty((1, 0)) if along is None else along[:, None]
    columns = first.shape[1]
    waves = weight[:FEATURES] + 1j * weight[FEATURES:]
    phases = np.exp(-1j * (first @ frequencies[:, :columns].T))
    shifted = [np.concatenate([w.real, w.imag]) for w in phases[:, :, None] * waves]
    scaled = of.X / process.lengths
    far = _squares(first / process.lengths[:columns], scaled[:, :columns])
    values = np.empty((len(first), len(points), draws))
    for start in range(0, len(points), CHUNK):
        some = slice(start, start + CHUNK)
        wave = _waves(points[some], frequencies[:, columns:], process.amplitude)
        across = _squares(points[some] / process.lengths[columns:], scaled[:, columns:])
        for own, moved, away in zip(values, shifted, far, strict=True):
            kernel = _matern(np.sqrt(across + away), process.smoothness)
            own[some] = kernel @ update + wave @ moved
    return values.reshape(-1, draws)


def _squares(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Compute squared distances, of points that may have no dimension at all."""
    if not some.shape[1]:
        return np.zeros((len(some), len(others)))
    squares: np.ndarray = scipy.spatial.distance.cdist(some, others, "sqeuclidean")
    return squares


def _nodes(dimensions: int, steps: Mapping[int, int]) -> int:
    """Say how many points the grid has along each dimension that may have any value."""
    free = dimensions - len(steps)
    room = MOST_POINTS / math.prod(steps.values())
    return next((n for n in range(NODES, LEAST_NODES, -1) if n**free <= room), LEAST_NODES)


def sides(
    steps: Sequence[int | None], points: Sequence[int]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Lay out points along each dimension, and the share of the side that each stands for.

    Where there are a few values, the middles of equal parts of [0, 1]; else so many points of Gauss
    and Legendre.
    """
    nodes, weights = [], []
    for count, wanted in zip(steps, points, strict=True):
        legendre, share = np.polynomial.legendre.leggauss(wanted)
        nodes.append((np.arange(count) + 0.5) / count if count else (legendre + 1) / 2)
        weights.append(np.full(count, 1 / count) if count else share / 2)
    return nodes, weights


def mesh(nodes: Sequence[np.ndarray]) -> np.ndarray:
    """List all points of a grid, the last dimension first; shape (points, dimensions)."""
    if not nodes:
        return np.empty((1, 0))
    return np.stack([side.ravel() for side in np.meshgrid(*nodes, indexing="ij")], axis=1)


def draw(of: Fit, steps: Mapping[int, int], seed: int, draws: int = DRAWS) -> Draws:
    """Draw functions from the posterior.

    Parameters
    ----------
    steps : mapping of int to int
        From dimensions to how many values they have, in the middles of equal parts of [0, 1]; any
        value, where a dimension is not among them.

    Returns
    -------
    Draws
        Each kernel has draws in proportion to its weight.

    References
    ----------
    Wilson et al., "Efficiently sampling functions from Gaussian process posteriors", ICML 2020.
    """
    count = _nodes(of.X.shape[1], steps)
    nodes, weights = sides([steps.get(j) for j in range(of.X.shape[1])], [count] * of.X.shape[1])
    values, noise = means(of, mesh(nodes[1:]), seed, draws, nodes[0])
    if of.scale == "log":
        # The variance of a log-normal response, averaged over the cube.
        volume = weights[0]
        for side in weights[1:]:
            volume = np.multiply.outer(volume, side).ravel()
        noise = (volume @ values**2) * np.expm1(noise)
    shape = [len(axis) for axis in nodes]
    return Draws(nodes, weights, values.reshape(*shape, draws), noise)


def means(
    of: Fit, points: np.ndarray, seed: int, draws: int, along: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw functions from the posterior, in the unit of the response, whose means they are.

    Points and values are as of `posterior`.

    Returns
    -------
    values : numpy.ndarray of float
    noise : numpy.ndarray of float, shape (draws,)
        Variance about each function, on the scale of the fit.
    """
    values, noise = posterior(of, points, np.random.default_rng(seed), draws, along)
    return np.exp(values + noise / 2) if of.scale == "log" else values, noise


def posterior(
    of: Fit,
    points: np.ndarray,
    generator: np.random.Generator,
    draws: int = DRAWS,
    along: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw functions from the posterior, on the scale of the fit.

    Parameters
    ----------
    of : Fit
    points : numpy.ndarray of float, shape (points, dimensions)
    generator : numpy.random.Generator
    draws : int
    along : numpy.ndarray of float, shape (places,), optional
        Places along the first dimension. The points are then of all others, and have one dimension
        less.

    Returns
    -------
    values : numpy.ndarray of float, shape (points, draws)
        With `along`, at all points of its first place, then of the next: (places × points, draws).
    noise : numpy.ndarray of float, shape (draws,)
        Variance about each function.
    """
    counts = np.bincount(
        np.searchsorted(np.cumsum(of.weights), (np.arange(draws) + 0.5) / draws).clip(
            max=len(of.weights) - 1
        ),
        minlength=len(of.weights),
    )
    drawn: list[np.ndarray] = []
    of_draws: list[float] = []
    for process, count in zip(of.processes, counts, strict=True):
        if count:
            drawn.append(_posterior(of, process, points, count, generator, along))
            of_draws += [process.noise * of.sd**2] * count
    return np.concatenate(drawn, axis=1) * of.sd + of.mean, np.array(of_draws)


def averaged(of: Draws, kept: Sequence[int]) -> np.ndarray:
    """Average draws over all dimensions but those kept, ascending; shape (points, ..., draws)."""
    values = of.values
    for dimension in reversed(range(len(of.nodes))):
        if dimension not in kept:
            values = np.tensordot(of.weights[dimension], values, axes=(0, dimension))
    return values


def variance_of(values: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """Compute each draw's variance over a grid (points, ..., draws) of weighted dimensions."""
    mean, square = values, values - values.mean()
    square, mean = square**2, square
    for weight in weights:
        mean, square = (np.tensordot(weight, part, axes=(0, 0)) for part in (mean, square))
    variance: np.ndarray = np.maximum(square - mean**2, 0.0)
    return variance


def own_variances(
    dimensions: int, of_term: Callable[[tuple[int, ...]], np.ndarray]
) -> dict[tuple[int, ...], np.ndarray]:
    """Take from the variance of the mean given one or two dimensions what is not their own.

    `of_term` gives the variance of the mean given some dimensions, shape (draws,).
    """
    own: dict[tuple[int, ...], np.ndarray] = {}
    for order in (1, 2):
        for term in itertools.combinations(range(dimensions), order):
            below = sum(own[(j,)] for j in term) if order == 2 else 0.0
            own[term] = np.maximum(of_term(term) - below, 0.0)
    return own


def decompose(of: Draws) -> tuple[dict[tuple[int, ...], np.ndarray], np.ndarray, np.ndarray]:
    """Split each draw's variance into main effects, pairs and the rest.

    Returns
    -------
    shares : dict of tuple of int to numpy.ndarray of float, shape (draws,)
        Of each dimension and each pair, what it has of its own of the function's variance.
    rest : numpy.ndarray of float, shape (draws,)
        What three and more dimensions have together.
    unexplained : numpy.ndarray of float, shape (draws,)
        Variance about the function, as a share of both together.

    References
    ----------
    Sobol', "Global sensitivity indices for nonlinear mathematical models and their Monte Carlo
    estimates", Math. Comput. Simul. 55 (2001).
    """
    total = variance_of(of.values, of.weights)

    def of_term(term: tuple[int, ...]) -> np.ndarray:
        return variance_of(averaged(of, term), [of.weights[j] for j in term])

    shares = {term: part / total for term, part in own_variances(len(of.nodes), of_term).items()}
    rest = np.maximum(0.0, 1 - sum(shares.values()))
    return shares, rest, of.noise / (total + of.noise)


def _between(nodes: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Make the matrix that takes values at nodes to values on another grid, by a cubic spline."""
    if np.array_equal(nodes, grid):  # a few values, between which there is nothing
        return np.eye(len(nodes))
    matrix: np.ndarray = scipy.interpolate.CubicSpline(nodes, np.eye(len(nodes)))(grid)
    return matrix


def marginal(of: Draws, dimension: int, grid: np.ndarray) -> np.ndarray:
    """Predict along one dimension, averaged over all others; shape (draws, points).

    The grid lies in [0, 1]; where a dimension has a few values, it is these.
    """
    curves: np.ndarray = (_between(of.nodes[dimension], grid) @ averaged(of, [dimension])).T
    return curves


def pair_marginal(
    of: Draws, pair: tuple[int, int], grid: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Predict over a plane, averaged over all other dimensions and all draws; shape (a, b).

    The pair of dimensions ascends, and their grids have a and b points.
    """
    nodes: np.ndarray = averaged(of, pair).mean(axis=-1)
    first, second = (_between(of.nodes[j], points) for j, points in zip(pair, grid, strict=True))
    plane: np.ndarray = first @ nodes @ second.T
    return plane


def foretold(of: Fit) -> np.ndarray:
    """Foretell each sample from all others, by all kernels; on the scale of the fit."""
    found = np.zeros(len(of.z))
    for process, weight in zip(of.processes, of.weights, strict=True):
        inverse = scipy.linalg.cho_solve((process.cholesky, True), np.eye(len(of.z)))
        found += weight * (of.z - (inverse @ of.z) / np.diag(inverse))
    return found * of.sd + of.mean


def diagnose(of: Fit) -> dict[str, float | str]:
    """Say how well a fit foretells each trial from all others.

    Returns
    -------
    dict
        `scale`; `smoothness`, the mean over the kernels by their weight; on that scale and with
        the kernels' parameters as they are, `r2`, the share of the variance explained of trials
        left out one at a time; `coverage`, how often the 95 % interval of the prediction has the
        trial; `uneven`, the rank correlation of the absolute residuals with the predictions;
        `largest`, the largest residual in its standard deviations.

    References
    ----------
    Rasmussen, Williams (2006), section 5.4.2.
    """
    best = of.processes[int(of.weights.argmax())]
    inverse = scipy.linalg.cho_solve((best.cholesky, True), np.eye(len(of.z)))
    deviation = 1 / np.sqrt(np.diag(inverse))
    residual = (inverse @ of.z) * deviation**2
    standardised = np.abs(residual / deviation)
    return {
        "scale": of.scale,
        "smoothness": float(of.weights @ [process.smoothness for process in of.processes]),
        "r2": float(1 - np.mean(residual**2) / of.z.var()),
        "coverage": float(np.mean(standardised <= scipy.stats.norm.ppf(0.975))),
        "uneven": float(scipy.stats.spearmanr(standardised, of.z - residual).statistic),
        "largest": float(standardised.max()),
    }
