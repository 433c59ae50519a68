import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from timit_files import (
    AUDIO,
    lower_case,
    sphere,
    write_nltk_sample,
    write_riff,
    write_speaker,
    write_utterance,
)

from odyssey.corpora import timit
from odyssey.corpora.errors import CorpusError


@pytest.fixture
def corpus(tmp_path):
    """One speaker in each split, and one in none."""
    for place in ("TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0", "TEST/DR1/MDAB0", "TEST/DR1/MXYZ0"):
        write_speaker(tmp_path / "TIMIT" / place)
    return tmp_path / "TIMIT"


def read_small(root):
    return timit.read(root, source="synthetic", counts=(8, 8, 8))


def utterance(corpus: Path) -> timit.Utterance:
    return next(u for u in read_small(corpus) if u.name == "TEST/DR1/FAKS0/SX93")


def test_the_61_phones_and_the_sets_of_speakers_are_complete():
    assert len(set(timit.PHONES)) == 61
    assert len(set(timit.TEST_SPEAKERS)) == 24
    assert len(set(timit.VALIDATION_SPEAKERS)) == 50
    assert not set(timit.TEST_SPEAKERS) & set(timit.VALIDATION_SPEAKERS)
    assert sum(timit.TRAIN_REGIONS.values()) == 462


def test_the_splits_leave_out_sa_sentences_and_the_speakers_of_neither_set(corpus):
    utterances = read_small(corpus)
    assert [u.split for u in utterances] == ["train"] * 8 + ["validation"] * 8 + ["test"] * 8
    assert {u.name.rpartition("/")[0] for u in utterances} == {
        "TRAIN/DR1/FCJF0",
        "TEST/DR1/FAKS0",
        "TEST/DR1/MDAB0",
    }
    assert not any(u.name.rpartition("/")[2].startswith("SA") for u in utterances)


def test_a_lower_case_copy_gives_the_same_utterances_as_one_in_capitals(corpus):
    names = [u.name for u in read_small(corpus)]
    lower_case(corpus)
    assert (corpus / "train" / "dr1" / "fcjf0" / "sx93.wav").exists()
    assert [u.name for u in read_small(corpus)] == names


def test_a_copy_of_mixed_case_gives_the_same_utterances(corpus):
    names = [u.name for u in read_small(corpus)]
    lower_case(corpus / "TEST" / "DR1" / "FAKS0")
    (corpus / "TRAIN").rename(corpus / "Train")
    assert [u.name for u in read_small(corpus)] == names


def test_the_corpus_is_found_from_up_to_two_levels_above(corpus):
    assert read_small(corpus.parent) == read_small(corpus)
    (corpus.parent / "data").mkdir()
    corpus.rename(corpus.parent / "data" / "timit")
    assert len(read_small(corpus.parent)) == 24


def test_further_files_of_circulating_copies_are_no_utterances(corpus):
    folder = corpus / "TRAIN" / "DR1" / "FCJF0"
    shutil.copy(folder / "SX93.WAV", folder / "SX93.WAV.wav")
    (folder / "._SX93.WAV").write_bytes(b"")
    (folder / "SX93.TXT").write_text("0 2000 Yes.\n")
    assert len(read_small(corpus)) == 24


def skeleton(root: Path) -> Path:
    """Write the four files of all 6300 utterances of TIMIT, a few bytes each."""
    train = (
        f"TRAIN/DR{region}/{'FM'[n % 2]}A{chr(65 + n // 26)}{chr(65 + n % 26)}{region}"
        for region, speakers in timit.TRAIN_REGIONS.items()
        for n in range(speakers)
    )
    known = timit.VALIDATION_SPEAKERS + timit.TEST_SPEAKERS
    others = [f"FZ{chr(65 + n // 26)}{chr(65 + n % 26)}0" for n in range(94)]
    test = [f"TEST/DR{1 + n % 8}/{name}" for n, name in enumerate((*known, *others))]
    sentences = ("SA1", "SA2", "SX3", "SX93", "SX183", "SX273", "SX363", "SI453", "SI1083", "SI9")
    for place in (*train, *test):
        (root / place).mkdir(parents=True)
        for name in sentences:
            for kind in ("WAV", "PHN", "WRD", "TXT"):
                (root / place / f"{name}.{kind}").write_bytes(b"0 1 h#\n")
    return root


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    return skeleton(tmp_path_factory.mktemp("timit"))


