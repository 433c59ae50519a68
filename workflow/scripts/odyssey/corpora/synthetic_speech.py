"""The speech stand-in, written as TIMIT lies on disk."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from odyssey.corpora.formant_synthesis import draw_boundaries, draw_voice, synthesise
from odyssey.corpora.speech_lexicon import draw_text, pronounce
from odyssey.corpora.timit import (
    SAMPLE_RATE,
    SENTENCES,
    TEST_SPEAKERS,
    TRAIN_REGIONS,
    VALIDATION_SPEAKERS,
)
from odyssey.processes import Progress, results

# Speakers there are at most, in the order of the splits.
MOST_SPEAKERS = (sum(TRAIN_REGIONS.values()), len(VALIDATION_SPEAKERS), len(TEST_SPEAKERS))

# Five SX sentences a speaker, 90 numbers apart. The TRAIN part has the first 66 of each 90, the
# TEST part the others, so that no text of one is spoken in the other.
_SX_FIRST, _SX_STEP, _SX_EACH, _SX_TRAIN = 3, 90, 5, 66
# Three SI sentences a speaker, which nobody else speaks.
_SI_FIRST, _SI_STEP, _SI_EACH = 453, 630, 3

# Standard deviation, in samples (6 ms), by which a listener misses where a phone begins.
_LISTENER = 96


@dataclass(frozen=True)
class Speaker:
    """A speaker of the corpus."""

    part: str  # ``"TRAIN"`` or ``"TEST"``
    region: int  # dialect region, 1 to 8: a folder's name, and nothing that could be heard
    name: str
    number: int  # from 0, within the part


def speakers(train: int, validation: int, test: int) -> list[Speaker]:
    """Name the speakers: those of the real splits in the TEST part, invented ones in TRAIN.

    Raises
    ------
    ValueError
        If there are not so many: each split has at least one, and at most `MOST_SPEAKERS`.
    """
    for split, number, most in zip(
        ("training", "validation", "test"), (train, validation, test), MOST_SPEAKERS, strict=True
    ):
        if not 1 <= number <= most:
            raise ValueError(f"{number} {split} speakers: there must be 1 to {most}")
    tested = VALIDATION_SPEAKERS + TEST_SPEAKERS
    chosen = set(VALIDATION_SPEAKERS[:validation] + TEST_SPEAKERS[:test])
    return [
        *(Speaker("TRAIN", region, name, i) for i, (region, name) in enumerate(_train(train))),
        *(Speaker("TEST", 1 + i % 8, name, i) for i, name in enumerate(tested) if name in chosen),
    ]


def _train(number: int) -> Iterator[tuple[int, str]]:
    """Yield regions, in turn as long as they have room, and names, of men and women in turn."""
    regions = [
        int(region)
        for turn in range(max(TRAIN_REGIONS.values()))
        for region, room in TRAIN_REGIONS.items()
        if turn < room
    ]
    letters = "ABCDEFGHJKLMNPRSTW"
    for place in range(number):
        first, second = divmod(place, len(letters))
        initials = (
            letters[(7 * first + 5 * second + first // 18) % 18]
            + letters[second]
            + letters[first % 18]
        )
        # The 9 keeps these names apart from those of the TEST part, which end in 0 to 4.
        yield regions[place], "FM"[place % 2] + initials + "9"


def sentences(speaker: Speaker) -> list[str]:
    """Name what a speaker says: two SA, five SX and three SI sentences."""
    number = speaker.number
    if speaker.part == "TRAIN":
        sx, si = number % _SX_TRAIN, number
    else:
        sx, si = _SX_TRAIN + number % (_SX_STEP - _SX_TRAIN), MOST_SPEAKERS[0] + number
    names = ["SA1", "SA2"]
    names += [f"SX{_SX_FIRST + sx + nth * _SX_STEP}" for nth in range(_SX_EACH)]
    names += [f"SI{_SI_FIRST + si + nth * _SI_STEP}" for nth in range(_SI_EACH)]
    return names


def write(
    folder: str | os.PathLike[str],
    seed: int,
    train: int,
    validation: int,
    test: int,
    words: tuple[int, int],
    processes: int = 1,
    progress: Progress | None = None,
) -> tuple[int, int, int]:
    """Write a corpus, whole or not at all.

    The same seed gives the same bytes on any machine, with any number of processes; and a speaker
    says the same, in the same voice, in a larger corpus.

    Parameters
    ----------
    folder : path-like
        Gets TRAIN and TEST. Must be empty or not exist.
    train, validation, test : int
        Speakers of each split; each says 8 sentences, beside two SA sentences that are not used.
    words : tuple of int
        Least and greatest number of words a sentence, within 3 to 11.

    Returns
    -------
    tuple of int
        Utterances that `odyssey.corpora.timit.read` must find in training, validation and test.

    Raises
    ------
    ValueError
        If a number is out of range, or the folder is not empty.
    """
    folder = Path(folder)
    everyone = speakers(train, validation, test)
    draw_text(np.random.default_rng(0), words)  # a wrong number must not leave a folder behind
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: remove it, or give another folder")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        jobs = [(partial, speaker, seed, words) for speaker in everyone]
        for _ in results(write_speaker, jobs, processes, progress):
            pass
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return SENTENCES * train, SENTENCES * validation, SENTENCES * test


def write_speaker(root: Path, speaker: Speaker, seed: int, words: tuple[int, int]) -> None:
    """Write a speaker's folder, into the corpus that lies at the root."""
    folder = root / speaker.part / f"DR{speaker.region}" / speaker.name
    folder.mkdir(parents=True)
    voice = draw_voice(_generator(seed, speaker.name), speaker.name[0])
    for name in sentences(speaker):
        # The text is the sentence's own; how it is said is the speaker's.
        text = draw_text(_generator(seed, name), words)
        generator = _generator(seed, f"{speaker.name}/{name}")
        spoken = [["h#"], *pronounce(generator, text), ["h#"]]
        phones = [phone for word in spoken for phone in word]
        boundaries = draw_boundaries(generator, phones, voice)
        tail = int(generator.integers(40, 400))  # audio runs on after the last label
        samples = synthesise(generator, phones, boundaries, voice, tail)
        marks = _mark(generator, boundaries)
        header = _sphere_header(f"{speaker.name}_{name}".lower(), samples)
        (folder / f"{name}.WAV").write_bytes(header + samples.astype("<i2").tobytes())
        lines = list(zip(marks[:-1], marks[1:], phones, strict=True))
        _write_lines(folder / f"{name}.PHN", lines)
        ends = marks[np.cumsum([len(word) for word in spoken])]
        said = zip(ends[:-2], ends[1:-1], text, strict=True)
        _write_lines(folder / f"{name}.WRD", [line for line in said if line[2] != ","])
        written = " ".join(text).replace(" ,", ",").capitalize() + "."
        _write_lines(folder / f"{name}.TXT", [(0, len(samples), written)])


