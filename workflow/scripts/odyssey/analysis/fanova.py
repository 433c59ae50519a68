"""Which hyperparameters matter, and how: functional ANOVA of forests grown on a cell's trials."""

import itertools
import math
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd

from odyssey.analysis import forests

RESPONSES = ("test", "train_seconds")
HIGHER = "higher order"
# Fewer samples make no forest; below this many a coordinate, a note says that they are few.
MINIMUM, FEW = 10, 20
GRID, PAIR_GRID = 60, 20
# A value is about as good as the best if it is this share of the range from it at most.
BASIN = 0.1

IMPORTANCE_COLUMNS = {
    "task": "str",
    "variant": "str",
    "response": "str",
    "term": "str",
    "order": "Int64",
    "share": "float64",
    "sd": "float64",
    "n": "int64",
    "oob_r2": "float64",
    "note": "str",
}
MARGINAL_COLUMNS = {
    "task": "str",
    "variant": "str",
    "response": "str",
    "parameter": "str",
    "value": "float64",
    "mean": "float64",
    "sd": "float64",
}
SHARE_COLUMNS = {
    "task": "str",
    "variant": "str",
    "term": "str",
    "share": "float64",
    "oob_r2": "float64",
    "n": "int64",
}
INTERACTION_COLUMNS = {
    "task": "str",
    "variant": "str",
    "parameter_x": "str",
    "parameter_y": "str",
    "x": "float64",
    "y": "float64",
    "total": "float64",
    "interaction": "float64",
}


@dataclass(frozen=True)
class Coordinate:
    """One axis of the cube on which a forest is grown.

    Parameters
    ----------
    name : str
        Of the hyperparameter.
    low, high : float
        Ends of the searched range, on the coordinate's scale.
    scale : str
        ``log`` (decimal logarithm), ``log1m`` (of 1 - value), ``linear`` or ``flag``.
    """

    name: str
    low: float
    high: float
    scale: str

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Bring values of the hyperparameter to [0, 1].

        Parameters
        ----------
        values : array_like of float, any shape
            In the hyperparameter's own unit; 0 and 1 (or bool) for a flag.

        Returns
        -------
        numpy.ndarray of float, shape of `values`
            Without unit, 0 at `low` and 1 at `high`; values beyond the range are clipped to its
            ends. The two values of a flag go to 0.25 and 0.75.
        """
        values = np.asarray(values, dtype=float)
        if self.scale == "flag":
            return 0.25 + 0.5 * values
        if self.scale == "log1m":
            values = 1 - values
        if self.scale != "linear":
            values = np.log10(values)
        # Rounding of whole sizes, and of 1 - momentum, may lead a hair beyond the ends.
        return np.clip((values - self.low) / (self.high - self.low), 0, 1)

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Bring numbers in [0, 1] back to the hyperparameter's own unit.

        Parameters
        ----------
        unit : numpy.ndarray of float, any shape
            In [0, 1], without unit.

        Returns
        -------
        numpy.ndarray of float, shape of `unit`
            In the hyperparameter's own unit; for a flag 0 up to the middle and 1 above it.
        """
        if self.scale == "flag":
            return (unit > 0.5).astype(float)
        values = self.low + unit * (self.high - self.low)
        if self.scale == "linear":
            return values
        return 1 - 10**values if self.scale == "log1m" else 10**values

    def grid(self, points: int) -> np.ndarray:
        """Return points that cover the axis.

        Parameters
        ----------
        points : int
            How many, at least 1; not read for a flag.

        Returns
        -------
        numpy.ndarray of float, shape (points,)
            The middles of as many equal parts of [0, 1], ascending, without unit; for a flag its
            two, shape (2,).
        """
        if self.scale == "flag":
            return np.array([0.25, 0.75])
        return (np.arange(points) + 0.5) / points


def coordinates(
    trials: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]
) -> list[Coordinate]:
    """List the axes along which the trials of a cell were drawn.

    Parameters
    ----------
    trials : pandas.DataFrame
        Of one cell.
    ranges : mapping of str to tuple of float
        Searched ranges of `learning_rate`, `hidden_size`, `input_noise` and `one_minus_momentum`.

    Returns
    -------
    list of Coordinate
        Those with a range of more than one value, and the flags `nesterov` and `clip` where the
        trials have both values of them.
    """
    axes = []
    for name, key, scale in (
        ("learning_rate", "learning_rate", "log"),
        ("hidden_size", "hidden_size", "log"),
        ("input_noise", "input_noise", "linear"),
        ("momentum", "one_minus_momentum", "log1m"),
    ):
        low, high = ranges[key]
        if low < high:
            ends = (low, high) if scale == "linear" else (math.log10(low), math.log10(high))
            axes.append(Coordinate(name, *ends, scale))
    flags = [n for n in ("nesterov", "clip") if n in trials and trials[n].dropna().nunique() == 2]
    axes.extend(Coordinate(name, 0.0, 1.0, "flag") for name in flags)
    return axes


