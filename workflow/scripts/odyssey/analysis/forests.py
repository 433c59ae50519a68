"""Growing regression forests, and reading them out of the program that grew them, as boxes."""

import logging
import struct
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from odyssey.analysis.boxes import Tree, leaf_boxes, locate

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


def grow_sklearn(
    X: np.ndarray, y: np.ndarray, flags: Sequence[int], trees: int, seed: int
) -> list[Tree]:
    """Grow a forest with scikit-learn, which needs no flags, as 0.5 parts their values.

    Parameters are those of `fanova_object`.
    """
    from sklearn.ensemble import RandomForestRegressor

    # The share of coordinates tried at each split is that of the fanova package.
    tried = max(1, X.shape[1] * 7 // 10)
    forest = RandomForestRegressor(trees, max_features=tried, random_state=seed).fit(X, y)
    grown = []
    for estimator, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        tree = estimator.tree_
        leaves, low, high = leaf_boxes(
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


def fanova_object(X: np.ndarray, y: np.ndarray, flags: Sequence[int], trees: int, seed: int) -> Any:
    """Let the fanova package grow its forest.

    Parameters
    ----------
    X : numpy.ndarray of float, shape (samples, dimensions)
        In [0, 1]; 0.25 and 0.75 for the two values of a flag.
    y : numpy.ndarray of float, shape (samples,)
    flags : sequence of int
        Dimensions that have two values.
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

    The package's own decomposition visits every field of a grid, tree by tree, in Python, and takes
    half a minute for 200 samples in four dimensions; on boxes the same numbers take a tenth of a
    second. A sample with the same y as one in its leaf's bag counts as in the bag. Parameters are
    those of `fanova_object`.

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
    leaves, low, high = leaf_boxes(X.shape[1], split, cut, left, right)
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
    places: list[int] = []
    bags: list[tuple[float, ...]] = []
    roots: list[int] = []
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
