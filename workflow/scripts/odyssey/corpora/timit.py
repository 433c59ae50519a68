"""TIMIT as it lies on disk, licensed, sampled or a stand-in: sentences with their phones."""

import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from odyssey.corpora.contents import read_bytes
from odyssey.corpora.errors import CorpusError, shown
from odyssey.corpora.splits import SPLITS

SAMPLE_RATE = 16000

# A phone's label is its place here.
_PHONES = """
aa ae ah ao aw ax ax-h axr ay b bcl ch d dcl dh dx eh el em en eng epi er ey f g gcl h# hh hv
ih ix iy jh k kcl l m n ng nx ow oy p pau pcl q r s sh t tcl th uh uw ux v w y z zh
"""
PHONES = tuple(_PHONES.split())
LABELS = {phone: label for label, phone in enumerate(PHONES)}

# The core test set; three speakers of each dialect region, in the regions' order.
_TEST_SPEAKERS = """
MDAB0 MWBT0 FELC0 MTAS1 MWEW0 FPAS0 MJMP0 MLNT0 FPKT0 MLLL0 MTLS0 FJLM0
MBPM0 MKLT0 FNLP0 MCMJ0 MJDH0 FMGD0 MGRT0 MNJM0 FDHC0 MJLN0 MPAM0 FMLD0
"""
TEST_SPEAKERS = tuple(_TEST_SPEAKERS.split())

# The development set of Halberstadt (1998), from the TEST part.
_VALIDATION_SPEAKERS = """
FAKS0 FDAC1 FJEM0 MGWT0 MJAR0 MMDB1 MMDM2 MPDF0 FCMH0 FKMS0 MBDG0 MBWM0 MCSH0 FADG0 FDMS0
FEDW0 MGJF0 MGLB0 MRTK0 MTAA0 MTDT0 MTHC0 MWJG0 FNMR0 FREW0 FSEM0 MBNS0 MMJR0 MDLS0 MDLF0
MDVC0 MERS0 FMAH0 FDRW0 MRCS0 MRJM4 FCAL1 MMWH0 FJSJ0 MAJC0 MJSW0 MREB0 FGJD0 FJMG0 MROA0
MTEB0 MJFC0 MRJR0 FMML0 MRWS1
"""
VALIDATION_SPEAKERS = tuple(_VALIDATION_SPEAKERS.split())

# Speakers of the TRAIN part in each dialect region, from the corpus' own documentation.
TRAIN_REGIONS = {"1": 38, "2": 76, "3": 76, "4": 68, "5": 70, "6": 35, "7": 77, "8": 22}

# The NLTK sample has a woman and a man of each dialect region, and no splits.
_NLTK_SPEAKERS = """
DR1-FVMH0 DR1-MCPM0 DR2-FAEM0 DR2-MARC0 DR3-FALK0 DR3-MADC0 DR4-FALR0 DR4-MAEB0
DR5-FTLG0 DR5-MBGT0 DR6-FAPB0 DR6-MBMA1 DR7-FBLV0 DR7-MADD0 DR8-FBCG1 DR8-MBCG0
"""
NLTK_SPEAKERS = tuple(_NLTK_SPEAKERS.split())

# These four are taken out of training, in which all regions, and both sexes equally, remain.
NLTK_SPLITS = {
    ("2", "F"): "validation",
    ("6", "M"): "validation",
    ("4", "F"): "test",
    ("8", "M"): "test",
}

# A speaker's sentences without the two SA sentences, which all speakers share.
SENTENCES = 8

# Samples after the last label: no genuine recording has more.
MOST_UNLABELLED = 2802


# Utterances of each split, in the order of `SPLITS`; the stand-in's are the user's choice.
COUNTS = {"ldc93s1": (3696, 400, 192), "nltk": (96, 16, 16), "synthetic": None}

