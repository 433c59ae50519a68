"""Pen strokes as features: worked by hand, and held to invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.iam import ALPHABET, Line
from odyssey.features.sequences import load, save
from odyssey.features.strokes import pen_features, sequences, standardise
from odyssey.tasks import read_settings

IAM = read_settings({"kind": "iam"}).description("iam")


def line_of(text="ab", split="train", name="a01-000u-01", points=None, stroke_lengths=None):
    if points is None:
        points = np.column_stack([np.arange(12.0) ** 2, 3.0 * np.arange(12), np.arange(12) / 66])
        stroke_lengths = [12]
    return Line(name, f"corpus/{name}.xml", split, text, points, np.array(stroke_lengths))


def test_every_second_point_is_described_by_step_time_and_pen_lift():
    points = np.array(
        [
            # first stroke: its 1st, 3rd and 5th point are kept
            [100, 200, 7.00],
            [101, 201, 7.02],
            [104, 199, 7.03],
            [109, 190, 7.05],
            [110, 191, 7.06],
            # second stroke: a dot
            [150, 180, 7.30],
            # third stroke: its 1st point alone is kept
            [90, 210, 7.50],
            [95, 215, 7.52],
        ]
    )
    expected = [
        [0, 0, 0.00, 0],
        [4, -1, 0.03, 0],
        [6, -8, 0.06, 1],
        [40, -11, 0.00, 1],
        [-60, 30, 0.00, 1],
    ]
    # float32 holds numbers below 64 to 4e-6.
    np.testing.assert_allclose(pen_features(points, np.array([5, 1, 2])), expected, atol=4e-6)


def test_a_time_that_stands_still_or_steps_back_never_lowers_the_feature():
    times = [5.00, 5.03, 5.03, 5.01, 5.02, 5.02, 5.06]
    points = np.column_stack([np.zeros(7), np.zeros(7), times])
    time = pen_features(points, np.array([7]))[:, 2]
    np.testing.assert_allclose(time, [0.00, 0.03, 0.03, 0.06], atol=4e-7)


def test_a_time_that_jumps_ahead_within_a_stroke_goes_on_where_it_was():
    times = [769.00, 769.03, 1842.03, 1842.06, 1842.09, 1.0, 9.5, 19.0]
    points = np.column_stack([np.zeros(8), np.zeros(8), times])
    time = pen_features(points, np.array([5, 3]))[:, 2]
    # A pen may rest for less than ten seconds, as in the second stroke.
    np.testing.assert_allclose(time, [0.00, 0.03, 0.09, 0.00, 18.0], atol=4e-7)


def test_a_clock_that_steps_back_and_returns_has_not_jumped():
    times = [500.00, 500.03, 0.00, 0.03, 500.09]
    points = np.column_stack([np.zeros(5), np.zeros(5), times])
    time = pen_features(points, np.array([5]))[:, 2]
    np.testing.assert_allclose(time, [0.00, 0.03, 0.09], atol=4e-7)


def test_lines_in_which_the_clock_jumps_are_named_with_the_seconds(caplog):
    times = np.array([[5.0, 5.1, 1078.1, 1078.2, 1078.2], [5.0, 5.1, 5.2, 2000.0, 2000.1]])
    lines = []
    for name, time, lengths in zip(("j01-049-02", "a"), times, ([5], [3, 2]), strict=True):
        points = np.column_stack([np.arange(5.0), np.arange(5.0), time])
        lines.append(line_of("a", name=name, points=points, stroke_lengths=lengths))
    made = sequences(lines, IAM)
    assert made.values[:, 2].max() < 1
    assert caplog.messages == [
        "the clock jumps ahead within a stroke, which counts as no time at all, in "
        "j01-049-02 (1073 s)"
    ]


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.data())
def test_features_keep_half_the_points_every_stroke_and_the_whole_way(stroke_lengths, data):
    shape = (sum(stroke_lengths), 3)
    points = data.draw(npst.arrays(float, shape, elements=st.integers(-999, 999))).astype(float)
    features = pen_features(points, np.array(stroke_lengths))
    assert len(features) == sum((length + 1) // 2 for length in stroke_lengths)
    assert features[:, 3].sum() == len(stroke_lengths)
    assert features[-1, 3] == 1
    assert (features[:, 2] >= 0).all()
    ends = np.cumsum(stroke_lengths)
    last_kept = ends[-1] - 1 - (stroke_lengths[-1] + 1) % 2
    np.testing.assert_array_equal(features[:, :2].sum(0), points[last_kept, :2] - points[0, :2])


def test_sequences_are_what_a_ctc_network_of_the_paper_reads(tmp_path):
    lines = [
        line_of("cab", name="a01-000u-01"),
        line_of("?", "validation", "k01-000u-01"),
        line_of("Z ", "test", "p01-000u-01"),
    ]
    save(sequences(lines, IAM), tmp_path / "iam.npz")
    made = load(tmp_path / "iam.npz")
    d = made.description
    assert (d.task, d.source, d.synthetic, d.loss) == ("iam", "synthetic", True, "ctc")
    assert (d.outputs, d.directions, d.measure) == (82, 2, "character error rate (%)")
    assert made.inputs == 4
    assert made.lengths.tolist() == [6, 6, 6]
    assert made.target_lengths.tolist() == [3, 1, 2]
    assert "".join(ALPHABET[label] for label in made.targets) == "cab?Z "
    assert made.split.tolist() == [0, 1, 2]
    assert made.names.tolist() == [line.name for line in lines]


def test_without_standardisation_values_are_device_units_and_seconds():
    line = line_of()
    made = sequences([line], IAM)
    np.testing.assert_array_equal(made.values, pen_features(line.points, line.stroke_lengths))


def test_standardisation_knows_the_training_frames_alone_and_leaves_the_pen_lift():
    generator = np.random.default_rng(3)
    values = generator.normal([5, -20, 0.1, 0], [30, 40, 0.05, 1], (4000, 4)).astype(np.float32)
    values[:, 3] = values[:, 3] > 0
    training = np.arange(4000) < 3000
    values[~training] += 1
    scaled = standardise(values, training)
    # Of 3000 float32 numbers of size 1, rounding moves mean and deviation by far less than 1e-5.
    np.testing.assert_allclose(scaled[training, :3].mean(0, dtype=float), 0, atol=1e-5)
    np.testing.assert_allclose(scaled[training, :3].std(0, dtype=float), 1, atol=1e-5)
    np.testing.assert_array_equal(scaled[:, 3], values[:, 3])
    changed = values.copy()
    changed[~training] = 0
    np.testing.assert_array_equal(standardise(changed, training)[training], scaled[training])


def test_standardisation_leaves_a_feature_that_never_changes_finite():
    values = np.ones((5, 4), dtype=np.float32)
    assert np.isfinite(standardise(values, np.ones(5, dtype=bool))).all()


@pytest.mark.parametrize(("text", "needed"), [("abcdefg", 7), ("aabb", 6), ("aaaa", 7)])
def test_a_text_longer_than_its_strokes_is_reported_with_the_file(text, needed):
    # 12 points leave 6; equal neighbours need a blank between them.
    if needed <= 6:
        assert sequences([line_of(text)], IAM).target_lengths.tolist() == [4]
        return
    with pytest.raises(CorpusError, match=rf"corpus/a01-000u-01\.xml.*needs {needed} .* only 6 "):
        sequences([line_of(text)], IAM)
