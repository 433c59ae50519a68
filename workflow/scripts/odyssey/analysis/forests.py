"""Regression forests as boxes, and their functional ANOVA, exact and in closed form.

A tree is a partition of the unit cube into boxes with a constant each. Its marginals, and the
variances of its components, are then sums over boxes and over pairs of boxes, whatever program
grew it.
"""

import gc
import itertools
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tree:
    """A function that is constant on boxes which fill the unit cube.

    Parameters
    ----------
    low, high : numpy.ndarray of float, shape (leaves, dimensions)
        Corners of the boxes; a point on a border belongs to the box below it.
    value : numpy.ndarray of float, shape (leaves,)
    in_bag : numpy.ndarray of bool, shape (samples,)
        Which samples the tree was grown on.
    """

    low: np.ndarray
    high: np.ndarray
    value: np.ndarray
    in_bag: np.ndarray


@dataclass(frozen=True)
class Decomposition:
    """Shares of a forest's variance.

    Parameters
    ----------
    shares : dict of tuple of int to numpy.ndarray of float, shape (trees,)
        For each dimension and each pair, the share of each tree's variance that this component
        has of its own.
    rest : numpy.ndarray of float, shape (trees,)
        What interactions of three and more dimensions have.
    """

    shares: dict[tuple[int, ...], np.ndarray]
    rest: np.ndarray


