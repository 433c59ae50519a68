"""IAM-OnDB as it lies on disk: lines of handwriting as pen strokes, with their text."""

import io
import logging
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import unescape

import numpy as np
from defusedxml import DefusedXmlException, ElementTree

from odyssey.corpora.contents import read_bytes
from odyssey.corpora.errors import CorpusError, shown
from odyssey.processes import Progress, results

# Fixed, not read off the data (Greff et al., "Datasets"). A character's label is its place here.
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"#&'()*+,-./[]:;?"
LABELS = {character: label for label, character in enumerate(ALPHABET)}

# In a08-551z a run of % stands where a line break should be, so text and strokes do not match.
DROPPED_BOARDS = frozenset({"a08-551z"})

BOARD = re.compile(r"(([a-z]\d\d)-\d{3})[a-z]?")

# No board is a million device units wide, and no clock has counted more seconds.
FARTHEST, LATEST = 1e6, 1e10

_NAMED_AT_MOST = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SplitFile:
    """One of the four lists of boards, and what it holds in the paper's data."""

    name: str
    split: str  # the split of `odyssey.corpora.splits.SPLITS` that its boards belong to
    # boards, lines: their number in the genuine corpus, without the dropped board.
    boards: int
    lines: int


SPLIT_FILES = (
    SplitFile("trainset.txt", "train", 774, 5355),
    SplitFile("testset_v.txt", "validation", 192, 1438),
    SplitFile("testset_t.txt", "validation", 216, 1518),
    SplitFile("testset_f.txt", "test", 544, 3859),
)


@dataclass(frozen=True)
class Line:
    """One written line."""

    name: str  # of the stroke file, without its ending: ``"a01-000u-01"``
    path: str  # the stroke file
    split: str  # ``"train"``, ``"validation"`` or ``"test"``
    text: str  # what was written; characters of `ALPHABET`, at least one
    # float64 (points, 3): x and y in device units, y growing downward, and the time in seconds from
    # any origin.
    points: np.ndarray
    stroke_lengths: np.ndarray  # int64 (strokes,): points of each stroke, at least one


def encode(text: str) -> np.ndarray:
    """Turn text, of characters of `ALPHABET`, into labels: int32 (characters,)."""
    return np.array([LABELS[character] for character in text], dtype=np.int32)


def read(
    root: str | os.PathLike[str],
    paper_counts: bool = True,
    processes: int = 1,
    progress: Progress | None = None,
) -> list[Line]:
    """Read the lines of the four split files, in the order of these and their boards.

    Parameters
    ----------
    root : path-like
        Folder that holds ``lineStrokes``, ``ascii`` and the split files (these may lie in
        ``task1``, as they are distributed).
    paper_counts : bool
        Demand the numbers of boards and lines that the paper trained on.

    Raises
    ------
    CorpusError
        If a file is missing or damaged, or the counts differ.
    """
    root = Path(root)
    boards = read_splits(root)
    if paper_counts:
        _check_boards(root, boards)
    _check_files(root, boards)
    jobs = [(root, board, split_file.split) for board, split_file in boards.items()]
    lines: list[Line] = [*chain.from_iterable(results(read_board, jobs, processes, progress))]
    if paper_counts:
        _check_lines(root, lines)
    return lines


def read_splits(root: Path) -> dict[str, SplitFile]:
    """Read which board belongs to which split, without `DROPPED_BOARDS`.

    Raises
    ------
    CorpusError
        If a file is missing, empty, or names a board that is no board id or has been named before.
    """
    for folder in ("lineStrokes", "ascii"):
        if not (root / folder).is_dir():
            raise CorpusError(
                f"{root / folder} is not a folder: the IAM-OnDB folder must hold lineStrokes, "
                f"ascii and {', '.join(each.name for each in SPLIT_FILES)}"
            )
    boards: dict[str, SplitFile] = {}
    for split_file in SPLIT_FILES:
        path = root / split_file.name
        if not path.exists() and (root / "task1" / split_file.name).exists():
            path = root / "task1" / split_file.name
        names = _read_ascii(path).split()
        if not names:
            raise CorpusError(f"{path} names no board: fetch it again")
        for name in names:
            if not BOARD.fullmatch(name):
                raise CorpusError(f"{path}: {shown(name)} is not a board id such as a01-000u")
            if name in boards:
                raise CorpusError(
                    f"{path}: board {name} stands already in {boards[name].name}; "
                    "a board belongs to one split"
                )
            boards[name] = split_file
    return {name: file for name, file in boards.items() if name not in DROPPED_BOARDS}


