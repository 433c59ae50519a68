"""What the report shows of figures, tables and packages, read from where they are."""

import base64
import os
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import pandas as pd

# Those on whose versions results and pictures depend; reported are those that make the report.
PACKAGES = (
    "snakemake",
    "numpy",
    "scipy",
    "torch",
    "pandas",
    "fanova",
    "pyrfr",
    "scikit-learn",
    "matplotlib",
    "altair",
    "vl-convert-python",
)
IMAGE_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def read_images(paths: Iterable[str | os.PathLike]) -> dict[str, str]:
    """Read figures as the addresses of images that lie in the page itself.

    Parameters
    ----------
    paths : iterable of path-like
        SVG or PNG files.

    Returns
    -------
    dict of str to str
        From the files' names without suffix to data addresses, in the order of `paths`.

    Raises
    ------
    ValueError
        If a file is neither SVG nor PNG.
    """
    images = {}
    for path in map(Path, paths):
        if path.suffix not in IMAGE_TYPES:
            raise ValueError(f"{path}: a figure of the report must be .svg or .png")
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        images[path.stem] = f"data:{IMAGE_TYPES[path.suffix]};base64,{data}"
    return images


def read_tables(paths: Iterable[str | os.PathLike]) -> dict[str, pd.DataFrame]:
    """Read tables as they are printed; whole numbers stay whole where some are missing.

    Parameters
    ----------
    paths : iterable of path-like
        CSV files.

    Returns
    -------
    dict of str to pandas.DataFrame
        From the files' names without suffix, in the order of `paths`.
    """
    return {
        Path(path).stem: pd.read_csv(path, keep_default_na=False, na_values=[""]).convert_dtypes()
        for path in paths
    }


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Look up the versions of Python and of installed packages.

    Parameters
    ----------
    packages : iterable of str
        Those that are not installed are left out.

    Returns
    -------
    dict of str to str
    """
    found = {"Python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def setting_lines(configuration: Mapping) -> list[tuple[str, str]]:
    """Lay a configuration out, one line a key.

    Parameters
    ----------
    configuration : mapping
        Of keys to values or to further mappings.

    Returns
    -------
    list of (str, str)
        The key with those above it, parted by dots, and its value; keys without value are left out.
    """
    lines = []
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            lines += [(f"{key}.{below}", text) for below, text in setting_lines(value)]
        elif isinstance(value, list | tuple):
            lines += [(str(key), ", ".join(map(str, value)))] if value else []
        elif value is not None:
            lines.append((str(key), f"{value:g}" if isinstance(value, float) else str(value)))
    return lines
