"""Forests as boxes, and their functional ANOVA, exact and in closed form.

A tree is a partition of the unit cube into boxes with a constant each. Its marginals, and the
variances of its components, are then sums over boxes and over pairs of boxes, whatever program
grew it (`odyssey.analysis.forests`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tree:
    """A function that is constant on boxes which fill the unit cube."""

    # Corners of the boxes, shape (leaves, dimensions); a point on a border belongs to the box
    # below it.
    low: np.ndarray
    high: np.ndarray
    value: np.ndarray  # shape (leaves,)
    in_bag: np.ndarray  # which samples the tree was grown on, shape (samples,)


@dataclass(frozen=True)
class Decomposition:
    """Shares of a forest's variance."""

    # Of each dimension and each pair, what it has of its own of each tree's variance, shape
    # (trees,).
    shares: dict[tuple[int, ...], np.ndarray]
    rest: np.ndarray  # what interactions of three and more dimensions have, shape (trees,)


def leaf_boxes(
    dimensions: int,
    split: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow the splits of trees, all at once, from their roots down to their leaves' boxes.

    Parameters
    ----------
    split : numpy.ndarray of int, shape (nodes,)
        Along which dimension a node is split; negative for a leaf.
    threshold : numpy.ndarray of float, shape (nodes,)
    left, right : numpy.ndarray of int, shape (nodes,)
        The nodes up to the threshold and above it; not read for a leaf.

    Returns
    -------
    leaves : numpy.ndarray of int, shape (leaves,)
    low, high : numpy.ndarray of float, shape (leaves, dimensions)
    """
    low = np.zeros((len(split), dimensions))
    high = np.ones((len(split), dimensions))
    inner = split >= 0
    children = np.zeros(len(split), dtype=bool)
    children[left[inner]] = children[right[inner]] = True
    level = np.flatnonzero(inner & ~children)
    while len(level):
        axis, under, over = split[level], left[level], right[level]
        low[under] = low[over] = low[level]
        high[under] = high[over] = high[level]
        cut = np.clip(threshold[level], low[level, axis], high[level, axis])
        high[under, axis] = low[over, axis] = cut
        level = np.concatenate([under, over])
        level = level[inner[level]]
    leaves = np.flatnonzero(~inner)
    return leaves, low[leaves], high[leaves]


def _inside(low: np.ndarray, high: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Say which intervals (leaves,) hold which points (points,); shape (points, leaves)."""
    points = points[:, None]
    return (points > np.where(low <= 0, -np.inf, low)) & (points <= high)


def locate(low: np.ndarray, high: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Find the box of each sample (samples, dimensions); its place among the leaves."""
    inside = np.ones((len(X), len(low)), dtype=bool)
    for dimension in range(X.shape[1]):
        inside &= _inside(low[:, dimension], high[:, dimension], X[:, dimension])
    leaves: np.ndarray = inside.argmax(axis=1)
    return leaves


def out_of_bag_r2(forest: Sequence[Tree], X: np.ndarray, y: np.ndarray) -> float:
    """Say how much of the variance of unseen samples a forest explains.

    It is 1 at best, and 0 and less where the mean would do as well; NaN if every tree has seen all
    samples, or y is constant.
    """
    total, count = np.zeros(len(y)), np.zeros(len(y))
    for tree in forest:
        unseen = ~tree.in_bag
        total[unseen] += tree.value[locate(tree.low, tree.high, X[unseen])]
        count[unseen] += 1
    judged = count > 0
    spread = np.sum((y[judged] - y[judged].mean()) ** 2) if judged.any() else 0.0
    if spread == 0:
        return float("nan")
    return float(1 - np.sum((y[judged] - total[judged] / count[judged]) ** 2) / spread)


def decompose(forest: Sequence[Tree]) -> Decomposition:
    """Split each tree's variance over the cube into main effects, pairs and the rest.

    With boxes l of value v and sides w, and o the overlap of two boxes' sides, the variance of the
    marginal over a set U is the sum over pairs of boxes of v v' times the product of o in U and of
    w w' outside U.

    Parameters
    ----------
    forest : sequence of Tree
        Trees without variance are left out, as they have no shares.

    Returns
    -------
    Decomposition
        Of no trees at all if none has variance.

    References
    ----------
    Hutter, Hoos, Leyton-Brown (2014), algorithm 2.
    """
    dimensions = forest[0].low.shape[1]
    terms = [term for order in (1, 2) for term in itertools.combinations(range(dimensions), order)]
    shares: dict[tuple[int, ...], list[float]] = {term: [] for term in terms}
    for tree in forest:
        side = tree.high - tree.low
        volume = side.prod(axis=1)
        centred = tree.value - volume @ tree.value
        variance = volume @ centred**2
        if variance <= 1e-30:
            continue
        overlap = [
            np.maximum(
                0,
                np.minimum.outer(tree.high[:, j], tree.high[:, j])
                - np.maximum.outer(tree.low[:, j], tree.low[:, j]),
            )
            for j in range(dimensions)
        ]
        own: dict[tuple[int, ...], float] = {}
        for term in terms:
            others = [j for j in range(dimensions) if j not in term]
            weight = centred * side[:, others].prod(axis=1)
            joint = overlap[term[0]] if len(term) == 1 else overlap[term[0]] * overlap[term[1]]
            below = sum(own[(j,)] for j in term) if len(term) == 2 else 0.0
            own[term] = max(0.0, weight @ joint @ weight - below)
            shares[term].append(own[term] / variance)
    arrays = {term: np.array(values) for term, values in shares.items()}
    rest = np.maximum(0.0, 1 - sum(arrays.values()))
    return Decomposition(arrays, rest)


def values(forest: Sequence[Tree], points: np.ndarray) -> np.ndarray:
    """Predict at points in [0, 1] by each tree; shape (points, trees)."""
    return np.stack([tree.value[locate(tree.low, tree.high, points)] for tree in forest], axis=1)


def marginal(forest: Sequence[Tree], dimension: int, grid: np.ndarray) -> np.ndarray:
    """Predict along one dimension, averaged over all others; shape (trees, points).

    The points of the grid lie in [0, 1].
    """
    low, high, value = _all_boxes(forest)
    weight = value * np.delete(high - low, dimension, axis=1).prod(axis=1)
    inside = _inside(low[:, dimension], high[:, dimension], grid)
    leaves = [len(tree.value) for tree in forest]
    return np.add.reduceat(inside * weight, np.cumsum([0, *leaves[:-1]]), axis=1).T


def pair_marginal(
    forest: Sequence[Tree], pair: tuple[int, int], grid: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Predict over a plane, averaged over all other dimensions and all trees; shape (a, b).

    The two dimensions' grids have a and b points in [0, 1].
    """
    low, high, value = _all_boxes(forest)
    weight = value * np.delete(high - low, pair, axis=1).prod(axis=1)
    first, second = (
        _inside(low[:, j], high[:, j], points) for j, points in zip(pair, grid, strict=True)
    )
    plane: np.ndarray = (first * weight) @ second.T.astype(float) / len(forest)
    return plane


def _all_boxes(forest: Sequence[Tree]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return corners and values of the boxes of all trees, one after the other."""
    low, high, value = (
        np.concatenate([getattr(tree, part) for tree in forest])
        for part in ("low", "high", "value")
    )
    return low, high, value