def _note(n: int, axes: int, r2: float) -> str:
    notes = []
    if n < FEW * axes:
        notes.append(f"few trials: {n} for {axes} coordinates")
    if not r2 > 0:
        notes.append("the forest explains nothing: its out-of-bag R² is not above 0")
    return "; ".join(notes)


def _obstacle(y: np.ndarray, axes: list[Coordinate]) -> str:
    if len(y) < MINIMUM:
        return f"no forest: {len(y)} trials with a result, {MINIMUM} are needed"
    if not np.ptp(y):
        return "no forest: the response does not vary"
    return "" if axes else "no forest: no hyperparameter varies"


def importance(
    decomposition: forests.Decomposition, names: list[str]
) -> list[dict[str, str | int | float]]:
    """Average a decomposition over its trees.

    Parameters
    ----------
    decomposition : forests.Decomposition
    names : list of str
        Of the dimensions.

    Returns
    -------
    list of dict
        `term`, `order` (missing for the rest), `share` and `sd`, the standard deviation over
        the trees; main effects, pairs, then the rest. Shares add up to one.
    """
    rows = [
        {
            "term": " × ".join(names[j] for j in term),
            "order": len(term),
            "share": shares.mean(),
            "sd": shares.std(),
        }
        for term, shares in decomposition.shares.items()
    ]
    rest = decomposition.rest
    return [*rows, {"term": HIGHER, "order": None, "share": rest.mean(), "sd": rest.std()}]


def main_shares(importances: pd.DataFrame, response: str = "test") -> pd.DataFrame:
    """Add up all interactions of a response.

    Parameters
    ----------
    importances : pandas.DataFrame
        As `analyse_cell` returns them, of any number of cells.
    response : str
        One of `RESPONSES`.

    Returns
    -------
    pandas.DataFrame
        `SHARE_COLUMNS`: the main effects of each cell that has a forest, then all interactions
        together as `HIGHER`.
    """
    known = importances[(importances["response"] == response) & importances["share"].notna()]
    main = known["order"].eq(1).fillna(value=False)
    terms = known.assign(term=known["term"].where(main, HIGHER))
    return (
        terms.groupby(["task", "variant", "term"], sort=False)
        .agg(share=("share", "sum"), oob_r2=("oob_r2", "first"), n=("n", "first"))
        .reset_index()
    )


def basin(means: np.ndarray) -> tuple[int, int, int]:
    """Find the stretch around the least value of a marginal that is about as good, without gaps.

    Parameters
    ----------
    means : numpy.ndarray of float
        Predictions along a coordinate.

    Returns
    -------
    best, first, last : int
        Positions of the least value and of the stretch's ends, both within it.
    """
    best = first = last = int(means.argmin())
    good = means <= means[best] + BASIN * np.ptp(means)
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(means) - 1 and good[last + 1]:
        last += 1
    return best, first, last


def _marginals(forest: list[forests.Tree], axes: list[Coordinate]) -> pd.DataFrame:
    parts = []
    for dimension, axis in enumerate(axes):
        grid = axis.grid(GRID)
        predicted = forests.marginal(forest, dimension, grid)
        parts.append(
            pd.DataFrame(
                {
                    "parameter": axis.name,
                    "value": axis.values(grid),
                    "mean": predicted.mean(axis=0),
                    "sd": predicted.std(axis=0),
                }
            )
        )
    return pd.concat(parts)


def _interactions(forest: list[forests.Tree], axes: list[Coordinate]) -> pd.DataFrame:
    volumes = [(tree.high - tree.low).prod(axis=1) for tree in forest]
    mean = np.mean([v @ tree.value for v, tree in zip(volumes, forest, strict=True)])
    grids = [axis.grid(PAIR_GRID) for axis in axes]
    along = [forests.marginal(forest, j, grid).mean(axis=0) for j, grid in enumerate(grids)]
    parts = []
    for first, second in itertools.combinations(range(len(axes)), 2):
        x, y = grids[first], grids[second]
        total = forests.pair_marginal(forest, (first, second), (x, y))
        parts.append(
            pd.DataFrame(
                {
                    "parameter_x": axes[first].name,
                    "parameter_y": axes[second].name,
                    "x": np.repeat(axes[first].values(x), len(y)),
                    "y": np.tile(axes[second].values(y), len(x)),
                    "total": total.ravel(),
                    "interaction": (total - along[first][:, None] - along[second] + mean).ravel(),
                }
            )
        )
    return pd.concat(parts) if parts else pd.DataFrame()


