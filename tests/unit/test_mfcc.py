from pathlib import Path

import numpy as np
import pytest
import soundfile

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.timit import PHONES, Utterance
from odyssey.features import mfcc
from odyssey.features.sequences import load, save
from odyssey.tasks import read_settings

RATE, WINDOW, STEP = 16000, 400, 160
LDC = read_settings({"kind": "timit", "source": "ldc93s1", "path": "."}).description("timit")
STAND_IN = read_settings({"kind": "timit"}).description("timit")


def sound(seed: int, samples: int = 8000) -> np.ndarray:
    """Noise and a gliding tone, so that all filters are excited and change."""
    generator = np.random.default_rng(seed)
    time = np.arange(samples) / RATE
    glide = 3000 * np.sin(2 * np.pi * (300 + 2000 * time) * time)
    return (glide + 500 * generator.standard_normal(samples)).astype(np.int16)


def cepstra_by_definition(samples: np.ndarray) -> np.ndarray:
    """Compute MFCC 1 to 12 and the log energy by the HTK Book's sums, in double precision."""
    centres = np.linspace(0, 1127 * np.log(1 + RATE / 2 / 700), 28)  # mel, 26 filters and two ends
    frequencies = np.arange(256) * RATE / 512
    mel = 1127 * np.log(1 + frequencies / 700)
    filters = np.maximum(
        0,
        np.minimum(
            (mel - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None],
            (centres[2:, None] - mel) / (centres[2:] - centres[1:-1])[:, None],
        ),
    )
    n = np.arange(WINDOW)
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * n / (WINDOW - 1))
    fourier = np.exp(-2j * np.pi * np.outer(np.arange(256), n) / 512)
    k = np.arange(1, 13)
    cosine = np.sqrt(2 / 26) * np.cos(np.pi / 26 * np.outer(k, np.arange(26) + 0.5))
    lifter = 1 + 11 * np.sin(np.pi * k / 22)
    rows = []
    for start in range(0, len(samples) - WINDOW + 1, STEP):
        x = samples[start : start + WINDOW].astype(np.float64)
        emphasised = x - 0.97 * np.concatenate([x[:1], x[:-1]])
        power = np.abs(fourier @ (hamming * emphasised)) ** 2
        row = lifter * (cosine @ np.log(filters @ power))
        rows.append([*row, np.log(x @ x)])
    return np.array(rows)


def slope(values: np.ndarray, t: int) -> np.ndarray:
    """Fit a line to five frames by least squares; beyond the ends the last frame is repeated."""
    around = values[np.clip(np.arange(t - 2, t + 3), 0, len(values) - 1)]
    return np.polyfit(np.arange(-2, 3), around, 1)[0]