def read_board(root: Path, board: str, split: str) -> list[Line]:
    """Read the lines of a board, whose id may have a letter at the end: ``"a01-000u"``.

    Raises
    ------
    CorpusError
        If a file is missing or damaged, or the text has not one line for each stroke file.
    """
    text_path, texts, stroke_paths = _files_of(root, board)
    lines = []
    for raw, (number, path) in zip(texts, sorted(stroke_paths.items()), strict=True):
        text = written(raw)
        for character in text:
            if character not in LABELS:
                raise CorpusError(
                    f"{text_path}: CSR line {number} has the character {character!r}, "
                    f"which is not among the {len(ALPHABET)} of the alphabet"
                )
        points, stroke_lengths = read_strokes(path)
        lines.append(Line(path.stem, str(path), split, text, points, stroke_lengths))
    return lines


def written(text: str) -> str:
    """Put a character in the place of its name in XML: ``"&quot;Peers?"`` is ``'"Peers?'``."""
    return unescape(text, {"&quot;": '"', "&apos;": "'"})


def _files_of(root: Path, board: str) -> tuple[Path, list[str], dict[int, Path]]:
    """Find a board's text file, its lines, and the stroke file of each by its number."""
    match = BOARD.fullmatch(board)
    if match is None:
        raise CorpusError(f"{board} is no name of a board")
    form, series = match.groups()
    text_path = root / "ascii" / series / form / f"{board}.txt"
    stroke_paths = _stroke_files(root / "lineStrokes" / series / form, board)
    texts = read_text(text_path)
    for number in range(1, max(len(texts), max(stroke_paths)) + 1):
        if number > len(texts):
            raise CorpusError(
                f"{stroke_paths[max(stroke_paths)]}: line {number} has strokes but no text; "
                f"{text_path} has {len(texts)} CSR lines for {len(stroke_paths)} stroke files"
            )
        if number not in stroke_paths:
            raise CorpusError(
                f"{text_path}: CSR line {number} has no strokes; "
                f"{text_path.stem}-{number:02d}.xml is missing in lineStrokes/{series}/{form}"
            )
    return text_path, texts, stroke_paths


def _stroke_files(folder: Path, board: str) -> dict[int, Path]:
    name = re.compile(re.escape(board) + r"-(\d+)\.xml")
    try:
        matches = [(name.fullmatch(path.name), path) for path in folder.iterdir()]
    except OSError as error:
        raise CorpusError(
            f"{folder}: strokes of board {board} cannot be read: {error.strerror}"
        ) from error
    paths = {int(match[1]): path for match, path in matches if match}
    if not paths:
        raise CorpusError(f"{folder} has no stroke file {board}-01.xml: the copy is incomplete")
    for match, path in matches:
        # Lines are counted from 01; one more name for a line's number would hide its strokes.
        if match and (match[1] != f"{int(match[1]):02d}" or int(match[1]) < 1):
            raise CorpusError(
                f"{path} is not named as IAM-OnDB's files are, {board}-01.xml and so on: remove it"
            )
    return paths


def read_text(path: Path) -> list[str]:
    """Read the lines of a board's corrected text (the CSR part of the file), none of them empty.

    White space at the ends of a line is no ink, and is taken off.

    Raises
    ------
    CorpusError
        If the file is missing, not ASCII, without a CSR part, or has an empty line within it.
    """
    lines = [line.strip() for line in _read_ascii(path).splitlines()]
    if "CSR:" not in lines:
        raise CorpusError(f"{path} has no line CSR: and so no text of its lines")
    lines = lines[lines.index("CSR:") + 1 :]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise CorpusError(f"{path} has no text after CSR:")
    if "" in lines:
        raise CorpusError(f"{path}: CSR line {lines.index('') + 1} is empty")
    return lines