def analyse_cell(
    trials: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    trees: int = 100,
    backend: str = "fanova",
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Decompose the test result and the training time of one cell.

    Parameters
    ----------
    trials : pandas.DataFrame
        All trials of the cell; those without a result are left out and not counted in `n`.
    ranges : mapping of str to tuple of float
        As for `coordinates`.
    seed : int
        In [0, 2**31).
    trees : int
        Size of the forest.
    backend : str
        What grows it, one of `forests.BACKENDS`: ``fanova`` is the package of the paper, for
        academic and non-commercial use; ``sklearn`` is free.

    Returns
    -------
    tuple of pandas.DataFrame
        Importance, marginals and interactions (the last of the test result only), with the columns
        of `IMPORTANCE_COLUMNS`, `MARGINAL_COLUMNS` and `INTERACTION_COLUMNS`. Where no forest can
        be grown, importance has one row whose note says why.

    Raises
    ------
    ValueError
        If the backend is unknown.

    References
    ----------
    Greff et al. (2017), "Impact of hyperparameters"; Hutter, Hoos, Leyton-Brown (2014).
    """
    if backend not in forests.BACKENDS:
        allowed = ", ".join(forests.BACKENDS)
        raise ValueError(f"unknown backend {backend!r}: allowed are {allowed}")
    cell = {column: trials[column].iloc[0] for column in ("task", "variant")}
    axes = coordinates(trials, ranges)
    shares, marginals, interactions = [], [], []
    for response in RESPONSES:
        key = cell | {"response": response}
        known = trials[trials["test"].notna() & trials[response].notna()]
        X = np.array([axis.unit(known[axis.name]) for axis in axes]).T
        y = known[response].to_numpy(dtype=float)
        obstacle = _obstacle(y, axes)
        if obstacle:
            shares.append(pd.DataFrame([key | {"n": len(y), "note": obstacle, "term": ""}]))
            continue
        flags = [j for j, axis in enumerate(axes) if axis.scale == "flag"]
        forest = forests.BACKENDS[backend](X, y, flags, trees, seed)
        r2 = forests.out_of_bag_r2(forest, X, y)
        rows = pd.DataFrame(importance(forests.decompose(forest), [axis.name for axis in axes]))
        shares.append(rows.assign(**key, n=len(y), oob_r2=r2, note=_note(len(y), len(axes), r2)))
        marginals.append(_marginals(forest, axes).assign(**key))
        if response == "test":
            interactions.append(_interactions(forest, axes).assign(**cell))
    return (
        _table(shares, IMPORTANCE_COLUMNS),
        _table(marginals, MARGINAL_COLUMNS),
        _table(interactions, INTERACTION_COLUMNS),
    )


def analyse(
    trials: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    trees: int = 100,
    backend: str = "fanova",
    workers: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Decompose the results of every cell of a study.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial.
    ranges, seed, trees, backend
        As for `analyse_cell`, the same for all cells.
    workers : int
        Processes at work at the same time; the tables do not depend on it.

    Returns
    -------
    tuple of pandas.DataFrame
        As `analyse_cell` returns them, cells in the order of `trials`.
    """
    cells = [cell for _, cell in trials.groupby(["task", "variant"], sort=False)]
    of_cell = partial(analyse_cell, ranges=ranges, seed=seed, trees=trees, backend=backend)
    if workers == 1:
        results = [of_cell(cell) for cell in cells]
    else:
        # Started anew rather than forked: a fork of a process that has threads may hang.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(of_cell, cells))
    kinds = (IMPORTANCE_COLUMNS, MARGINAL_COLUMNS, INTERACTION_COLUMNS)
    return tuple(
        _table(list(part), types)
        for part, types in zip(zip(*results, strict=True), kinds, strict=True)
    )


def _table(parts: list[pd.DataFrame], types: dict[str, str]) -> pd.DataFrame:
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return frame.reindex(columns=list(types)).astype(types)
