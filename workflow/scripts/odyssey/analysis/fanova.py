"""Which hyperparameters matter, and how: functional ANOVA of surrogates of a search's trials."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from odyssey import processes
from odyssey.analysis import attribution, effects, forests, readings
from odyssey.analysis.files import Row, typed
from odyssey.analysis.surrogates import (
    BOOSTED,
    GP,
    PAIR_GRID,
    SURROGATES,
    Coordinate,
    Functions,
    Surrogate,
    boost_trees,
    coordinates,
    fit_process,
    grow_forest,
)

RESPONSES = ("test", "train_seconds")
# Of one hyperparameter alone nothing; pairs, and all beyond, are of higher order.
HIGHER, BEYOND_PAIRS = "higher order", "three and more"
# The boosted trees are for the attribution only, and there is none without them.
ALL_SURROGATES = (*SURROGATES, BOOSTED)
# Fewer samples make no surrogate; below this many a coordinate, a note says that they are few.
MINIMUM, FEW = 10, 20

IMPORTANCE_COLUMNS = {
    "task": "str",
    "variant": "str",
    "response": "str",
    "surrogate": "str",
    "term": "str",
    "order": "Int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "n": "int64",
    "r2": "float64",
    "note": "str",
}
MARGINAL_COLUMNS = {
    "task": "str",
    "variant": "str",
    "response": "str",
    "surrogate": "str",
    "parameter": "str",
    "value": "float64",
    "mean": "float64",
    "sd": "float64",
}
INTERACTION_COLUMNS = {
    "task": "str",
    "variant": "str",
    "surrogate": "str",
    "parameter_x": "str",
    "parameter_y": "str",
    "x": "float64",
    "y": "float64",
    "total": "float64",
    "interaction": "float64",
}
DIAGNOSTIC_COLUMNS = {
    "task": "str",
    "variant": "str",
    "response": "str",
    "surrogate": "str",
    "n": "int64",
    "r2": "float64",
    "unexplained": "float64",
    "scale": "str",
    "smoothness": "float64",
    "coverage": "float64",
    "uneven": "float64",
    "largest": "float64",
}
KINDS = {
    "importance": IMPORTANCE_COLUMNS,
    "marginals": MARGINAL_COLUMNS,
    "interactions": INTERACTION_COLUMNS,
    "diagnostics": DIAGNOSTIC_COLUMNS,
    "effects": effects.COLUMNS,
    "attribution": attribution.COLUMNS,
}


def _note(n: int, axes: int, surrogate: Surrogate) -> str:
    notes = []
    if n < FEW * axes:
        notes.append(f"few trials: {n} for {axes} coordinates")
    if not surrogate.r2 > 0:
        name = "process" if surrogate.kind == GP else "forest"
        notes.append(f"the {name} explains nothing: its R² of trials left out is not above 0")
    return "; ".join(notes)


def obstacle(y: np.ndarray, axes: list[Coordinate]) -> str:
    """Say why there can be no surrogate of a response, if so."""
    if len(y) < MINIMUM:
        return f"no surrogate: {len(y)} trials with a result, {MINIMUM} are needed"
    if not np.ptp(y):
        return "no surrogate: the response does not vary"
    return "" if axes else "no surrogate: no hyperparameter varies"


def importance(surrogate: Surrogate) -> list[Row]:
    """List the shares of a surrogate's variance: term, order, share, and its interval.

    Main effects, pairs, three and more together (of no order), and of higher order, which is all
    but the main effects.
    """
    orders: dict[str, tuple[str, int | None]] = {effects.INTERACTIONS: (HIGHER, None)}
    names = [axis.name for axis in surrogate.axes]
    for term in surrogate.shares:
        name = " × ".join(names[j] for j in term)
        orders[effects.share_of(name)] = (name, len(term))
    found = readings.shares(surrogate)
    rest = readings.share(surrogate, surrogate.rest)
    last = found.pop(effects.INTERACTIONS)
    rows: list[tuple[str | float | None, ...]]
    rows = [(*orders[effect], *triple) for effect, triple in found.items()]
    rows += [(BEYOND_PAIRS, None, *rest), (HIGHER, None, *last)]
    columns = ("term", "order", "share", "low", "high")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def main_shares(importances: pd.DataFrame, surrogate: str, response: str = "test") -> pd.DataFrame:
    """Pick main effects and all interactions together, of each search that has the surrogate."""
    known = importances[
        (importances["response"] == response)
        & (importances["surrogate"] == surrogate)
        & importances["share"].notna()
    ]
    return known[of_order(known, 1) | known["term"].eq(HIGHER)]


def of_order(importances: pd.DataFrame, order: int) -> pd.Series:
    """Say of each share whether so many hyperparameters have it together, and no others."""
    return importances["order"].eq(order).fillna(value=False).astype(bool)


def _marginals(surrogate: Surrogate) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "parameter": axis.name,
                "value": axis.values(axis.grid(curves.shape[1])),
                "mean": curves.mean(axis=0),
                "sd": curves.std(axis=0),
            }
        )
        for axis, curves in zip(surrogate.axes, surrogate.curves, strict=True)
    ]
    return pd.concat(parts)


def _interactions(surrogate: Surrogate) -> pd.DataFrame:
    parts = []
    for (first, second), total in surrogate.planes.items():
        axes = surrogate.axes[first], surrogate.axes[second]
        x, y = (axis.values(axis.grid(PAIR_GRID)) for axis in axes)
        # On this grid the mean of a plane's rows is, to its mesh, the marginal over the other axis.
        alone = total.mean(axis=1, keepdims=True) + total.mean(axis=0, keepdims=True)
        parts.append(
            pd.DataFrame(
                {
                    "parameter_x": axes[0].name,
                    "parameter_y": axes[1].name,
                    "x": np.repeat(x, len(y)),
                    "y": np.tile(y, len(x)),
                    "total": total.ravel(),
                    "interaction": (total - alone + total.mean()).ravel(),
                }
            )
        )
    return pd.concat(parts)


def analyse_search(
    trials: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    trees: int = 100,
    backend: str = "fanova",
    surrogates: tuple[str, ...] = ALL_SURROGATES,
    responses: tuple[str, ...] = RESPONSES,
) -> tuple[pd.DataFrame, ...]:
    """Decompose the test result and the training time of one search.

    Parameters
    ----------
    trials : pandas.DataFrame
        All trials of the search; those without a result are left out and not counted in `n`.
    ranges : mapping of str to tuple of float
        As for `coordinates`.
    seed : int
        In [0, 2**31).
    trees : int
        Size of the forest.
    backend : str
        What grows it, one of `forests.BACKENDS`: ``fanova`` is the package of the paper, for
        academic and non-commercial use; ``sklearn`` is free.
    surrogates : tuple of str
        Of `ALL_SURROGATES`; without `BOOSTED` there is no attribution.
    responses : tuple of str
        Of `RESPONSES`.

    Returns
    -------
    tuple of pandas.DataFrame
        Importance, marginals, interactions, diagnostics, effects and attribution, with the columns
        of `KINDS`; interactions and attribution of the test result only. Where no surrogate can be
        had, importance and attribution have a row whose note says why.

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
    names = {column: trials[column].iloc[0] for column in ("task", "variant")}
    axes = coordinates(trials, ranges)
    parts: dict[str, list[pd.DataFrame]] = {kind: [] for kind in KINDS}
    for response in responses:
        known = trials[trials["test"].notna() & trials[response].notna()]
        X = np.array([axis.unit(known[axis.name]) for axis in axes]).T
        y = known[response].to_numpy(dtype=float)
        key = names | {"response": response}
        decomposed = [kind for kind in surrogates if kind in SURROGATES]
        if hindrance := obstacle(y, axes):
            none = pd.DataFrame([key | {"n": len(y), "note": hindrance, "term": ""}])
            parts["importance"] += [none.assign(surrogate=kind) for kind in decomposed]
            if response == "test" and BOOSTED in surrogates:
                parts["attribution"].append(none)
            continue
        functions: dict[str, Functions] = {}
        for kind in decomposed:
            surrogate = (
                fit_process(X, y, axes, seed)
                if kind == GP
                else grow_forest(X, y, axes, trees, seed, backend)
            )
            functions[kind] = surrogate.functions
            for name, table in _of_surrogate(surrogate, response, len(y)).items():
                parts[name].append(table.assign(**key, surrogate=kind))
        if response == "test" and BOOSTED in surrogates:
            functions[BOOSTED] = boost_trees(X, y, seed)
            shared_out = attribution.of_search(X, axes, functions)
            parts["attribution"].append(shared_out.assign(**names, n=len(y)))
    return tuple(_joined(parts[name], types) for name, types in KINDS.items())


