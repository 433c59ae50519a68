"""Read the studies of results/reference, and write numbers and intervals as the documents do."""

from pathlib import Path

import pandas as pd

from odyssey.analysis import effects, verdicts

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "results" / "reference"


def read(study: str, name: str) -> pd.DataFrame:
    """Read a table of a study of results/reference."""
    return pd.read_csv(RESULTS / study / name)


def small(p: float) -> str:
    """Write a p value."""
    return "" if pd.isna(p) else "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def interval(low: float, high: float) -> str:
    """Write an interval, if there is one."""
    return "" if pd.isna(low) else f"{low:.2g} to {high:.2g}"


def with_interval(row: pd.Series, places: int, prefix: str = "") -> str:
    """Write an effect with its interval, of its family where the prefix says so."""
    low, high = row[f"{prefix}low"], row[f"{prefix}high"]
    text = f"{row['estimate']:+.{places}f}"
    return text if pd.isna(low) else f"{text} ({low:+.{places}f} to {high:+.{places}f})"


def margin(study: str) -> float:
    """Read the difference from vanilla that counts as none on the chorales, in nats."""
    return effects.margins(read(study, "effects.csv"))["jsb"]


def standing(tests: pd.DataFrame, study: str) -> list[str]:
    """Say of each row of a comparison with vanilla how it stands, by the study's margin."""
    none = margin(study)
    return [verdicts.standing(row, none) for row in tests.to_dict("records")]


def core_hours(study: str) -> float:
    """Add up what a study's trials took."""
    return float(read(study, "trials.csv")["train_seconds"].sum()) / 3600
