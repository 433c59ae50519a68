"""Collections of scores that music21 carries: each score, or tune, as frames of MIDI notes.

A collection's scores are taken as written: repeats once, all parts, grace notes not. Each is moved
to the nearest C by music21's estimate of its key, and sampled at every step.
"""

import logging
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odyssey.corpora.chorales_music21 import HUMDRUM, quarter_frames, transposition
from odyssey.corpora.collections import COLLECTIONS, STEPS, Name, Step
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.jsb import HIGHEST, LOWEST, Frames
from odyssey.corpora.splits import by_chance
from odyssey.processes import Progress, results

SUFFIXES = (".abc", ".krn", ".mxl", ".xml")

NO_METRE = "no metre"
NOT_PARSED = "music21 cannot parse it"
OUTSIDE = f"notes outside {LOWEST} to {HIGHEST}"
TOO_SHORT = "fewer than two frames"
COPY = "frame by frame the same as another that is kept"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Score:
    """Where one score lies."""

    name: str  # the file's, and for one of a file's many tunes its number there: ``"erk30-017"``
    path: Path
    tune: int | None  # place among the tunes of an ABC file, from 0; None: the file is the score


@dataclass(frozen=True)
class Found:
    """What a collection gave."""

    kept: dict[str, Frames]  # name to frames, in an order by chance that the seed decides
    left_out: dict[str, list[str]]  # reason to names

    @property
    def summary(self) -> str:
        """How many scores are kept, and how many left out for which reason, in one line."""
        reasons = "; ".join(f"{len(names)}: {reason}" for reason, names in self.left_out.items())
        return f"{len(self.kept)} scores" + (f"; left out {reasons}" if reasons else "")


def scores(collection: Name) -> list[Score]:
    """List the scores of a collection (one of `COLLECTIONS`), in the order of their names.

    Raises
    ------
    CorpusError
        If music21 was installed without its corpus.
    """
    from music21 import common

    folder = Path(common.getCorpusFilePath()) / COLLECTIONS[collection].folder
    if not folder.is_dir():
        raise CorpusError(f"music21 has no corpus at {folder}: install the complete package")
    listed = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in SUFFIXES:
            continue
        tunes = len(_tunes(path)) if path.suffix == ".abc" else 1
        if tunes == 1:
            listed.append(Score(path.stem, path, None))
        else:
            listed += [Score(f"{path.stem}-{tune + 1:03d}", path, tune) for tune in range(tunes)]
    uses = Counter(score.name for score in listed)
    return [
        Score(score.path.name, score.path, None) if uses[score.name] > 1 else score
        for score in listed
    ]


def _tunes(path: Path) -> list[str]:
    """Divide an ABC file into its tunes, which music21 parses one by one far faster."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [part for part in re.split(r"^(?=X:)", text, flags=re.MULTILINE) if part[:2] == "X:"]


def read(
    collection: Name,
    step: Step = "quarter",
    seed: int = 0,
    limit: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Found:
    """Read a collection, one of `COLLECTIONS`.

    What is taken under a limit, and what is left out, is logged with names and reasons. Nothing is
    downloaded, and music21's cache of parsed scores is neither read nor written. The result does
    not depend on the workers.

    Parameters
    ----------
    step : str
        One of `STEPS`: how far frames lie apart.
    seed : int
        Of the order, in which a score's place depends on its name alone.
    limit : int or None
        Try no more scores than this, the first in the order.

    Raises
    ------
    CorpusError
        If music21 was installed without its corpus, or no score can be used.
    """
    listed = sorted(scores(collection), key=lambda score: by_chance(seed, score.name))
    left_out: dict[str, list[str]] = {}
    chosen = []
    for score in listed:
        # Three chorales are there twice; the copy in a free encoding is left out here too.
        if collection == "bach" and score.path.suffix == ".krn":
            left_out.setdefault(HUMDRUM, []).append(score.name)
        else:
            chosen.append(score)
    if limit is not None and limit < len(chosen):
        tried = ", ".join(score.name for score in chosen[:limit])
        log.info("%s: of %d scores these %d are tried: %s", collection, len(chosen), limit, tried)
        chosen = chosen[:limit]
    kept: dict[str, Frames] = {}
    seen: set[tuple[tuple[int, ...], ...]] = set()
    jobs = [(score, STEPS[step]) for score in chosen]
    found = results(read_score, jobs, workers, progress)
    for score, result in zip(chosen, found, strict=True):
        if isinstance(result, list) and tuple(result) in seen:
            result = COPY
        if isinstance(result, str):
            left_out.setdefault(result, []).append(score.name)
        else:
            kept[score.name] = result
            seen.add(tuple(result))
    for reason, names in left_out.items():
        log.info("%s: left out %d: %s: %s", collection, len(names), reason, ", ".join(names))
    log.info("%s: kept %d scores", collection, len(kept))
    if not kept:
        raise CorpusError(
            f"{collection}: none of {len(chosen)} scores can be used: raise the limit"
        )
    return Found(kept, left_out)


def read_score(score: Score, step: float) -> Frames | str:
    """Read a score into frames with its tonic at C, or say why it is of no use.

    Frames lie `step` quarters apart.
    """
    from music21 import chord, meter, note

    try:
        parsed = _parsed(score)
        if not parsed[meter.TimeSignature]:
            return NO_METRE
        # Chord symbols are chords to music21, but nobody plays them as they stand.
        sounding = [
            each
            for each in parsed.flatten().notes
            if type(each) in (note.Note, chord.Chord) and each.quarterLength > 0
        ]
        if not sounding:
            return TOO_SHORT
        shift = transposition(parsed.analyze("key").tonic.pitchClass) - 12
        notes = [
            (float(each.offset) / step, float(each.quarterLength) / step, pitch.midi + shift)
            for each in sounding
            for pitch in each.pitches
        ]
    except Exception as error:  # noqa: BLE001  music21 stumbles in many ways; the log says which
        log.warning("%s: %s: %s", score.name, type(error).__name__, error)
        return NOT_PARSED
    if any(not LOWEST <= key <= HIGHEST for _, _, key in notes):
        return OUTSIDE
    frames = quarter_frames(notes)
    return frames if len(frames) > 1 else TOO_SHORT


def _parsed(score: Score) -> Any:
    from music21 import converter

    reader = converter.Converter()
    if score.path.suffix == ".abc":
        reader.parseData(_tunes(score.path)[score.tune or 0], format="abc")
    else:
        # This method alone leaves music21's cache in the temporary folder unread and unwritten.
        reader.parseFileNoPickle(os.fspath(score.path))
    return reader.stream
