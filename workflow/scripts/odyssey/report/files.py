"""What the report shows of figures, tables and packages, read from where they are."""

import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

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
# Nothing of this is seen: comments, the names of types, and what says who drew it.
UNSEEN = re.compile(r"<!--.*?-->|<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", re.DOTALL)
PATH = re.compile(r'(?<= d=")[^"]*')
PLACE = re.compile(r'translate\([^)]*\)|(?<= [xy]=")[^"]*')
COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6, "z": 0}
# Of a point, or of a letter's own units, which are smaller: no screen shows them.
BEYOND_HUNDREDTHS = re.compile(r"(\.\d\d)\d+")
SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)pt" height="([\d.]+)pt"')


@dataclass(frozen=True)
class Picture:
    """A figure that lies in the page itself.

    Parameters
    ----------
    address : str
        The whole figure, as the address of an image.
    width, height : float
        As it is printed, in points.
    """

    address: str
    width: float
    height: float


def read_pictures(paths: Iterable[str | os.PathLike[str]]) -> dict[str, Picture]:
    """Read figures into the page.

    Parameters
    ----------
    paths : iterable of path-like
        SVG files as `figures.style.save` writes them.

    Returns
    -------
    dict of str to Picture
        From the files' names without suffix, in the order of `paths`.

    Raises
    ------
    ValueError
        If a file is no such SVG.
    """
    pictures = {}
    for path in map(Path, paths):
        size = SIZE.search(path.read_text(encoding="utf-8")) if path.suffix == ".svg" else None
        if size is None:
            raise ValueError(f"{path}: a figure of the report must be a .svg with its size in pt")
        drawing = shortened(path.read_text(encoding="utf-8"))
        # Base64 would be a third longer. These letters alone would end the address, or its quotes.
        quoted = drawing.replace("'", "&apos;").replace('"', "'")
        escaped = quoted.replace("%", "%25").replace("#", "%23")
        address = f"data:image/svg+xml;charset=utf-8,{escaped}"
        pictures[path.stem] = Picture(address, float(size[1]), float(size[2]))
    return pictures


def shortened(drawing: str) -> str:
    """Leave out of a drawing what a screen does not show, and say the rest shortly.

    Parameters
    ----------
    drawing : str
        SVG with its attributes in double quotes.

    Returns
    -------
    str
        The same picture to hundredths of a point; a study's together have two thirds of the size.
    """
    drawing = re.sub(r">\s+<", "><", UNSEEN.sub("", drawing).strip())
    drawing = PLACE.sub(lambda place: BEYOND_HUNDREDTHS.sub(r"\1", place[0]), drawing)
    return PATH.sub(lambda path: _shortened_path(path[0]), drawing)


def _shortened_path(path: str) -> str:
    """Say where a path goes from where it is: whole hundredths, which do not add up to an error."""
    commands = COMMAND.findall(path)
    if any(len(numbers.split()) != NUMBERS.get(letter) for letter, numbers in commands):
        return path  # matplotlib writes none such
    said, before = [], ""
    x = y = begun_x = begun_y = 0
    for letter, numbers in commands:
        places = [round(100 * float(number)) for number in numbers.split()]
        steps = [at - (y if odd % 2 else x) for odd, at in enumerate(places)]
        if letter == "z":
            x, y = begun_x, begun_y
        else:
            x, y = places[-2:]
        if letter == "M":
            begun_x, begun_y = x, y
        written = "".join(map(_hundredths, steps))
        # A letter is understood where it is that of before; after a move, that of a line.
        understood = letter != "M" and letter == before.replace("M", "L")
        said.append(written if understood else letter.lower() + written.lstrip())
        before = letter
    return "".join(said)


def _hundredths(number: int) -> str:
    """Write a number of hundredths, with a space before it unless it has a sign."""
    whole, rest = divmod(abs(number), 100)
    part = f".{rest:02}".rstrip("0").rstrip(".")
    return ("-" if number < 0 else " ") + (f"{whole}{part}" if whole or not rest else part)


def read_tables(paths: Iterable[str | os.PathLike[str]]) -> dict[str, pd.DataFrame]:
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
    """
    found = {"Python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def setting_lines(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
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
