"""Best-path decoding and edit distance, held to plain definitions written down here again."""

from functools import cache
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odyssey.training.decoding import best_path, edit_distance

CLASSES = 4
BLANK = CLASSES - 1

paths = st.lists(st.integers(0, BLANK), min_size=1, max_size=30)
labels = st.lists(st.integers(0, 4), max_size=8)


def logits_of(path):
    """Outputs whose largest entry stands where the path says."""
    return np.eye(CLASSES, dtype=np.float32)[path]


def distance_by_definition(a, b):
    @cache
    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        return min(
            distance(i - 1, j) + 1,
            distance(i, j - 1) + 1,
            distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]),
        )

    return distance(len(a), len(b))


@given(paths)
def test_best_path_merges_repeats_and_then_drops_blanks(path):
    expected = [label for label, _ in groupby(path) if label != BLANK]
    assert best_path(logits_of(path)).tolist() == expected


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ([0, 0, 1], [0, 1]),
        ([0, BLANK, 0], [0, 0]),
        ([BLANK, BLANK], []),
        ([BLANK, 2, 2, BLANK, BLANK, 2, 1, 1], [2, 2, 1]),
    ],
)
def test_a_blank_between_equal_labels_keeps_both(path, decoded):
    assert best_path(logits_of(path)).tolist() == decoded


@given(labels, labels)
def test_edit_distance_is_the_fewest_insertions_deletions_and_substitutions(a, b):
    found = edit_distance(np.array(a, dtype=np.int64), np.array(b, dtype=np.int32))
    assert found == distance_by_definition(tuple(a), tuple(b))