def test_the_cepstra_are_those_of_the_htk_books_definition():
    samples = sound(1)
    values = mfcc.mfcc(samples)
    expected = cepstra_by_definition(samples)
    assert values.shape == (1 + (8000 - WINDOW) // STEP, 39)
    # The library computes in single precision: a cepstral coefficient sums 26 logarithms of about
    # 20, each good to some 1e-6 of itself, and is raised by the lifter up to 12 times.
    np.testing.assert_allclose(values[:, :13], expected, rtol=0, atol=26 * 20 * 1e-6 * 12)


def test_the_derivatives_are_slopes_of_the_line_fitted_to_five_frames():
    values = mfcc.mfcc(sound(2)).astype(np.float64)
    static, first, second = values[:, :13], values[:, 13:26], values[:, 26:]
    frames = len(values)
    # Single precision, values up to about 100.
    np.testing.assert_allclose(first, [slope(static, t) for t in range(frames)], atol=1e-4)
    # At the ends the library repeats frames, not slopes; away from them both are the same.
    inner = range(4, frames - 4)
    np.testing.assert_allclose(second[4:-4], [slope(first, t) for t in inner], atol=1e-4)


def test_at_the_ends_frames_are_repeated_as_kaldi_does_and_not_slopes_as_htk_does():
    values = mfcc.mfcc(sound(4)).astype(np.float64)
    static, second = values[:, :13], values[:, 26:]
    around = np.pad(static, ((4, 4), (0, 0)), mode="edge")
    slopes = np.array([slope(around, t) for t in range(len(around))])
    kaldi = np.array([slope(slopes, t) for t in range(4, len(around) - 4)])
    np.testing.assert_allclose(second, kaldi, atol=1e-4)
    slopes = np.array([slope(static, t) for t in range(len(static))])
    htk = np.array([slope(slopes, t) for t in range(len(static))])
    differs = np.abs(second - htk).max(axis=1)
    assert np.flatnonzero(differs > 1e-3).tolist() == [0, 1, len(static) - 2, len(static) - 1]


def test_the_same_audio_always_gives_the_same_features():
    assert np.array_equal(mfcc.mfcc(sound(3)), mfcc.mfcc(sound(3)))


def test_digital_silence_has_finite_features():
    assert np.isfinite(mfcc.mfcc(np.zeros(4000, dtype=np.int16))).all()


def labels_sample_by_sample(boundaries, phones) -> list[int]:
    """Count each window's samples of each phone, one by one."""
    of_sample = np.repeat(phones, np.diff(boundaries))
    labels = []
    for start in range(0, len(of_sample) - WINDOW + 1, STEP):
        window = of_sample[start : start + WINDOW]
        labels.append(max(dict.fromkeys(window), key=lambda phone: int(np.sum(window == phone))))
    return labels


@pytest.mark.parametrize("seed", range(5))
def test_a_frames_label_is_the_phone_that_covers_most_of_its_window(seed):
    generator = np.random.default_rng(seed)
    boundaries = np.concatenate([[0], np.cumsum(generator.integers(20, 900, size=30))])
    phones = generator.permutation(61)[:30].astype(np.int32)
    labels = mfcc.frame_labels(boundaries, phones)
    assert labels.tolist() == labels_sample_by_sample(boundaries, phones)


def test_of_two_phones_that_cover_the_same_the_first_is_the_label():
    assert mfcc.frame_labels(np.array([0, 200, 400]), np.array([7, 3], dtype=np.int32)) == [7]


def write_utterance(
    folder: Path, split: str, name: str, samples: np.ndarray, end: int
) -> Utterance:
    audio, labels = folder / f"{name}.WAV", folder / f"{name}.PHN"
    soundfile.write(audio, samples, RATE, format="NIST", subtype="PCM_16", endian="LITTLE")
    labels.write_text(f"0 {end // 2} iy\n{end // 2} {end} h#\n")
    return Utterance(name, split, str(audio), str(labels))


@pytest.fixture
def utterances(tmp_path):
    splits = ["train"] * 6 + ["validation"] * 2 + ["test"]
    return [
        write_utterance(tmp_path, split, f"U{n}", sound(n, 4000 + 300 * n), 3900 + 300 * n)
        for n, split in enumerate(splits)
    ]


def test_audio_after_the_last_label_is_cut(tmp_path):
    samples = sound(1)
    short = write_utterance(tmp_path, "train", "A", samples, 6000)
    other = samples.copy()
    other[6000:] = 0
    silenced = write_utterance(tmp_path, "train", "B", other, 6000)
    values, labels = mfcc.extract(short)
    assert len(values) == len(labels) == 1 + (6000 - WINDOW) // STEP
    assert np.array_equal(values, mfcc.extract(silenced)[0])


def test_the_training_set_alone_sets_mean_and_deviation(utterances):
    sequences = mfcc.sequences(utterances, LDC)
    training = sequences.values[: sequences.lengths[sequences.indices("train")].sum()]
    # float32 values of order 1
    np.testing.assert_allclose(training.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(training.std(axis=0), 1, atol=1e-5)
    fewer = mfcc.sequences(utterances[:6], LDC)
    assert np.array_equal(fewer.values, training)


def test_sequences_say_what_they_are(utterances):
    sequences = mfcc.sequences(utterances, LDC)
    d = sequences.description
    assert (d.task, d.source, d.synthetic, d.loss) == ("timit", "ldc93s1", False, "softmax")
    assert (d.outputs, d.directions, d.measure) == (61, 2, "frame error (%)")
    assert sequences.inputs == 39
    assert sequences.split.tolist() == [0] * 6 + [1] * 2 + [2]
    assert sequences.names.tolist() == [f"U{n}" for n in range(9)]
    assert set(sequences.targets) == {PHONES.index("h#"), PHONES.index("iy")}


def test_a_stand_in_is_marked_as_one(utterances):
    assert mfcc.sequences(utterances, STAND_IN).description.synthetic


def test_a_feature_that_never_changes_is_zero(tmp_path):
    one_window = write_utterance(tmp_path, "train", "A", sound(1, WINDOW), WINDOW)
    assert not mfcc.sequences([one_window], LDC).values.any()


def test_any_number_of_processes_gives_the_same_sequences(utterances, tmp_path):
    save(mfcc.sequences(utterances, LDC, processes=1), tmp_path / "1.npz")
    save(mfcc.sequences(utterances, LDC, processes=2), tmp_path / "2.npz")
    one, two = load(tmp_path / "1.npz"), load(tmp_path / "2.npz")
    for part in ("values", "lengths", "targets", "target_lengths", "split", "names"):
        assert np.array_equal(getattr(one, part), getattr(two, part))


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_is_told_of_every_utterance(utterances, processes):
    told = []
    mfcc.sequences(utterances, LDC, processes, lambda *done: told.append(done))
    assert told == [(n, 9) for n in range(1, 10)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_damaged_file_stops_the_extraction_and_the_first_in_order_is_named(utterances, processes):
    for damaged in (7, 3):
        Path(utterances[damaged].labels).write_text("")
    with pytest.raises(CorpusError, match=r"U3\.PHN is empty"):
        mfcc.sequences(utterances, LDC, processes)


def test_labels_shorter_than_a_window_are_named(tmp_path):
    utterance = write_utterance(tmp_path, "train", "A", sound(1, 800), 398)
    with pytest.raises(CorpusError, match=r"A\.PHN: the labels cover 398 samples, less than one"):
        mfcc.extract(utterance)
