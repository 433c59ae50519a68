"""A study's configuration from files."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from odyssey.checks import budget_faults, check_corpora, planning_note, unknown_sizes
from odyssey.config import ConfigError, Study, read_study
from odyssey.yaml_keys import repeated


def load_study(paths: Sequence[str | os.PathLike[str]]) -> Study:
    """Read a study's configuration from files, of which a later one replaces what earlier ones say.

    Raises
    ------
    ConfigError
        If a file cannot be read, or the configuration is not right.
    """
    config: dict[str, Any] = {}
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
            content = yaml.safe_load(text)
            _check_keys(path, text)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: not YAML: {error}") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: holds no configuration, which is made of keys and values")
        config = _merged(config, content)
    return read_study(config)


def check_keys(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Make sure that no key stands twice in the files that Snakemake has read.

    What is no file here was fetched from elsewhere, and is left out.

    Raises
    ------
    ConfigError
        If one does; the message names the file, the key and both lines.
    """
    for path in paths:
        if Path(path).is_file():
            _check_keys(path, Path(path).read_text(encoding="utf-8"))


def _check_keys(path: str | os.PathLike[str], text: str) -> None:
    if found := repeated(text):
        raise ConfigError("\n".join(f"{path}: {each}: keep one of them" for each in found))


def study_or_exit(paths: Sequence[str | os.PathLike[str]], with_corpora: bool = False) -> Study:
    """Read a study's configuration for a command, which exits with its faults, a line each.

    With `with_corpora`, the corpora have to be where the study says.
    """
    try:
        study = load_study(paths)
        if with_corpora:
            check_corpora(study)
        elif study.search.parameters and (faults := budget_faults(study, unknown_sizes(study))):
            raise ConfigError("\n".join(faults))
    except ConfigError as error:
        sys.exit(f"Error in the configuration:\n{error}")
    if note := planning_note(study):
        print(note, file=sys.stderr)  # noqa: T201
    return study


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if both else value
    return merged
