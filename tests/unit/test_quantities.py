"""Numbers as a reader wants them."""

import math

import pytest

from odyssey import quantities


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (8.3812, "8.38"),
        (31.24, "31.2"),
        (1234.5, "1,234"),
        (0.0021, "0.00210"),
        (-0.5, "−0.500"),
        (0.00013, "1.3e−4"),
    ],
)
def test_a_number_in_a_sentence_has_up_to_three_digits(value, text):
    assert quantities.short(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.784, "78 %"), (0.0123, "1.2 %"), (0.0004, "under 0.1 %"), (0, "0.0 %"), (1, "100 %")],
)
def test_a_share_is_written_as_a_percentage(share, text):
    assert quantities.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(50, "50.0 seconds"), (600, "10.0 minutes"), (7200, "2.00 hours"), (86400 * 3, "3.00 days")],
)
def test_a_time_has_the_unit_that_suits_it(seconds, text):
    assert quantities.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (89, "89 seconds"),
        (600, "10 minutes"),
        (9000, "2.5 hours"),
        (1e6, "12 days"),
    ],
)
def test_a_guessed_time_has_two_digits(seconds, text):
    assert quantities.duration(seconds, 2) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123467, "0.01235"), (12345.6, "1.235e+04"), (3.0, "3"), (math.nan, "")]
)
def test_a_brief_number_has_as_many_digits_as_are_asked_for(value, text):
    assert quantities.brief(value, 4) == text


def test_one_of_a_thing_has_no_plural():
    assert quantities.count(1, "trial") == "1 trial"
    assert quantities.count(1800, "trial") == "1,800 trials"
    assert quantities.count(2, "search") == "2 searches"
