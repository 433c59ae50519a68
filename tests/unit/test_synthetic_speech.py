import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from odyssey.corpora import speech_lexicon, synthetic_speech, timit
from odyssey.corpora.formant_synthesis import ARTICULATIONS
from odyssey.features import mfcc
from odyssey.tasks import read_settings

SIZES = {"train": 2, "validation": 1, "test": 1}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech") / "corpus"
    synthetic_speech.write(folder, seed=1, **SIZES, words=(3, 4))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_reader_of_timit_reads_it_and_finds_the_promised_counts(tmp_path):
    counts = synthetic_speech.write(tmp_path / "c", seed=1, **SIZES, words=(3, 4))
    utterances = timit.read(tmp_path / "c", source="synthetic", counts=counts)
    assert counts == (16, 8, 8)
    for utterance in utterances:
        assert np.abs(timit.load(utterance).samples).max() > 1000


def test_the_seed_fixes_every_byte(corpus):
    digest = hashlib.sha256()
    for name, content in contents(corpus).items():
        digest.update(name.encode() + content)
    # Recorded once; it must come out on any machine.
    assert digest.hexdigest() == "2ecb545197929aa7697fe1198029a581bfbee9f37d92a4a4cd637c7420714f5f"


def test_two_processes_write_the_same_bytes_as_one(corpus, tmp_path):
    synthetic_speech.write(tmp_path / "c", seed=1, **SIZES, words=(3, 4), processes=2)
    assert contents(tmp_path / "c") == contents(corpus)


def test_a_larger_corpus_contains_the_smaller_one(corpus, tmp_path):
    synthetic_speech.write(
        tmp_path / "c", seed=1, train=3, validation=1, test=2, words=(3, 4), processes=2
    )
    assert contents(corpus).items() < contents(tmp_path / "c").items()


def test_another_seed_says_something_else(corpus, tmp_path):
    synthetic_speech.write(
        tmp_path / "c", seed=2, train=1, validation=1, test=1, words=(3, 4), processes=2
    )
    ours, theirs = contents(corpus), contents(tmp_path / "c")
    assert not any(ours.get(name) == content for name, content in theirs.items())


def test_the_names_are_those_of_the_splits_and_never_twice_the_same():
    everyone = synthetic_speech.speakers(*synthetic_speech.MOST_SPEAKERS)
    names = [speaker.name for speaker in everyone]
    assert len(set(names)) == len(names) == 462 + 50 + 24
    tested = {speaker.name for speaker in everyone if speaker.part == "TEST"}
    assert tested == {*timit.VALIDATION_SPEAKERS, *timit.TEST_SPEAKERS}
    assert all(re.fullmatch(r"[FM][A-Z]{3}\d", name) for name in names)


def test_a_full_corpus_has_timits_speakers_in_each_region_of_the_train_part():
    everyone = synthetic_speech.speakers(*synthetic_speech.MOST_SPEAKERS)
    regions = [speaker.region for speaker in everyone if speaker.part == "TRAIN"]
    assert {str(n): regions.count(n) for n in range(1, 9)} == timit.TRAIN_REGIONS


def test_no_text_of_the_train_part_is_spoken_in_the_test_part():
    spoken = {"TRAIN": set(), "TEST": set()}
    for speaker in synthetic_speech.speakers(*synthetic_speech.MOST_SPEAKERS):
        names = synthetic_speech.sentences(speaker)
        assert len(set(names)) == 10
        spoken[speaker.part].update(name for name in names if not name.startswith("SA"))
    assert not spoken["TRAIN"] & spoken["TEST"]


def test_every_recording_is_sphere_and_names_the_corpus_as_synthetic(corpus):
    for path in corpus.rglob("*.WAV"):
        content = path.read_bytes()
        header = content[:1024].decode("ascii")
        assert header.startswith("NIST_1A\n   1024\n")
        assert "\ndatabase_id -s9 synthetic\n" in header
        assert header.rstrip().endswith("end_head")
        samples = np.frombuffer(content[1024:], dtype="<i2")
        assert f"\nsample_count -i {len(samples)}\n" in header
        assert f"\nsample_min -i {samples.min()}\nsample_max -i {samples.max()}\n" in header
        assert np.array_equal(soundfile.read(path, dtype="int16")[0], samples)