_PARTS = ("TRAIN", "TEST")
_REGION = re.compile(r"DR([1-8])")
_SPEAKER = re.compile(r"[FM][A-Z]{3}\d")
_FLAT_SPEAKER = re.compile(r"DR([1-8])-([FM][A-Z]{3}\d)")
_UTTERANCE = re.compile(r"(S[AIX]\d+)\.(WAV|PHN)")
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Utterance:
    """Where a spoken sentence lies."""

    name: str  # its place in the corpus in capitals, without ending: ``"TRAIN/DR1/FCJF0/SX127"``
    split: str  # ``"train"``, ``"validation"`` or ``"test"``
    # audio, labels: its .WAV and its .PHN file.
    audio: str
    labels: str


@dataclass(frozen=True)
class Recording:
    """A spoken sentence."""

    samples: np.ndarray  # int16 (samples,): at `SAMPLE_RATE`
    # int64 (phones + 1,): phone p covers the samples from boundaries[p] up to boundaries[p + 1];
    # the last boundary lies within the samples.
    boundaries: np.ndarray
    phones: np.ndarray  # int32 (phones,): their labels


@dataclass(frozen=True)
class _Speaker:
    place: str
    region: str
    split: str | None
    files: dict[tuple[str, str], str]


def read(
    root: str | os.PathLike[str],
    source: str = "ldc93s1",
    counts: tuple[int, int, int] | None = None,
) -> list[Utterance]:
    """Find the utterances of the three splits, and check that none is missing.

    Names of folders and files are matched without regard to case. The SA sentences and the
    speakers of the TEST part that belong to no split are left out. `load` opens the files.

    Parameters
    ----------
    root : path-like
        For ``ldc93s1`` and ``synthetic``: a folder with TRAIN and TEST in it, or up to two levels
        above them. For ``nltk``: the folder of the speakers' folders (``dr1-fvmh0``).
    source : str
        ``"ldc93s1"``, ``"nltk"`` or ``"synthetic"``.
    counts : tuple of int or None
        Utterances that training, validation and test must have; None stands for `COUNTS`.

    Returns
    -------
    list of Utterance
        By split, and within a split by name.

    Raises
    ------
    ValueError
        If the source is unknown.
    CorpusError
        If an utterance is missing or has two files of one kind, or the counts differ.

    References
    ----------
    Greff et al. (2017), "Datasets"; Halberstadt, "Heterogeneous acoustic measurements and
    multiple classifiers for speech recognition", MIT (1998), for the validation speakers.
    """
    if source not in COUNTS:
        raise ValueError(f"unknown source {source!r} of TIMIT: allowed are {', '.join(COUNTS)}")
    root = Path(root)
    speakers = _flat_speakers(root) if source == "nltk" else _speakers(root)
    utterances: list[Utterance] = []
    missing = []
    for speaker in speakers:
        if speaker.split is not None:
            found, lacking = _utterances(speaker, speaker.split)
            utterances.extend(found)
            missing.extend(lacking)
    if source == "ldc93s1":
        missing.extend(_missing_speakers(speakers))
    if source == "nltk":
        present = {speaker.place for speaker in speakers}
        missing.extend(name.lower() for name in NLTK_SPEAKERS if name not in present)
    _check_counts(root, utterances, counts or COUNTS[source], missing)
    return sorted(utterances, key=lambda each: (SPLITS.index(each.split), each.name))


def _folders(folder: Path) -> dict[str, Path]:
    return {path.name.upper(): path for path in _entries(folder) if path.is_dir()}


