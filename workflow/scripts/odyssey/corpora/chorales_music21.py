"""The Bach chorales that music21 carries: scores into quarter-note frames, with the tonic at C."""

import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from odyssey.corpora import tunes
from odyssey.corpora.errors import CorpusError
from odyssey.processes import Progress, results

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
LONGEST_SILENCE = 4  # quarters, one common bar

# A breath or an upbeat's rest silences all voices for a beat or two; more than a bar belongs to
# the instruments, which are not read.
INTERLUDE = f"the voices rest together for more than {LONGEST_SILENCE} quarters (interludes)"
NOT_FOUR_VOICES = "not one part each of soprano, alto, tenor and bass"
HUMDRUM = "Humdrum file, all rights reserved"
NOT_A_CHORALE = "BWV 846, a prelude for keyboard"
COPY = "nearly the same setting as another score that is kept"

log = logging.getLogger(__name__)

Frames = list[tuple[int, ...]]


def read(workers: int = 1, progress: Progress | None = None) -> dict[str, Frames]:
    """Read the four-part chorales of music21's corpus, each setting once, in the catalogue's order.

    What is left out is logged with its reason and names. Nothing is downloaded, and music21's
    cache of parsed scores is neither read nor written. The result does not depend on the workers.

    Raises
    ------
    CorpusError
        If a score cannot be read, or music21 was installed without its corpus.
    """
    files, left_out = _choose(score_files())
    chorales = {}
    read = results(read_score, [(path,) for path in files], workers, progress)
    for path, result in zip(files, read, strict=True):
        if isinstance(result, str):
            left_out.setdefault(result, []).append(path.name)
        else:
            chorales[path.stem] = result
    copies = tunes.copies(chorales)
    if copies:
        left_out[COPY] = [f"{name} ({original})" for name, original in copies.items()]
    for reason, names in left_out.items():
        log.info("music21: left out %d: %s: %s", len(names), reason, ", ".join(names))
    kept = {name: frames for name, frames in chorales.items() if name not in copies}
    log.info("music21: kept %d chorales", len(kept))
    return kept


def score_files() -> list[Path]:
    """List the files of music21's Bach folder, in the order of the catalogue.

    Raises
    ------
    CorpusError
        If music21 was installed without its corpus.
    """
    from music21 import common

    folder = Path(common.getCorpusFilePath()) / "bach"
    if not folder.is_dir():
        raise CorpusError(f"music21 has no corpus at {folder}: install the complete package")
    return sorted((path for path in folder.iterdir() if path.is_file()), key=_catalogue_order)


def _catalogue_order(path: Path) -> tuple[tuple[int, int, str], ...]:
    # bwv2.6 before bwv10.7: runs of digits count as numbers.
    digits = ""
    parts: list[tuple[int, int, str]] = []
    for character in path.name + " ":
        if character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, character))
    return tuple(parts)


def _choose(paths: Iterable[Path]) -> tuple[list[Path], dict[str, list[str]]]:
    chosen: list[Path] = []
    left_out: dict[str, list[str]] = {}
    for path in paths:
        if path.suffix == ".krn":
            left_out.setdefault(HUMDRUM, []).append(path.name)
        elif path.stem == "bwv846":
            left_out.setdefault(NOT_A_CHORALE, []).append(path.name)
        else:
            chosen.append(path)
    return chosen, left_out


def read_score(path: Path) -> Frames | str:
    """Read a MusicXML file into frames with its tonic at C, or say why it is none of the chorales.

    The key is music21's estimate (pitch classes weighted after Aarden) over the whole score as
    written, its instruments included; then only the four voices are kept, and repeats are played.

    Raises
    ------
    CorpusError
        If music21 cannot read the file.
    """
    from music21 import bar, converter

    try:
        # This method alone leaves music21's cache in the temporary folder unread and unwritten.
        reader = converter.Converter()
        reader.parseFileNoPickle(path)
        score: Any = reader.stream  # a score it is, which music21's types leave open
        parts = [part for part in score.parts if (part.partName or "").startswith(VOICES)]
        if [_voice(part) for part in parts] != list(VOICES):
            return NOT_FOUR_VOICES
        shift = transposition(score.analyze("key").tonic.pitchClass)
        if score[bar.Repeat]:
            parts = [part.expandRepeats() for part in parts]
        notes = [note for part in parts for note in _notes(part)]
    except Exception as error:  # whatever music21 stumbles over, the reader wants to know the file
        raise CorpusError(f"{path}: music21 cannot read this score: {error}") from error
    frames = [tuple(note + shift for note in frame) for frame in quarter_frames(notes)]
    return INTERLUDE if longest_silence(frames) > LONGEST_SILENCE else frames


def _voice(part: Any) -> str:
    return next(voice for voice in VOICES if part.partName.startswith(voice))


def _notes(part: Any) -> Iterator[tuple[float, float, int]]:
    for note in part.flatten().notes:
        for pitch in note.pitches:
            yield float(note.offset), float(note.quarterLength), pitch.midi


def transposition(tonic: int) -> int:
    """Return the shift that moves a tonic (0 for C to 11 for B) to C, about an octave up.

    It is 12 semitones and the step in [-6, 5] to the nearest C. Boulanger-Lewandowski's files are
    transposed in this way: it gives their own shift for about nine in ten of the scores that have a
    counterpart there. In the others the key estimates differ, mostly by a relative minor or a
    fifth.
    """
    return 12 + (6 - tonic) % 12 - 6


def quarter_frames(notes: Iterable[tuple[float, float, int]]) -> Frames:
    """Sample notes at every quarter.

    Parameters
    ----------
    notes : iterable of tuple of float, float and int
        Onset and duration in quarters, and MIDI note.

    Returns
    -------
    list of tuple of int
        For each quarter from 0 up to the end of the last note, the notes that sound at its
        beginning, ascending, each once: ``onset <= quarter < onset + duration``.
    """
    # Triplets are no binary fractions: 1/3 three times may end just after the quarter.
    rounding = 1e-6
    sounding: dict[int, set[int]] = {}
    for onset, duration, note in notes:
        first = math.ceil(onset - rounding)
        for quarter in range(first, math.ceil(onset + duration - rounding)):
            sounding.setdefault(quarter, set()).add(note)
    count = max(sounding, default=-1) + 1
    return [tuple(sorted(sounding.get(quarter, ()))) for quarter in range(count)]


def longest_silence(frames: Frames) -> int:
    """Count the frames of the longest run without a note."""
    longest = run = 0
    for frame in frames:
        run = 0 if frame else run + 1
        longest = max(longest, run)
    return longest