def test_words_text_and_phones_of_an_utterance_agree(corpus):
    for path in corpus.rglob("*.PHN"):
        phones = [line.split() for line in path.read_text().splitlines()]
        words = [line.split() for line in path.with_suffix(".WRD").read_text().splitlines()]
        begin, end, text = path.with_suffix(".TXT").read_text().split(maxsplit=2)
        boundaries = {int(start) for start, _, _ in phones}
        assert all(int(start) in boundaries and int(stop) in boundaries for start, stop, _ in words)
        assert phones[0][2] == phones[-1][2] == "h#"
        assert text.lower().strip(".\n").replace(",", "").split() == [word for *_, word in words]
        assert 3 <= len(words) <= 4
        assert int(begin) == 0
        # Labels run out before the audio does.
        assert int(phones[-1][1]) < int(end)
        assert int(end) == soundfile.info(path.with_suffix(".WAV")).frames


def test_the_lexicon_speaks_all_61_phones_and_each_can_be_articulated():
    pronounced = {p for ways in speech_lexicon.PRONUNCIATIONS.values() for way in ways for p in way}
    generator = np.random.default_rng(1)
    for word in speech_lexicon.PRONUNCIATIONS:
        pronounced.update(*speech_lexicon.pronounce(generator, [word]))
    assert pronounced | {"h#", "pau"} == set(timit.PHONES) == set(ARTICULATIONS)


@pytest.mark.parametrize("words", [*((n, n) for n in range(3, 12)), (5, 7)])
def test_a_sentence_has_as_many_words_as_asked_for(words):
    generator = np.random.default_rng(1)
    for _ in range(20):
        text = speech_lexicon.draw_text(generator, words)
        assert words[0] <= sum(word != "," for word in text) <= words[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train": 463}, "463 training speakers: there must be 1 to 462"),
        ({"validation": 0}, "0 validation speakers: there must be 1 to 50"),
        ({"test": 25}, "25 test speakers: there must be 1 to 24"),
        ({"words": (1, 2)}, "no sentence has 1 to 2 words: they have 3 to 11"),
    ],
)
def test_wrong_sizes_are_refused_and_nothing_is_written(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        synthetic_speech.write(tmp_path / "c", seed=1, **{**SIZES, "words": (3, 4), **wrong})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine").write_text("precious")
    with pytest.raises(ValueError, match="is not empty"):
        synthetic_speech.write(tmp_path / "c", seed=1, **SIZES, words=(3, 4))
    assert contents(tmp_path) == {"c/mine": b"precious"}


def test_an_interrupted_corpus_leaves_nothing_behind(tmp_path):
    def interrupt(done, _):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthetic_speech.write(tmp_path / "c", seed=1, **SIZES, words=(3, 4), progress=interrupt)
    assert not list(tmp_path.iterdir())


def test_single_frames_tell_much_but_not_all_of_the_phone(tmp_path):
    """Fisher's discriminant on single frames is far from the trivial predictor and from perfect."""
    counts = synthetic_speech.write(
        tmp_path / "c", seed=1, train=8, validation=1, test=1, words=(3, 6), processes=2
    )
    sequences = mfcc.sequences(
        timit.read(tmp_path / "c", "synthetic", counts),
        read_settings({"kind": "timit"}).description("timit"),
    )
    training = np.repeat(sequences.split == 0, sequences.lengths)
    x, labels = sequences.values[training].astype(np.float64), sequences.targets[training]
    of_class = np.eye(61)[labels]
    number = of_class.sum(axis=0)
    means = of_class.T @ x / np.maximum(number, 1)[:, None]
    within = np.cov((x - means[labels]).T)
    weights = np.linalg.solve(within, means.T)  # (39, 61)
    prior = np.log(np.maximum(number, 1e-9)) - 0.5 * np.sum(means.T * weights, axis=0)
    chosen = (sequences.values[~training] @ weights + prior).argmax(axis=1)
    error = np.mean(chosen != sequences.targets[~training])
    trivial = np.mean(sequences.targets[~training] != number.argmax())
    assert trivial > 0.8
    assert 0.35 < error < 0.65, error