def test_a_full_size_skeleton_has_the_papers_3696_400_and_192_utterances(full_size):
    assert len(list(full_size.rglob("*.WAV"))) == 6300
    splits = [u.split for u in timit.read(full_size)]
    assert [splits.count(split) for split in timit.SPLITS] == [3696, 400, 192]


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("TEST/DR1/FAKS0", "validation has 392 utterances instead of 400; missing: TEST/…/FAKS0"),
        ("TRAIN/DR3/FAAA3", "missing: 1 of the 76 speakers in TRAIN/DR3"),
        ("TRAIN/DR3/FAAA3/SX3.PHN", "missing: TRAIN/DR3/FAAA3/SX3.PHN"),
        ("TRAIN/DR3/FAAA3/SX3.WAV", "train has 3695 utterances instead of 3696; missing: TRAIN/"),
        ("TRAIN/DR3/FAAA3/SX3.*", "missing: 1 of the 8 SI and SX sentences in TRAIN/DR3/FAAA3"),
        ("TEST", "has no folder TEST"),
    ],
)
def test_what_a_copy_lacks_is_named(full_size, tmp_path, lost, message):
    paths = list(full_size.glob(lost))
    assert paths
    aside = tmp_path / "aside"
    aside.mkdir()
    for path in paths:
        path.rename(aside / path.name)
    try:
        with pytest.raises(CorpusError) as caught:
            timit.read(full_size)
    finally:
        for path in paths:
            (aside / path.name).rename(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_of_many_missing_files_the_first_are_named_and_the_rest_counted(corpus):
    for path in (corpus / "TRAIN" / "DR1" / "FCJF0").glob("*.PHN"):
        path.unlink()
    with pytest.raises(CorpusError, match=r"FCJF0/SI1083\.PHN, .* and 3 more"):
        read_small(corpus)


def test_a_surplus_of_utterances_is_reported(corpus):
    write_utterance(corpus / "TRAIN" / "DR1" / "FCJF0", "SX999")
    with pytest.raises(CorpusError, match="train has 9 utterances instead of 8"):
        read_small(corpus)


def test_without_expected_counts_an_empty_split_is_still_a_fault(corpus):
    shutil.rmtree(corpus / "TEST" / "DR1" / "MDAB0")
    with pytest.raises(CorpusError, match="test has 0 utterances"):
        timit.read(corpus, source="synthetic")


def test_a_folder_that_is_no_corpus_is_named(tmp_path):
    with pytest.raises(CorpusError, match="holds no folders TRAIN and TEST"):
        timit.read(tmp_path)
    with pytest.raises(CorpusError, match=r"nowhere cannot be read: No such file"):
        timit.read(tmp_path / "nowhere")


def test_a_file_in_two_cases_is_named(corpus):
    folder = corpus / "TRAIN" / "DR1" / "FCJF0"
    shutil.copy(folder / "SX93.WAV", folder / "sx93.wav")
    with pytest.raises(CorpusError, match=r"FCJF0 has SX93\.WAV 2 times"):
        read_small(corpus)


def test_a_speaker_in_two_regions_is_named(corpus):
    shutil.copytree(corpus / "TEST/DR1/FAKS0", corpus / "TEST/DR2/FAKS0")
    with pytest.raises(CorpusError, match="speaker FAKS0 stands already in TEST/DR1/FAKS0"):
        read_small(corpus)


@pytest.mark.parametrize("stranger", ["TRAIN/DR9", "TRAIN/DR1/NOTES"])
def test_a_folder_that_does_not_belong_is_named(corpus, stranger):
    (corpus / stranger).mkdir()
    with pytest.raises(CorpusError, match=f"{stranger} is not a "):
        read_small(corpus)


def test_an_unknown_source_is_refused_with_the_known_ones(corpus):
    with pytest.raises(ValueError, match="allowed are ldc93s1, nltk, synthetic"):
        timit.read(corpus, source="ldc")


def test_the_nltk_sample_is_split_by_speaker_with_all_regions_and_both_sexes_in_training(tmp_path):
    write_nltk_sample(tmp_path)
    utterances = timit.read(tmp_path, source="nltk")
    speakers = {
        split: {u.name.partition("/")[0] for u in utterances if u.split == split}
        for split in timit.SPLITS
    }
    assert {split: len(names) for split, names in speakers.items()} == {
        "train": 12,
        "validation": 2,
        "test": 2,
    }
    assert not speakers["train"] & (speakers["validation"] | speakers["test"])
    assert {name[:3] for name in speakers["train"]} == {f"DR{n}" for n in range(1, 9)}
    for split in timit.SPLITS:
        sexes = [name[4] for name in speakers[split]]
        assert sexes.count("F") == sexes.count("M")
    assert np.array_equal(timit.load(utterances[0]).samples, AUDIO)


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_speaker_that_the_nltk_sample_lacks_is_named(tmp_path, case):
    write_nltk_sample(tmp_path)
    for name in ("dr1-fvmh0", "dr4-maeb0"):
        shutil.rmtree(tmp_path / name)
    (tmp_path / "dr5-mbgt0").rename(tmp_path / case("dr5-mbgt0"))
    with pytest.raises(CorpusError) as caught:
        timit.read(tmp_path, source="nltk")
    assert str(caught.value) == (
        f"{tmp_path}: train has 80 utterances instead of 96; missing: dr1-fvmh0, dr4-maeb0"
    )


def test_a_speaker_that_is_not_the_nltk_samples_is_named(tmp_path):
    write_nltk_sample(tmp_path)
    write_speaker(tmp_path / "dr1-fcjf0")
    with pytest.raises(CorpusError, match="dr1-fcjf0 is none of the 16 speakers of the NLTK"):
        timit.read(tmp_path, source="nltk")


def test_a_folder_without_the_nltk_samples_speakers_is_named(tmp_path):
    with pytest.raises(CorpusError, match="holds no speaker's folder such as dr1-fvmh0"):
        timit.read(tmp_path, source="nltk")


def test_a_recording_has_the_files_samples_boundaries_and_phones(corpus):
    recording = timit.load(utterance(corpus))
    assert np.array_equal(recording.samples, AUDIO)
    assert recording.boundaries.tolist() == [0, 480, 1200, 1900]
    assert [timit.PHONES[label] for label in recording.phones] == ["h#", "iy", "h#"]


def test_riff_under_the_name_wav_is_told_by_its_first_bytes(corpus):
    chosen = utterance(corpus)
    write_riff(Path(chosen.audio), AUDIO[::-1])
    assert np.array_equal(timit.load(chosen).samples, AUDIO[::-1])


def test_a_sphere_header_that_tells_the_truth_about_its_samples_is_believed(corpus):
    chosen = utterance(corpus)
    checksum = int(AUDIO.astype(int).sum()) % 65536
    truth = sphere(AUDIO, sample_min=-1000, sample_max=999, sample_checksum=checksum)
    Path(chosen.audio).write_bytes(truth)
    assert np.array_equal(timit.load(chosen).samples, AUDIO)


OTHER_CODINGS = "PCM_U8 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610 G721_32 NMS_ADPCM_16"


@pytest.mark.parametrize("subtype", OTHER_CODINGS.split())
def test_riff_of_any_coding_but_whole_numbers_of_16_bits_is_refused(corpus, subtype):
    chosen = utterance(corpus)
    soundfile.write(chosen.audio, AUDIO / 32768, 16000, format="WAV", subtype=subtype)
    with pytest.raises(CorpusError) as caught:
        timit.load(chosen)
    assert str(caught.value).startswith(f"{chosen.audio} has samples coded as ")
    assert "; TIMIT has PCM of 16 bits: " in str(caught.value)


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32"])
def test_16_bits_stored_in_more_are_read_and_more_than_16_are_refused(corpus, subtype):
    chosen = utterance(corpus)
    wide = AUDIO.astype(np.int32) << 16
    soundfile.write(chosen.audio, wide, 16000, format="WAV", subtype=subtype)
    assert np.array_equal(timit.load(chosen).samples, AUDIO)
    soundfile.write(chosen.audio, wide + 256, 16000, format="WAV", subtype=subtype)
    with pytest.raises(CorpusError, match="has samples of more than 16 bits; TIMIT has PCM of 16"):
        timit.load(chosen)


def test_a_sphere_file_of_another_coding_is_refused(corpus):
    chosen = utterance(corpus)
    soundfile.write(chosen.audio, AUDIO / 32768, 16000, format="NIST", subtype="ULAW")
    with pytest.raises(CorpusError, match="has samples coded as U-Law; TIMIT has PCM of 16 bits"):
        timit.load(chosen)


def damage_audio(content):
    return lambda u: Path(u.audio).write_bytes(content)


def damage_labels(content):
    return lambda u: Path(u.labels).write_bytes(content)


def pipe(kind):
    def damage(u):
        Path(getattr(u, kind)).unlink()
        os.mkfifo(getattr(u, kind))

    return damage


def folder_instead(u):
    Path(u.audio).unlink()
    Path(u.audio).mkdir()


DAMAGED_AUDIO = {
    "a SPHERE header that ends early": (
        damage_audio(sphere(AUDIO)[:300]),
        "is cut short within its SPHERE header",
    ),
    "a SPHERE header without end": (
        damage_audio(sphere(AUDIO).replace(b"end_head", b"end_hexd")),
        "is cut short within its SPHERE header",
    ),
    "a SPHERE header without sample_count": (
        damage_audio(sphere(AUDIO).replace(b"sample_count", b"sample_czunt")),
        "has no sample_count",
    ),
    "a SPHERE header of an unknown coding": (
        damage_audio(sphere(AUDIO).replace(b"sample_n_bytes -i 2", b"sample_n_bytes -i 7")),
        "cannot be read as audio",
    ),
    "SPHERE samples that end early": (
        damage_audio(sphere(AUDIO)[:-2]),
        "is cut short: its header promises 2000 samples, 1999 are there",
    ),
    "SPHERE samples that go on": (
        damage_audio(sphere(AUDIO) + b"\1\0"),
        "is too long: its header promises 2000 samples, 2001 are there",
    ),
    "a SPHERE header with another minimum": (
        damage_audio(sphere(AUDIO, sample_min=-999)),
        "is damaged: by its header sample_min is -999, by its samples -1000: copy it again",
    ),
    "a SPHERE header with another maximum": (
        damage_audio(sphere(AUDIO, sample_max=1000)),
        "is damaged: by its header sample_max is 1000, by its samples 999: copy it again",
    ),
    "a SPHERE header with another checksum": (
        damage_audio(sphere(AUDIO, sample_checksum=1)),
        "is damaged: by its header sample_checksum is 1, by its samples 64536: copy it again",
    ),
    "a SPHERE file of silence": (
        damage_audio(sphere(np.zeros(2000, dtype=np.int16))),
        "holds no sound: its 2000 samples are all 0",
    ),
    "a SPHERE file without samples": (
        damage_audio(sphere(AUDIO[:0])),
        "holds no sound: its 0 samples are none",
    ),
    "a RIFF file without any variation": (
        lambda u: write_riff(Path(u.audio), np.full(2000, -7, dtype=np.int16)),
        "holds no sound: its 2000 samples are all -7",
    ),
    "a pipe": (pipe("audio"), "is a pipe or a device, not a file: remove it"),
    "a folder": (folder_instead, "cannot be read: Is a directory"),
    "a RIFF header that ends early": (damage_audio(b"RIFF\0\0\0\0WAVE"), "cannot be read as audio"),
    "another format": (damage_audio(b"ID3 and so on"), "is neither a NIST SPHERE nor a RIFF file"),
    "an empty recording": (damage_audio(b""), "is neither a NIST SPHERE nor a RIFF file"),
    "another rate": (
        lambda u: write_riff(Path(u.audio), AUDIO, rate=8000),
        "has 1 channels at 8000 Hz; TIMIT has one at 16000 Hz",
    ),
    "two channels": (
        lambda u: write_riff(Path(u.audio), AUDIO.reshape(-1, 2)),
        "has 2 channels at 16000 Hz; TIMIT has one at 16000 Hz",
    ),
    "a missing recording": (lambda u: Path(u.audio).unlink(), "cannot be read: No such file"),
}

DAMAGED_LABELS = {
    "a label past the audio": (
        damage_labels(b"0 480 iy\n480 2001 h#\n"),
        "the last label ends at sample 2001, but ",
    ),
    "an empty file": (damage_labels(b""), "is empty: it has no phones"),
    "a blank file": (damage_labels(b"\r\n \r\n"), "is empty: it has no phones"),
    "a line that is none": (damage_labels(b"0 480 h#\n480 iy\n"), "line 2 is '480 iy'"),
    "an unknown phone": (damage_labels(b"0 480 xx\n"), "line 1 has 'xx'"),
    "a gap": (damage_labels(b"0 480 h#\n500 900 iy\n"), "line 2 covers samples 500 to 900"),
    "a late beginning": (damage_labels(b"5 480 h#\n"), "it must begin at 0"),
    "a phone without length": (damage_labels(b"0 480 h#\n480 480 iy\n"), "line 2 covers samples"),
    "a wrong encoding": (
        damage_labels("0 480 h#\n480 900 ə\n".encode()),
        "is not ASCII text: byte 0xc9 at 17",
    ),
    "a missing file": (lambda u: Path(u.labels).unlink(), "cannot be read: No such file"),
    "a file cut at a line's end": (
        damage_labels(b"0 480 h#\n480 1200 iy\n"),
        "is cut short: it ends with the phone iy, and TIMIT's end with h#: copy it again",
    ),
    "a number of thousands of digits": (
        damage_labels(b"0 480 h#\n480 " + b"9" * 5000 + b" h#\n"),
        "line 2 is '480 9999999999",
    ),
    "a number too large for the machine": (
        damage_labels(b"0 480 iy\n480 99999999999999999999 h#\n"),
        "line 2 is '480 99999999999999999999 h#', not 'start end phone'",
    ),
    "a pipe": (pipe("labels"), "is a pipe or a device, not a file: remove it"),
}


@pytest.mark.parametrize("fault", DAMAGED_AUDIO)
def test_damaged_audio_is_named_in_one_line(corpus, fault):
    damage, message = DAMAGED_AUDIO[fault]
    chosen = utterance(corpus)
    damage(chosen)
    with pytest.raises(CorpusError) as caught:
        timit.load(chosen)
    assert str(caught.value).startswith(chosen.audio)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", DAMAGED_LABELS)
def test_damaged_labels_are_named_in_one_line(corpus, fault):
    damage, message = DAMAGED_LABELS[fault]
    chosen = utterance(corpus)
    damage(chosen)
    with pytest.raises(CorpusError) as caught:
        timit.load(chosen)
    assert str(caught.value).startswith(chosen.labels)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_labels_with_crlf_capitals_and_wide_blanks_are_read(corpus):
    chosen = utterance(corpus)
    Path(chosen.labels).write_bytes(b"0  480  IY\r\n480\t900\tH#\r\n")
    boundaries, phones = timit.read_phones(chosen.labels)
    assert boundaries.tolist() == [0, 480, 900]
    assert [timit.PHONES[label] for label in phones] == ["iy", "h#"]


@pytest.mark.parametrize(("samples", "whole"), [(1900 + 2802, True), (1900 + 2803, False)])
def test_labels_end_as_soon_before_the_audio_as_in_any_genuine_recording(corpus, samples, whole):
    chosen = utterance(corpus)
    Path(chosen.audio).write_bytes(sphere(np.arange(samples, dtype=np.int16)))
    if whole:
        assert len(timit.load(chosen).samples) == samples
        return
    with pytest.raises(CorpusError) as caught:
        timit.load(chosen)
    assert str(caught.value) == (
        f"{chosen.labels} is cut short: its labels end at sample 1900 of 4703, and TIMIT's leave "
        "at most 2802 without one: copy it again"
    )