def _of_surrogate(surrogate: Surrogate, response: str, n: int) -> dict[str, pd.DataFrame]:
    """Make the tables of what is read off one surrogate, by their names in `KINDS`."""
    unexplained = surrogate.unexplained if surrogate.kind == GP else math.nan
    diagnosis = {"n": n, "r2": surrogate.r2, "unexplained": unexplained}
    tables = {
        "importance": pd.DataFrame(importance(surrogate)).assign(
            n=n, r2=surrogate.r2, note=_note(n, len(surrogate.axes), surrogate)
        ),
        "marginals": _marginals(surrogate),
        "diagnostics": pd.DataFrame([surrogate.diagnosis | diagnosis]),
        "effects": pd.DataFrame(readings.of_surrogate(surrogate, response, n)),
    }
    if response == "test" and surrogate.planes:
        tables["interactions"] = _interactions(surrogate)
    return tables


def analyse(
    trials: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    trees: int = 100,
    backend: str = "fanova",
    workers: int = 1,
    surrogates: tuple[str, ...] = ALL_SURROGATES,
) -> tuple[pd.DataFrame, ...]:
    """Decompose the results of every search of a study, `workers` searches at the same time.

    As `analyse_search` does, whose settings serve all; searches stay in the order of `trials`, and
    the tables do not depend on the number of workers.
    """
    searches = [own for _, own in trials.groupby(["task", "variant"], sort=False)]
    # A response is a job, so that processes end together.
    jobs = [
        (own, ranges, seed, trees, backend, surrogates, (response,))
        for own in searches
        for response in RESPONSES
    ]
    results = processes.results(analyse_search, jobs, workers, start="spawn")
    return tuple(
        _joined(list(part), types)
        for part, types in zip(zip(*results, strict=True), KINDS.values(), strict=True)
    )


def _joined(parts: list[pd.DataFrame], types: dict[str, str]) -> pd.DataFrame:
    return typed(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), types)