def _mark(generator: np.random.Generator, boundaries: np.ndarray) -> np.ndarray:
    """Mark the boundaries as a listener does, some milliseconds off, yet in order."""
    nearest = np.minimum(np.diff(boundaries)[:-1], np.diff(boundaries)[1:])
    missed = _LISTENER * generator.standard_normal(len(nearest))
    marks = boundaries.copy()
    marks[1:-1] += np.rint(np.clip(missed, -0.4 * nearest, 0.4 * nearest)).astype(np.int64)
    return marks


def _generator(seed: int, purpose: str) -> np.random.Generator:
    sequence = np.random.SeedSequence([seed, *purpose.encode("ascii")])
    return np.random.Generator(np.random.PCG64(sequence))


def _sphere_header(utterance: str, samples: np.ndarray) -> bytes:
    lines = [
        "NIST_1A",
        "   1024",
        "database_id -s9 synthetic",
        "database_version -s3 1.0",
        f"utterance_id -s{len(utterance)} {utterance}",
        "channel_count -i 1",
        f"sample_count -i {len(samples)}",
        f"sample_rate -i {SAMPLE_RATE}",
        f"sample_min -i {samples.min()}",
        f"sample_max -i {samples.max()}",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
        "sample_sig_bits -i 16",
        "end_head",
        "",
    ]
    return "\n".join(lines).encode("ascii").ljust(1024)


def _write_lines(path: Path, lines: list[tuple[int, int, str]]) -> None:
    text = "".join(f"{start} {end} {what}\n" for start, end, what in lines)
    path.write_bytes(text.encode("ascii"))