def _entries(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise CorpusError(f"{folder} cannot be read: {error.strerror}") from error
    for name, number in Counter(path.name.upper() for path in paths).items():
        if number > 1:
            raise CorpusError(
                f"{folder} has {name} {number} times, in different case: remove the copies"
            )
    return paths


def _parts(root: Path) -> dict[str, Path]:
    """Find TRAIN and TEST in the folder, or up to two levels below it."""
    level = [root]
    for _ in range(3):
        below: list[Path] = []
        for folder in level:
            folders = _folders(folder)
            found = {part: folders[part] for part in _PARTS if part in folders}
            if len(found) == 2:
                return found
            if found:
                missing = next(part for part in _PARTS if part not in found)
                raise CorpusError(f"{folder} has no folder {missing}: the copy is incomplete")
            below.extend(folders.values())
        level = below
    raise CorpusError(
        f"{root} holds no folders TRAIN and TEST: give the folder of the corpus (LDC93S1)"
    )


def _speakers(root: Path) -> list[_Speaker]:
    speakers: dict[str, _Speaker] = {}
    for part, part_folder in _parts(root).items():
        for region_name, region_folder in _folders(part_folder).items():
            region = _REGION.fullmatch(region_name)
            if region is None:
                raise CorpusError(f"{region_folder} is not a dialect region's folder such as DR1")
            for name, folder in _folders(region_folder).items():
                if _SPEAKER.fullmatch(name) is None:
                    raise CorpusError(f"{folder} is not a speaker's folder such as FAKS0")
                place = f"{part}/{region_name}/{name}"
                if name in speakers:
                    raise CorpusError(
                        f"{folder}: speaker {name} stands already in {speakers[name].place}"
                    )
                speakers[name] = _Speaker(place, region[1], _split(part, name), _files(folder))
    return list(speakers.values())


def _split(part: str, speaker: str) -> str | None:
    if part == "TRAIN":
        return "train"
    if speaker in VALIDATION_SPEAKERS:
        return "validation"
    return "test" if speaker in TEST_SPEAKERS else None


def _flat_speakers(root: Path) -> list[_Speaker]:
    speakers = []
    for name, folder in _folders(root).items():
        match = _FLAT_SPEAKER.fullmatch(name)
        if match is not None:
            region, speaker = match.groups()
            if name not in NLTK_SPEAKERS:
                raise CorpusError(
                    f"{folder} is none of the {len(NLTK_SPEAKERS)} speakers of the NLTK sample: "
                    "remove it, or fetch the sample again"
                )
            split = NLTK_SPLITS.get((region, speaker[0]), "train")
            speakers.append(_Speaker(name, region, split, _files(folder)))
    if not speakers:
        raise CorpusError(
            f"{root} holds no speaker's folder such as dr1-fvmh0: give the folder timit of the "
            "NLTK sample"
        )
    return speakers


def _files(folder: Path) -> dict[tuple[str, str], str]:
    """Find the recordings and their phones; further files of some copies have other names."""
    matches = [(_UTTERANCE.fullmatch(path.name.upper()), path) for path in _entries(folder)]
    return {(match[1], match[2]): str(path) for match, path in matches if match}


def _utterances(speaker: _Speaker, split: str) -> tuple[list[Utterance], list[str]]:
    """List the utterances that are whole, and what is missing."""
    sentences = sorted({stem for stem, _ in speaker.files if not stem.startswith("SA")})
    utterances: list[Utterance] = []
    missing: list[str] = []
    for sentence in sentences:
        lacking = [kind for kind in ("WAV", "PHN") if (sentence, kind) not in speaker.files]
        name = f"{speaker.place}/{sentence}"
        missing.extend(f"{name}.{kind}" for kind in lacking)
        if not lacking:
            audio, labels = (speaker.files[sentence, kind] for kind in ("WAV", "PHN"))
            utterances.append(Utterance(name, split, audio, labels))
    if (fewer := SENTENCES - len(sentences)) > 0:
        missing.append(f"{fewer} of the {SENTENCES} SI and SX sentences in {speaker.place}")
    return utterances, missing


def _missing_speakers(speakers: list[_Speaker]) -> list[str]:
    present = {speaker.place.rpartition("/")[2] for speaker in speakers if speaker.split}
    missing = [
        f"TEST/…/{name}" for name in VALIDATION_SPEAKERS + TEST_SPEAKERS if name not in present
    ]
    regions = Counter(speaker.region for speaker in speakers if speaker.split == "train")
    missing.extend(
        f"{expected - regions[region]} of the {expected} speakers in TRAIN/DR{region}"
        for region, expected in TRAIN_REGIONS.items()
        if regions[region] < expected
    )
    return missing


def _check_counts(
    root: Path,
    utterances: list[Utterance],
    expected: tuple[int, int, int] | None,
    missing: list[str],
) -> None:
    found = tuple(sum(each.split == split for each in utterances) for split in SPLITS)
    wrong = [
        f"{split} has {number} utterances" + (f" instead of {expected[i]}" if expected else "")
        for i, (split, number) in enumerate(zip(SPLITS, found, strict=True))
        if (number != expected[i] if expected else number == 0)
    ]
    if not wrong and not missing:
        return
    message = f"{root}: {'; '.join(wrong) or 'the copy is incomplete'}"
    if missing:
        message += f"; missing: {', '.join(missing[:_NAMED_AT_MOST])}"
    if len(missing) > _NAMED_AT_MOST:
        message += f" and {len(missing) - _NAMED_AT_MOST} more"
    raise CorpusError(message)


def load(utterance: Utterance) -> Recording:
    """Read an utterance's audio and phones.

    Raises
    ------
    CorpusError
        If a file cannot be read, or the labels run past the audio or end long before it.
    """
    samples = read_audio(utterance.audio)
    boundaries, phones = read_phones(utterance.labels)
    if boundaries[-1] > len(samples):
        raise CorpusError(
            f"{utterance.labels}: the last label ends at sample {boundaries[-1]}, but "
            f"{utterance.audio} has only {len(samples)} samples"
        )
    if len(samples) - boundaries[-1] > MOST_UNLABELLED:
        raise CorpusError(
            f"{utterance.labels} is cut short: its labels end at sample {boundaries[-1]} of "
            f"{len(samples)}, and TIMIT's leave at most {MOST_UNLABELLED} without one: copy it "
            "again"
        )
    return Recording(samples, boundaries, phones)


def read_audio(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a recording in NIST SPHERE or RIFF format, told apart by the first bytes.

    Returns
    -------
    numpy.ndarray of int16, shape (samples,)
        At `SAMPLE_RATE`.

    Raises
    ------
    CorpusError
        If the file cannot be read, is not one channel of 16 bits at 16 kHz, holds no sound, or is
        not what its header says.
    """
    content = read_bytes(path)
    header: dict[str, int] = {}
    if content.startswith(b"NIST_1A"):
        header = _sphere_header(path, content[:1024])
    elif not content.startswith(b"RIFF"):
        raise CorpusError(
            f"{path} is neither a NIST SPHERE nor a RIFF file: it begins with {content[:8]!r}"
        )
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.samplerate != SAMPLE_RATE or file.channels != 1:
                raise CorpusError(
                    f"{path} has {file.channels} channels at {file.samplerate} Hz; "
                    f"TIMIT has one at {SAMPLE_RATE} Hz"
                )
            samples = _sixteen_bits(path, file)
    except soundfile.LibsndfileError as error:
        raise CorpusError(f"{path} cannot be read as audio: {error.error_string}") from error
    _check_header(path, header, samples)
    if not len(samples) or samples.min() == samples.max():
        value = f"all {samples[0]}" if len(samples) else "none"
        raise CorpusError(
            f"{path} holds no sound: its {len(samples)} samples are {value}: copy it again"
        )
    return samples


def _sixteen_bits(path: str | os.PathLike[str], file: soundfile.SoundFile) -> npt.NDArray[np.int16]:
    """Read the samples if they are whole numbers of 16 bits, in however many they are stored."""
    if file.subtype == "PCM_16":
        return np.asarray(file.read(dtype="int16"), np.int16)
    fault = f"samples coded as {file.subtype_info}"
    if file.subtype in ("PCM_24", "PCM_32"):
        samples: npt.NDArray[np.int32] = file.read(dtype="int32")  # the highest bits first
        if not (samples & 0xFFFF).any():
            return (samples >> 16).astype(np.int16)
        fault = "samples of more than 16 bits"
    # Read as whole numbers, samples between -1 and 1 would all be 0.
    raise CorpusError(
        f"{path} has {fault}; TIMIT has PCM of 16 bits: convert it back, or copy it again"
    )


def _sphere_header(path: str | os.PathLike[str], header: bytes) -> dict[str, int]:
    """Return what a SPHERE header says of the samples, which libsndfile does not check."""
    if len(header) < 1024 or b"end_head" not in header:
        raise CorpusError(f"{path} is cut short within its SPHERE header: copy it again")
    fields = re.findall(rb"^(sample_\w+) -i (-?\d{1,10})\s*$", header, re.MULTILINE)
    found = {name.decode(): int(value) for name, value in fields}
    if "sample_count" not in found:
        raise CorpusError(f"{path} has no sample_count in its SPHERE header")
    return found


def _check_header(
    path: str | os.PathLike[str], header: Mapping[str, int], samples: np.ndarray
) -> None:
    count = header.get("sample_count", len(samples))
    if count != len(samples):
        fault = "is cut short" if count > len(samples) else "is too long"
        raise CorpusError(
            f"{path} {fault}: its header promises {count} samples, {len(samples)} are there: "
            "copy it again"
        )
    if not len(samples):
        return
    of_header = {
        "sample_min": int(samples.min()),
        "sample_max": int(samples.max()),
        "sample_checksum": int(samples.sum(dtype=np.int64)) % 65536,
    }
    for name, value in of_header.items():
        if name in header and header[name] != value:
            raise CorpusError(
                f"{path} is damaged: by its header {name} is {header[name]}, by its samples "
                f"{value}: copy it again"
            )


def read_phones(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read a .PHN file: a line ``start end phone`` for each phone, in samples.

    Returns
    -------
    boundaries : numpy.ndarray of int64, shape (phones + 1,)
    phones : numpy.ndarray of int32, shape (phones,)
        Labels.

    Raises
    ------
    CorpusError
        If the file cannot be read, is empty, or a line is not as above, names an unknown phone
        or does not begin where the line before ends (the first at 0), or the last is not h#, with
        which all of TIMIT's end.
    """
    boundaries, phones = [0], []
    for number, line in _ascii_lines(path, read_bytes(path)):
        match = re.fullmatch(r"(\d{1,10})\s+(\d{1,10})\s+(\S+)", line)
        if match is None:
            raise CorpusError(f"{path}: line {number} is {shown(line)}, not 'start end phone'")
        start, end, phone = int(match[1]), int(match[2]), match[3].lower()
        if phone not in LABELS:
            raise CorpusError(
                f"{path}: line {number} has {shown(phone)}, which is not one of 61 phones"
            )
        if start != boundaries[-1] or end <= start:
            raise CorpusError(
                f"{path}: line {number} covers samples {start} to {end}; "
                f"it must begin at {boundaries[-1]} and end after that"
            )
        boundaries.append(end)
        phones.append(LABELS[phone])
    if not phones:
        raise CorpusError(f"{path} is empty: it has no phones")
    if phones[-1] != LABELS["h#"]:
        raise CorpusError(
            f"{path} is cut short: it ends with the phone {PHONES[phones[-1]]}, and TIMIT's end "
            "with h#: copy it again"
        )
    return np.array(boundaries, dtype=np.int64), np.array(phones, dtype=np.int32)


def _ascii_lines(path: str | os.PathLike[str], content: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is not ASCII text: byte 0x{content[error.start]:02x} at {error.start}"
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()
