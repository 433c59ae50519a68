"""Intervals held against regions: inside, outside, or across an end."""

import math

import numpy as np
import pytest

from odyssey.analysis import verdicts
from odyssey.analysis.verdicts import CONTRADICTED, REPRODUCED, SAME, UNDECIDED, Region

MARGIN = 0.5


@pytest.mark.parametrize(
    ("low", "high", "region", "expected"),
    [
        (0.1, 0.3, Region(low=0.0), REPRODUCED),
        (-0.1, 0.3, Region(low=0.0), UNDECIDED),
        (-0.3, -0.1, Region(low=0.0), CONTRADICTED),
        (-0.9, 0.9, SAME, UNDECIDED),
        (-0.4, 0.4, SAME, REPRODUCED),
        (0.6, 0.9, SAME, CONTRADICTED),
        (-0.9, -0.6, Region(low=-1, margins=True), CONTRADICTED),
        (2, 2, Region(2, 2), REPRODUCED),
        (2, 3, Region(2, 2), UNDECIDED),
        (3, 4, Region(2, 2), CONTRADICTED),
        (np.nan, np.nan, Region(low=0.0), UNDECIDED),
    ],
)
def test_an_interval_is_inside_outside_or_across(low, high, region, expected):
    assert verdicts.verdict(low, high, region, MARGIN) == expected


@pytest.mark.parametrize("region", [Region(low=0.0), Region(high=0.0), Region(-1, 1), Region(2, 2)])
def test_the_narrower_of_two_intervals_around_a_number_decides_no_less(region):
    for middle in np.linspace(-3, 3, 13):
        ends = [(middle - half, middle + half) for half in (2.0, 1.0, 0.5, 0.1, 0.0)]
        known = [verdicts.verdict(low, high, region) for low, high in ends]
        decided = [made for made in known if made != UNDECIDED]
        assert len(set(decided)) <= 1
        assert known[len(known) - len(decided) :] == decided


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (Region(low=2 / 3), "above 2/3"),
        (Region(low=0.0), "above 0"),
        (Region(high=0.01), "below 0.01"),
        (Region(0.05, 0.2), "between 0.05 and 0.2"),
    ],
)
def test_a_region_is_worded_by_its_ends(region, words):
    assert str(region) == words


def test_the_ends_of_a_region_are_not_outside_of_it():
    assert [Region(1, 2).holds(value) for value in (0.9, 1, 2, 2.1)] == [False, True, True, False]
    assert Region(low=1).holds(math.inf)


@pytest.mark.parametrize(
    ("difference", "half", "significant", "word"),
    [
        (1.0, 0.5, True, "worse"),
        (-1.0, 0.5, True, "better"),
        (0.1, 0.3, False, "no different"),
        (0.1, 0.3, None, "no different"),
        (0.1, 0.5, False, "open"),
        (0.1, np.nan, None, ""),
    ],
)
def test_a_variant_stands_to_vanilla_as_its_interval_says(difference, half, significant, word):
    row = {"difference": difference, "significant": significant}
    ends = {"ci_low": difference - half, "ci_high": difference + half}
    assert verdicts.standing(row | ends, MARGIN) == word
