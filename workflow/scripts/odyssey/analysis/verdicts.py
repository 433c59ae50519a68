"""Intervals held against regions: whether an effect lies where it should, or that is left open.

It does if the whole interval lies in the region, it does not if all of it lies outside, and nothing
is decided otherwise, so that nothing is gained by knowing little.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from odyssey.analysis.files import Row

REPRODUCED, CONTRADICTED, UNDECIDED = "reproduced", "contradicted", "undecided"
VERDICTS = (REPRODUCED, CONTRADICTED, UNDECIDED)
WORSE, BETTER, NO_DIFFERENT, OPEN = "worse", "better", "no different", "open"


def exactly(value: float) -> str:
    """Write a threshold in decimals, or as a fraction where they do not hold it."""
    text = f"{value:g}"
    return text if float(text) == value else str(Fraction(value).limit_denominator(1000))


@dataclass(frozen=True)
class Region:
    """Where an effect has to lie; its ends do not belong to it unless they are equal."""

    low: float = -math.inf
    high: float = math.inf
    margins: bool = False  # whether the ends are multiples of the task's margin of no difference

    def __str__(self) -> str:
        """Say where that is: ``above 2/3``."""
        low, high = exactly(self.low), exactly(self.high)
        if math.isinf(self.high):
            return f"above {low}"
        return f"below {high}" if math.isinf(self.low) else f"between {low} and {high}"

    def holds(self, value: float) -> bool:
        """Say whether a number lies in there, its ends included."""
        return self.low <= value <= self.high


SAME = Region(-1, 1, margins=True)


def verdict(low: float, high: float, region: Region, margin: float = 1.0) -> str:
    """Hold an interval, its ends included, against a region; which of `VERDICTS` that gives.

    Where the region is in margins, `margin` is the task's.
    """
    scale = margin if region.margins else 1.0
    bottom, top = region.low * scale, region.high * scale
    if bottom == top:
        inside, outside = low == high == bottom, high < bottom or low > top
    else:
        inside, outside = bottom < low and high < top, high <= bottom or low >= top
    return REPRODUCED if inside else CONTRADICTED if outside else UNDECIDED


def is_found(row: Row) -> bool:
    """Say whether a comparison found a difference; one that could not be made found none."""
    return bool(pd.notna(row["significant"]) and row["significant"])


def differs(tests: pd.DataFrame, by: str = "") -> pd.Series:
    """Say of each comparison whether it found a difference, by the paper's test ``paper_``."""
    return tests[f"{by}significant"].astype("boolean").fillna(value=False).astype(bool)


def standing(row: Row, margin: float) -> str:
    """Say how a variant stands to vanilla, by a row of `welch.compare` and the task's margin.

    ``worse`` or ``better`` if the difference is significant, ``no different`` if its interval lies
    within the margin to both sides, else ``open``; empty if there is no interval.
    """
    if pd.isna(row["ci_low"]):
        return ""
    if is_found(row):
        return WORSE if row["difference"] > 0 else BETTER
    inside = verdict(row["ci_low"], row["ci_high"], SAME, margin) == REPRODUCED
    return NO_DIFFERENT if inside else OPEN