def _boxes(
    dimensions: int,
    split: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow the splits of a tree, parents standing before children, down to its leaves' boxes."""
    low = np.zeros((len(split), dimensions))
    high = np.ones((len(split), dimensions))
    for node in np.flatnonzero(split >= 0):
        for child in (left[node], right[node]):
            low[child], high[child] = low[node], high[node]
        axis = split[node]
        cut = min(max(threshold[node], low[node, axis]), high[node, axis])
        high[left[node], axis] = low[right[node], axis] = cut
    leaves = np.flatnonzero(split < 0)
    return leaves, low[leaves], high[leaves]


def grow_sklearn(
    X: np.ndarray, y: np.ndarray, flags: Sequence[int], trees: int, seed: int
) -> list[Tree]:
    """Grow a forest with scikit-learn.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (samples, dimensions)
        In [0, 1]; 0.25 and 0.75 for the two values of a flag.
    y : numpy.ndarray of float, shape (samples,)
    flags : sequence of int
        Dimensions that have two values; not needed here, as 0.5 parts them.
    trees : int
    seed : int

    Returns
    -------
    list of Tree
    """
    from sklearn.ensemble import RandomForestRegressor

    # The share of coordinates tried at each split is that of the fanova package.
    tried = max(1, X.shape[1] * 7 // 10)
    forest = RandomForestRegressor(trees, max_features=tried, random_state=seed).fit(X, y)
    grown = []
    for estimator, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        tree = estimator.tree_
        leaves, low, high = _boxes(
            X.shape[1],
            tree.feature,
            tree.threshold,
            tree.children_left,
            tree.children_right,
        )
        in_bag = np.zeros(len(y), dtype=bool)
        in_bag[drawn] = True
        grown.append(Tree(low, high, tree.value[leaves, 0, 0], in_bag))
    return grown


def fanova_object(X: np.ndarray, y: np.ndarray, flags: Sequence[int], trees: int, seed: int):
    """Let the fanova package grow its forest.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (samples, dimensions)
        In [0, 1]; 0.25 and 0.75 for the two values of a flag.
    y : numpy.ndarray of float, shape (samples,)
    flags : sequence of int
        Dimensions that have two values.
    trees : int
    seed : int
        In [0, 2**31).

    Returns
    -------
    fanova.fANOVA
        Its own marginals ask for `numpy.float`, which NumPy no longer has; they are not used here.

    References
    ----------
    Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance",
    ICML 2014.
    """
    # The package calls logging.basicConfig, which leaves a root logger that has a handler alone.
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    package = logging.getLogger("fanova")
    level = package.level
    package.setLevel(logging.ERROR)
    try:
        import ConfigSpace
        from fanova import fANOVA

        space = ConfigSpace.ConfigurationSpace()
        # Spaces are ordered by name.
        for dimension in range(X.shape[1]):
            name = f"x{dimension:03d}"
            if dimension in flags:
                space.add(ConfigSpace.CategoricalHyperparameter(name, [0, 1]))
            else:
                space.add(ConfigSpace.UniformFloatHyperparameter(name, 0.0, 1.0))
        codes = X.copy()
        codes[:, list(flags)] = codes[:, list(flags)] > 0.5
        return fANOVA(codes, y.astype(float), config_space=space, n_trees=trees, seed=seed)
    finally:
        package.setLevel(level)
        root.removeHandler(handler)


def grow_fanova(
    X: np.ndarray, y: np.ndarray, flags: Sequence[int], trees: int, seed: int
) -> list[Tree]:
    """Grow a forest with the fanova package, and read it out of the package.

    The package's own decomposition visits every cell of a grid, tree by tree, in Python, and takes
    half a minute for 200 samples in four dimensions; on boxes the same numbers take a tenth of a
    second.

    Parameters
    ----------
    X, y, flags, trees, seed
        As of `fanova_object`.

    Returns
    -------
    list of Tree
        A sample with the same y as one in its leaf's bag counts as in the bag.
    """
    text = fanova_object(X, y, flags, trees, seed).the_forest.ascii_string_representation()
    # The text makes a million objects that all stay alive: looking through them for garbage, again
    # and again, would take longer than reading it.
    gc.disable()
    try:
        nodes_of_trees = [tree["value0"] for tree in json.loads(text)["value1"]]
        return [_read_tree(nodes, X, y, flags) for nodes in nodes_of_trees]
    finally:
        gc.enable()


def _read_tree(nodes: list[dict], X: np.ndarray, y: np.ndarray, flags: Sequence[int]) -> Tree:
    """Turn the nodes of a tree, as the package writes them, into boxes."""
    inner = np.array([node["value3"]["value0"] > 0 for node in nodes])
    split = np.array([node["value5"]["value0"] for node in nodes])
    # A flag's split is the set of codes on the left, as bits: {1} swaps the sides.
    sets = np.array([node["value5"]["value2"]["data"] & 3 for node in nodes])
    cut = np.array([node["value5"]["value1"] for node in nodes], dtype=float)
    children = np.array([list(node["value3"].values()) for node in nodes])
    of_flag = np.isin(split, list(flags)) & inner
    cut[of_flag] = np.choose(sets[of_flag], [0.0, 0.5, 0.5, 1.0])
    swapped = of_flag & ((sets == 2) | (sets == 0))
    # With no code on the left, everything lies on the right.
    cut[of_flag & (sets == 0)] = 1.0
    children[swapped] = children[swapped][:, ::-1]
    leaves, low, high = _boxes(
        X.shape[1], np.where(inner, split, -1), cut, children[:, 0], children[:, 1]
    )
    value = np.array([nodes[k]["value6"]["value0"] for k in leaves])  # mean of its samples
    leaf = locate(low, high, X)
    bags = [set(nodes[k]["value0"]) for k in leaves]
    in_bag = np.array([target in bags[k] for target, k in zip(y.tolist(), leaf, strict=True)])
    return Tree(low, high, value, in_bag)


BACKENDS: dict[str, Callable[..., list[Tree]]] = {"fanova": grow_fanova, "sklearn": grow_sklearn}


def _inside(low: np.ndarray, high: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Say which intervals (leaves,) hold which points (points,); shape (points, leaves)."""
    points = points[:, None]
    return ((points > low) | ((points <= 0) & (low <= 0))) & (points <= high)


def locate(low: np.ndarray, high: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Find the box of each sample.

    Parameters
    ----------
    low, high : numpy.ndarray of float, shape (leaves, dimensions)
    X : numpy.ndarray of float, shape (samples, dimensions)

    Returns
    -------
    numpy.ndarray of int, shape (samples,)
    """
    inside = np.ones((len(X), len(low)), dtype=bool)
    for dimension in range(X.shape[1]):
        inside &= _inside(low[:, dimension], high[:, dimension], X[:, dimension])
    return inside.argmax(axis=1)


def out_of_bag_r2(forest: Sequence[Tree], X: np.ndarray, y: np.ndarray) -> float:
    """Say how much of the variance of unseen samples a forest explains.

    Parameters
    ----------
    forest : sequence of Tree
    X : numpy.ndarray of float, shape (samples, dimensions)
    y : numpy.ndarray of float, shape (samples,)

    Returns
    -------
    float
        1 at best; 0 and less where the mean would do as well. NaN if every tree has seen all
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
    terms = [u for k in (1, 2) for u in itertools.combinations(range(dimensions), k)]
    shares = {term: [] for term in terms}
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
        own = {}
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


def marginal(forest: Sequence[Tree], dimension: int, grid: np.ndarray) -> np.ndarray:
    """Predict along one dimension, averaged over all others.

    Parameters
    ----------
    forest : sequence of Tree
    dimension : int
    grid : numpy.ndarray of float, shape (points,)
        In [0, 1].

    Returns
    -------
    numpy.ndarray of float, shape (trees, points)
    """
    rows = []
    for tree in forest:
        side = tree.high - tree.low
        weight = tree.value * np.delete(side, dimension, axis=1).prod(axis=1)
        rows.append(_inside(tree.low[:, dimension], tree.high[:, dimension], grid) @ weight)
    return np.array(rows)


def pair_marginal(
    forest: Sequence[Tree], pair: tuple[int, int], grid: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Predict over a plane, averaged over all other dimensions and all trees.

    Parameters
    ----------
    forest : sequence of Tree
    pair : tuple of int
        The two dimensions.
    grid : tuple of numpy.ndarray of float, shapes (a,) and (b,)
        In [0, 1].

    Returns
    -------
    numpy.ndarray of float, shape (a, b)
    """
    plane = np.zeros((len(grid[0]), len(grid[1])))
    for tree in forest:
        side = tree.high - tree.low
        weight = tree.value * np.delete(side, pair, axis=1).prod(axis=1)
        first, second = (
            _inside(tree.low[:, j], tree.high[:, j], points)
            for j, points in zip(pair, grid, strict=True)
        )
        plane += (first * weight) @ second.T.astype(float)
    return plane / len(forest)
