"""A stand-in for IAM-OnDB in its own format: public-domain English in a single-stroke vector font.

The same seed gives the same bytes on every machine. For that, only uniform random numbers and
single additions, multiplications, divisions and square roots are used, which IEEE 754 rounds alike
everywhere; the library's sine, exponential or interpolation may differ in the last bit.
"""

import os
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from HersheyFonts import HersheyFonts

from odyssey.corpora.iam import SPLIT_FILES, SplitFile

FONT = "rowmans"  # Roman simplex: a pen's path, each line drawn once
BASELINE = 9  # where the font's letters stand; its y grows downward, as the device's does
SAMPLES_PER_SECOND = 66
LINES_PER_BOARD = 7
LATE_STAMPS = 1 / 250  # share of points whose time repeats or steps back, as the device's does

# One range of board ids a split file, so that more boards of one leave the others as they are.
SERIES = {"trainset.txt": "a", "testset_v.txt": "k", "testset_t.txt": "m", "testset_f.txt": "p"}
SUFFIXES = ("u", "w", "x", "z", "")


@dataclass(frozen=True)
class Writer:
    """How somebody writes."""

    size: float  # device units a unit of the font, whose capitals are 21 high
    width: float  # letters' width by the font's
    spacing: float  # room between letters, in units of the font
    slant: float  # units to the right for each unit up
    # slope, bow: the baseline's fall in units a unit to the right, and its sag in the middle in
    # device units.
    slope: float
    bow: float
    tremor: float  # largest deviation of a point from its path, in device units
    unsteadiness: float  # largest relative deviation of a letter from the writer's size
    speed: float  # device units a second
    haste: float  # 0: the pen moves evenly; 1: it starts and ends each stroke at rest
    pause: float  # seconds between strokes


