"""A study's tables and figures at hand, as in a notebook: what `odyssey.open_study` returns."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from odyssey import catalogue, results
from odyssey.config import Study
from odyssey.config_files import load_study


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
        return list(catalogue.figures(self.settings.kind, ["line", *self.settings.lacking]))

    def table(self, name: str) -> pd.DataFrame:
        """Read a table by its path in the study's folder, without its ending.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        if name not in self.tables:
            raise FileNotFoundError(f"no table {name} in {self.folder}, but {self.tables}")
        for result in results.RESULTS:
            files = results.files(result, str(self.folder))
            if [str(Path(file).with_suffix("")) for file in files] == [str(self.folder / name)]:
                return results.read(result, files)
        return pd.read_csv(self.folder / f"{name}.csv", keep_default_na=False)

    def figure(self, name: str, **choices: Any) -> Figure:
        """Draw a figure as the workflow draws it.

        Parameters
        ----------
        name : str
            Such as ``figure_3``.
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
        entry, study = catalogue.FIGURES[name], self.settings
        known = {
            "tasks": study.descriptions,
            "surrogate": study.analysis.surrogate,
            "variants": study.variants,
            "own": study.cells,
        }
        given = {key: known[key] for key in entry.settings}
        for result in entry.results:
            given[result] = results.read(result, results.files(result, str(self.folder)))
        figure: Figure = import_module(f"odyssey.figures.{name}").draw(**(given | choices))
        return figure
