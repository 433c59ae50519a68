"""Regression forests as boxes, and their functional ANOVA, exact and in closed form.

A tree is a partition of the unit cube into boxes with a constant each. Its marginals, and the
variances of its components, are then sums over boxes and over pairs of boxes, whatever program
grew it.
"""

import itertools
import logging
import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# How pyrfr 0.9 writes a forest, in bytes: options, number of trees, and for each tree its number of
# nodes, the nodes, and an end.
OPTIONS_SIZE, TREE_END_SIZE = 64, 8
NODE = np.dtype(
    [
        ("parent", "<u4"),
        ("left", "<u4"),  # 0, the root, for a leaf
        ("right", "<u4"),
        ("fractions", "<f8", 2),
        ("split", "<u4"),
        ("cut", "<f8"),
        ("kind", "u1"),
        ("codes", "u1", 16),  # a bit each, that of code 0 foremost
        ("mean", "<f8"),
        ("squares", "<f8"),
        ("weights", "<u8"),
        ("mean_weight", "<f8"),
        ("weight_squares", "<f8"),
    ]
)


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
    """Follow the splits of trees, all at once, from their roots down to their leaves' boxes."""
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

    Raises
    ------
    RuntimeError
        If the package writes forests in a form that is not known here.
    """
    forest = fanova_object(X, y, flags, trees, seed).the_forest
    # The package writes JSON too, but that takes longer than growing the forest.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forest"
        forest.save_to_binary_file(str(file))
        return _read_forest(file.read_bytes(), X, y, flags)


def _read_forest(content: bytes, X: np.ndarray, y: np.ndarray, flags: Sequence[int]) -> list[Tree]:
    """Turn a forest, as the package writes it, into boxes."""
    nodes, bags, roots = _read_nodes(content, X.shape[1])
    inner = nodes["left"] > 0
    # A flag's split is the set of codes on the left; where that lacks 0, the sides are swapped.
    has_0, has_1 = (nodes["codes"][:, 0] & bit > 0 for bit in (0x80, 0x40))
    of_flag = inner & np.isin(nodes["split"], list(flags))
    cut = np.where(of_flag, np.where(has_0 == has_1, 1.0, 0.5), nodes["cut"])
    left, right = (
        np.where(of_flag & ~has_0, nodes[other], nodes[side])
        # The package counts the nodes of each tree from its root.
        + np.repeat(roots, np.diff(roots, append=len(nodes)))
        for side, other in (("left", "right"), ("right", "left"))
    )
    split = np.where(inner, nodes["split"].astype(int), -1)
    leaves, low, high = _boxes(X.shape[1], split, cut, left, right)
    forest = []
    for of_tree in np.split(np.arange(len(leaves)), np.searchsorted(leaves, roots[1:])):
        leaf = leaves[of_tree][locate(low[of_tree], high[of_tree], X)]
        in_bag = [target in bags[k] for target, k in zip(y.tolist(), leaf.tolist(), strict=True)]
        value = nodes["mean"][leaves[of_tree]]
        forest.append(Tree(low[of_tree], high[of_tree], value, np.array(in_bag)))
    return forest


def _read_nodes(
    content: bytes, dimensions: int
) -> tuple[np.ndarray, list[tuple[float, ...]], np.ndarray]:
    """Read the nodes of all trees, the responses in each, and which nodes are roots."""
    (trees,) = struct.unpack_from("<Q", content, OPTIONS_SIZE)
    place = OPTIONS_SIZE + 8
    places, bags, roots = [], [], []
    for _ in range(trees):
        (count,) = struct.unpack_from("<Q", content, place)
        place += 8
        roots.append(len(places))
        for _ in range(count):
            # Before each node stand its samples' responses and as many weights, each with a count.
            (samples,) = struct.unpack_from("<Q", content, place)
            bags.append(struct.unpack_from(f"<{samples}d", content, place + 8))
            place += 2 * (8 + 8 * samples)
            places.append(place)
            place += NODE.itemsize
        place += TREE_END_SIZE
    # What comes next is known, and so shows whether all before it was read as it was written.
    if struct.unpack_from("<I", content, place) != (dimensions,):
        raise RuntimeError("this pyrfr writes forests in another form than pyrfr 0.9")
    octets = np.frombuffer(content, np.uint8)
    nodes = octets[np.add.outer(places, np.arange(NODE.itemsize))].view(NODE)[:, 0]
    return nodes, bags, np.array(roots)


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
    low, high, value = _all_boxes(forest)
    weight = value * np.delete(high - low, dimension, axis=1).prod(axis=1)
    inside = _inside(low[:, dimension], high[:, dimension], grid)
    leaves = [len(tree.value) for tree in forest]
    return np.add.reduceat(inside * weight, np.cumsum([0, *leaves[:-1]]), axis=1).T


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
    low, high, value = _all_boxes(forest)
    weight = value * np.delete(high - low, pair, axis=1).prod(axis=1)
    first, second = (
        _inside(low[:, j], high[:, j], points) for j, points in zip(pair, grid, strict=True)
    )
    return (first * weight) @ second.T.astype(float) / len(forest)


def _all_boxes(forest: Sequence[Tree]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return corners and values of the boxes of all trees, one after the other."""
    return tuple(
        np.concatenate([getattr(tree, part) for tree in forest])
        for part in ("low", "high", "value")
    )