def write(
    root: str | os.PathLike[str],
    seed: int,
    train_lines: int,
    validation_lines: int,
    test_lines: int,
    words_per_line: tuple[int, int],
    pen_speed: float,
) -> None:
    """Write a corpus: every board has a writer of its own, and the splits are of different works.

    Parameters
    ----------
    root : path-like
        Folder to make; it may exist if it is empty.
    train_lines, validation_lines, test_lines : int
        Lines of each split; validation has at least 2, because two split files share it.
    words_per_line : tuple of int
        Fewest and most.
    pen_speed : float
        Device units a second of the average writer. 2000 gives about 13 points a character; the
        faster the pen, the fewer.

    Raises
    ------
    ValueError
        If a size is out of its range.
    FileExistsError
        If the folder holds something.
    """
    if train_lines < 1 or validation_lines < 2 or test_lines < 1:
        raise ValueError("a synthetic corpus has at least 1 training, 2 validation and 1 test line")
    if not 1 <= words_per_line[0] <= words_per_line[1]:
        raise ValueError(f"words_per_line must be fewest, most, not {words_per_line}")
    if not pen_speed > 0:
        raise ValueError(f"pen_speed must be above 0, not {pen_speed}")
    root = Path(root)
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"{root} is not empty: remove it first")
    counts = {
        "trainset.txt": train_lines,
        "testset_v.txt": validation_lines - validation_lines // 2,
        "testset_t.txt": validation_lines // 2,
        "testset_f.txt": test_lines,
    }
    partial = root.with_name(f".{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for split_file in SPLIT_FILES:
            lines = counts[split_file.name]
            _write_split(partial, split_file, seed, lines, words_per_line, pen_speed)
        partial.replace(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_split(
    root: Path,
    split_file: SplitFile,
    seed: int,
    lines: int,
    words_per_line: tuple[int, int],
    pen_speed: float,
) -> None:
    letter, words = SERIES[split_file.name], passages()[split_file.split]
    boards = [board_id(letter, number) for number in range(-(-lines // LINES_PER_BOARD))]
    for number, board in enumerate(boards):
        sequence = np.random.SeedSequence(seed, spawn_key=(ord(letter), number))
        draw = np.random.Generator(np.random.PCG64(sequence))
        writer = draw_writer(draw, pen_speed)
        count = min(LINES_PER_BOARD, lines - number * LINES_PER_BOARD)
        texts = [draw_text(draw, words, words_per_line) for _ in range(count)]
        _write_board(root, board, texts, [draw_line(draw, writer, text) for text in texts])
    (root / split_file.name).write_text("".join(f" {board}\n" for board in boards))


def passages() -> dict[str, list[str]]:
    """Return the words of the public-domain text that each split is set from."""
    words: dict[str, list[str]] = {}
    text = Path(__file__).with_name("passages.txt").read_text(encoding="ascii")
    for split, body in re.findall(r"^== (\w+): .*\n([^=]*)", text, flags=re.MULTILINE):
        words.setdefault(split, []).extend(body.split())
    return words


def board_id(letter: str, number: int) -> str:
    """Name a board of a series in IAM-OnDB's manner, with or without a letter at the end.

    Raises
    ------
    ValueError
        If the number is 9900 or more, too large for an id.
    """
    if number >= 9900:
        raise ValueError(f"a split holds at most {9900 * LINES_PER_BOARD} lines")
    suffix = SUFFIXES[number % len(SUFFIXES)]
    return f"{letter}{number // 100 + 1:02d}-{number % 100:03d}{suffix}"


def draw_writer(draw: np.random.Generator, pen_speed: float) -> Writer:
    """Draw a writer; `pen_speed` is the average one's, in device units a second."""

    def between(low: float, high: float) -> float:
        return low + (high - low) * draw.random()

    return Writer(
        size=between(7.0, 12.0),
        width=between(0.85, 1.2),
        spacing=between(-1.0, 3.0),
        slant=between(-0.15, 0.5),
        slope=between(-0.03, 0.03),
        bow=between(-30.0, 30.0),
        tremor=between(2.0, 8.0),
        unsteadiness=between(0.02, 0.12),
        speed=pen_speed * between(0.7, 1.3),
        haste=between(0.0, 0.6),
        pause=between(0.08, 0.24),
    )


def draw_text(draw: np.random.Generator, words: list[str], words_per_line: tuple[int, int]) -> str:
    """Take some consecutive words, between the fewest and the most of a line."""
    count = int(draw.integers(words_per_line[0], words_per_line[1] + 1))
    first = int(draw.integers(0, max(1, len(words) - count + 1)))
    return " ".join(words[first : first + count])


@cache
def _font() -> dict[str, tuple[float, list[np.ndarray]]]:
    # Of each character: how far it takes the pen to the right, and its strokes from its left edge.
    fonts = HersheyFonts(load_default_font=FONT)
    return {
        character: (
            float(glyph.char_width),
            [np.array(stroke, dtype=float) - (glyph.left_offset, 0) for stroke in glyph.strokes],
        )
        for character, glyph in fonts.all_glyphs.items()
    }


def draw_line(draw: np.random.Generator, writer: Writer, text: str) -> list[np.ndarray]:
    """Write a line of printable ASCII.

    Returns
    -------
    list of numpy.ndarray of float64, shape (points, 3)
        Strokes: x and y, integral device units, and the time in seconds.
    """
    paths = set_text(draw, writer, text)
    length = 1.0 + max(path[:, 0].max() for path in paths)
    left, top = 900 + draw.integers(0, 200), 1000 + draw.integers(0, 2000)
    time = 1 + 1000 * draw.random()
    strokes = []
    for path in paths:
        along = path[:, 0] / length
        drop = writer.slope * path[:, 0] + 4.0 * writer.bow * (along * (1.0 - along))
        bent = np.column_stack([path[:, 0] + left, path[:, 1] + drop + top])
        positions = sample(bent, writer.speed / SAMPLES_PER_SECOND, writer.haste)
        count = len(positions)
        # A hand does not shake as fast as the device samples, so each point's shake is the mean of
        # three draws.
        shake = writer.tremor * (2.0 * draw.random((count + 2, 2)) - 1.0)
        positions = positions + (shake[:-2] + shake[1:-1] + shake[2:]) / 3.0
        stamps = time + np.arange(count) / SAMPLES_PER_SECOND
        stamps = stamps - 0.02 * (draw.random(count) < LATE_STAMPS)
        strokes.append(np.column_stack([np.rint(positions), stamps]))
        time += count / SAMPLES_PER_SECOND + writer.pause * (0.5 + draw.random())
    return strokes


def set_text(draw: np.random.Generator, writer: Writer, text: str) -> list[np.ndarray]:
    """Lay out the paths of a text's letters on a straight baseline.

    Returns
    -------
    list of numpy.ndarray of float64, shape (corners, 2)
        One a stroke, in device units from the start of the baseline.
    """
    paths, edge = [], 0.0
    for character in text:
        advance, strokes = _font()[character]
        deviations = writer.unsteadiness * (2.0 * draw.random(3) - 1.0)
        wide, high = writer.width * (1.0 + deviations[0]), 1.0 + deviations[1]
        for stroke in strokes:
            up = high * (BASELINE - stroke[:, 1]) + 10.0 * deviations[2]
            right = edge + wide * stroke[:, 0] + writer.slant * up
            paths.append(writer.size * np.column_stack([right, -up]))
        edge += wide * advance + writer.spacing
    return paths


def sample(path: np.ndarray, step: float, haste: float) -> np.ndarray:
    """Take points along a path as a pen passes them at equal times.

    Parameters
    ----------
    path : numpy.ndarray of float64, shape (corners, 2)
    step : float
        Mean distance between points along the path, in its units.
    haste : float
        See `Writer`.

    Returns
    -------
    numpy.ndarray of float64, shape (points, 2)
        At least both ends.
    """
    sides = np.diff(path, axis=0)
    sides_long = np.sqrt(sides[:, 0] * sides[:, 0] + sides[:, 1] * sides[:, 1])
    reached = np.concatenate([[0.0], np.cumsum(sides_long)])
    count = max(2, int(np.ceil(reached[-1] / step)) + 1)
    moment = np.arange(count) / (count - 1)
    eased = moment * moment * (3.0 - 2.0 * moment)
    travelled = reached[-1] * ((1.0 - haste) * moment + haste * eased)
    side = np.clip(np.searchsorted(reached, travelled, side="right") - 1, 0, len(sides) - 1)
    share = (travelled - reached[side]) / np.maximum(sides_long[side], 1e-9)
    points: np.ndarray = path[side] + share[:, None] * sides[side]
    return points


def _write_board(root: Path, board: str, texts: list[str], lines: list[list[np.ndarray]]) -> None:
    form, series = board[:7], board[:3]
    strokes_folder = root / "lineStrokes" / series / form
    text_folder = root / "ascii" / series / form
    for folder in (strokes_folder, text_folder):
        folder.mkdir(parents=True, exist_ok=True)
    for number, strokes in enumerate(lines, start=1):
        (strokes_folder / f"{board}-{number:02d}.xml").write_text(stroke_xml(strokes))
    # Of the genuine files most end their lines with CRLF, and some with LF.
    newline = "\n" if int(form[4:]) % 4 == 3 else "\r\n"
    with open(text_folder / f"{board}.txt", "w", encoding="ascii", newline=newline) as file:
        file.write("OCR:\n\n" + "\n".join(texts) + "\n\nCSR:\n\n" + "\n".join(texts) + "\n")


def stroke_xml(strokes: list[np.ndarray]) -> str:
    """Write strokes as the device did.

    Parameters
    ----------
    strokes : list of numpy.ndarray of float64, shape (points, 3)
        x, y, seconds.
    """
    x, y, _ = np.concatenate(strokes).T.astype(int)
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<WhiteboardCaptureSession>\n'
        '  <WhiteboardDescription>\n    <SensorLocation corner="top_left"/>\n'
        f'    <DiagonallyOppositeCoords x="{x.max()}" y="{y.max()}"/>\n'
        f'    <VerticallyOppositeCoords x="{x.min()}" y="{y.max()}"/>\n'
        f'    <HorizontallyOppositeCoords x="{x.max()}" y="{y.min()}"/>\n'
        "  </WhiteboardDescription>\n  <StrokeSet>\n"
    ]
    for stroke in strokes:
        start, end = stroke[0, 2], stroke[-1, 2]
        parts.append(f'    <Stroke colour="black" start_time="{start:.2f}" end_time="{end:.2f}">\n')
        parts += [f'      <Point x="{x:.0f}" y="{y:.0f}" time="{t:.2f}"/>\n' for x, y, t in stroke]
        parts.append("    </Stroke>\n")
    return "".join(parts) + "  </StrokeSet>\n</WhiteboardCaptureSession>\n"
