"""A study's tables and figures at hand, as in a notebook: what `odyssey.open_study` returns."""

import inspect
import os
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from odyssey import figures
from odyssey.analysis import budget, fanova, robustness, selection, tables, welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.config import Study
from odyssey.config_files import load_study

# What figures are drawn from, by the names that their parameters have.
DRAWN_FROM = {
    "distributions": "selection/distributions",
    "welch": "tests/welch",
    "marginals": "fanova/marginals",
    "importance": "fanova/importance",
    "interactions": "fanova/interactions",
    "expected": "budget/expected_best",
    "fronts": "budget/fronts",
    "trials": "trials",
    "curves": "curves",
    "best": "tables/best_trials",
    "robustness": "tests/robustness",
}
COLUMNS = {
    "selection/distributions": selection.DISTRIBUTION_COLUMNS,
    "tests/welch": welch.COLUMNS,
    "fanova/marginals": fanova.MARGINAL_COLUMNS,
    "fanova/importance": fanova.IMPORTANCE_COLUMNS,
    "fanova/interactions": fanova.INTERACTION_COLUMNS,
    "budget/expected_best": budget.COLUMNS,
    "budget/fronts": budget.FRONT_COLUMNS,
    "tables/best_trials": tables.BEST_COLUMNS,
    "tests/robustness": robustness.COLUMNS,
}
# Of the modules of figures: figure 2 shows a line of the features, the others help to draw.
NOT_FROM_TABLES = {"figure_2", "looks", "style", "typesetting"}


@dataclass(frozen=True)
class OpenStudy:
    """A study and the folder of its results.

    Parameters
    ----------
    settings : Study
    folder : pathlib.Path
    """

    settings: Study
    folder: Path

    @classmethod
    def of(cls, configfiles: Iterable[str | os.PathLike[str]]) -> "OpenStudy":
        """Open the study of some configuration files, in the working directory.

        Raises
        ------
        ConfigError, FileNotFoundError
            If the configuration is not right, or the study has not begun.
        """
        settings = load_study(list(configfiles))
        folder = Path("results", settings.study)
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {folder}: the study has not begun here")
        return cls(settings, folder)

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are there."""
        found = (path for path in self.folder.rglob("*") if path.suffix in (".csv", ".parquet"))
        return sorted(path.relative_to(self.folder).with_suffix("").as_posix() for path in found)

    @property
    def figures(self) -> list[str]:
        """Names of the figures that are drawn from tables."""
        modules = {module.name for module in pkgutil.iter_modules(figures.__path__)}
        return sorted(modules - NOT_FROM_TABLES)

    def table(self, name: str) -> pd.DataFrame:
        """Read a table by its path in the study's folder, without its ending.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        if name not in self.tables:
            raise FileNotFoundError(f"no table {name} in {self.folder}, but {self.tables}")
        path = self.folder / f"{name}.csv"
        if not path.exists():
            return pd.read_parquet(path.with_suffix(".parquet"))
        if name == "trials":
            return read_trials(path)
        return read_csv(path, COLUMNS.get(name, {}))

    def figure(self, name: str, **choices: Any) -> Figure:
        """Draw a figure as the workflow draws it.

        Parameters
        ----------
        name : str
            Such as ``figure_3``: a module of `odyssey.figures`.
        **choices
            Arguments of its `draw`, such as ``variant="CIFG"`` for figures 4 to 6; the others are
            the study's.

        Raises
        ------
        ValueError
            If there is no such figure.
        """
        if name not in self.figures:
            raise ValueError(f"no figure {name}, but {', '.join(self.figures)}")
        draw = import_module(f"odyssey.figures.{name}").draw
        study = self.settings
        known: dict[str, Callable[[], Any]] = {
            "tasks": lambda: study.descriptions,
            "surrogate": lambda: study.analysis.surrogate,
            "engine": lambda: selection.engines(self.table("trials")).get(
                choices.get("variant", "V"), ""
            ),
            "variants": lambda: study.variants,
            "own": lambda: study.cells,
            **{parameter: partial(self.table, table) for parameter, table in DRAWN_FROM.items()},
        }
        for parameter in inspect.signature(draw).parameters:
            if parameter in known and parameter not in choices:
                choices[parameter] = known[parameter]()
        figure: Figure = draw(**choices)
        return figure