def read_strokes(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a stroke file.

    Document type declarations, entities and external references are refused: a stroke file has
    none, and they can make a parser read other files or exhaust the memory.

    Returns
    -------
    points : numpy.ndarray of float64, shape (points, 3)
        x, y in device units; time in seconds.
    stroke_lengths : numpy.ndarray of int64, shape (strokes,)

    Raises
    ------
    CorpusError
        If the file is missing, not XML, unsafe, or a stroke is without points or numbers.
    """
    content = read_bytes(path)
    try:
        session = ElementTree.parse(io.BytesIO(content), forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise CorpusError(
            f"{path} declares a document type or entities, which no stroke file does: refused"
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise CorpusError(f"{path} is not XML that can be read: {error}") from error
    points: list[tuple[float, float, float]] = []
    stroke_lengths = []
    for number, stroke in enumerate(session.iterfind("StrokeSet/Stroke"), start=1):
        before = len(points)
        for point in stroke.iterfind("Point"):
            try:
                x, y, time = (float(point.attrib[key]) for key in ("x", "y", "time"))
            except (KeyError, ValueError) as error:
                raise CorpusError(
                    f"{path}: stroke {number} has a point whose x, y or time is no number"
                ) from error
            # What is not a number is not within limits either.
            if not (abs(x) <= FARTHEST and abs(y) <= FARTHEST and abs(time) <= LATEST):
                raise CorpusError(
                    f"{path}: stroke {number} has a point that is not finite or out of all reach: "
                    f"x={x:g}, y={y:g}, time={time:g}"
                )
            points.append((x, y, time))
        if len(points) == before:
            raise CorpusError(f"{path}: stroke {number} has no points")
        stroke_lengths.append(len(points) - before)
    if not points:
        raise CorpusError(f"{path} has no strokes: the line has no length")
    return np.array(points), np.array(stroke_lengths, dtype=np.int64)


def _read_ascii(path: Path) -> str:
    content = read_bytes(path)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is not ASCII text: byte 0x{content[error.start]:02x} at {error.start}"
        ) from error


def _check_boards(root: Path, boards: dict[str, SplitFile]) -> None:
    counts = {each: sum(other is each for other in boards.values()) for each in SPLIT_FILES}
    wrong = [
        f"{each.name} has {count} boards, the paper's data {each.boards}"
        for each, count in counts.items()
        if count != each.boards
    ]
    if wrong:
        dropped = ", ".join(DROPPED_BOARDS)
        raise CorpusError(f"{root}: {'; '.join(wrong)} (counted without {dropped})")


def _check_files(root: Path, boards: Collection[str]) -> None:
    """Look for all files of all boards before any strokes are read."""
    faults: dict[str, CorpusError] = {}
    names_for_characters = []
    for board in boards:
        try:
            _, texts, _ = _files_of(root, board)
        except CorpusError as fault:
            faults[board] = fault
            continue
        if any(written(text) != text for text in texts):
            names_for_characters.append(board)
    if len(faults) == 1:
        raise next(iter(faults.values()))
    if faults:
        more = f" and {len(faults) - _NAMED_AT_MOST} more" if len(faults) > _NAMED_AT_MOST else ""
        raise CorpusError(
            f"{root}: files of {len(faults)} of {len(boards)} boards are missing or damaged: "
            f"{', '.join(list(faults)[:_NAMED_AT_MOST])}{more}; the first: "
            f"{next(iter(faults.values()))}"
        )
    if names_for_characters:
        log.warning(
            "%s: names of characters such as &quot; are read as the character in the text of %s",
            root,
            ", ".join(names_for_characters),
        )


def _check_lines(root: Path, lines: list[Line]) -> None:
    wrong = []
    for split in dict.fromkeys(each.split for each in SPLIT_FILES):
        count = sum(line.split == split for line in lines)
        expected = sum(each.lines for each in SPLIT_FILES if each.split == split)
        if count != expected:
            wrong.append(f"{split} has {count} lines, the paper's data {expected}")
    if wrong:
        raise CorpusError(f"{root}: {'; '.join(wrong)}")
