"""The user's arrays in an ``.npz``: sequences laid end to end, as NumPy's ``savez`` writes them."""

import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from odyssey.corpora import given_parts
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import UNSCORED, Form, Layout, Parts, Place, Survey, near
from odyssey.corpora.splits import SPLITS

ARRAYS = (
    "inputs",
    "lengths",
    "split",
    "targets",
    "target_lengths",
    "scored",
    "names",
    "classes",
)


def read(path: str, form: Form) -> Parts:
    """Read and check an ``.npz``.

    Raises
    ------
    CorpusError
        If something is wrong; one line names the array, the place in it and the sequence.
    """
    headers = _headers(path, form)
    layout = _layout(path, headers, form)
    inputs = _as_matrix(_numbers(path, "inputs"))
    place = _placer(path, "inputs", layout, headers["inputs"][0])
    given_parts.check_finite(inputs, place)
    if form.predict_next:
        inputs = _of_classes(inputs, layout, form, place)
        return Parts(layout, inputs, None, layout.lengths, None, inputs.shape[1], place)
    if form.loss == "ctc":
        targets, lengths, outputs = _labels(path, layout, headers)
        given_parts.check_alignable(path, layout, targets, lengths)
        return Parts(layout, inputs, targets, lengths, None, outputs, place)
    targets, scored, outputs = _targets(path, layout, headers, form)
    given_parts.check_scored(path, layout, scored)
    return Parts(layout, inputs, targets, layout.lengths, scored, outputs, place)


def survey(path: str, form: Form) -> Survey:
    """Find an ``.npz``'s shape from its headers and smaller arrays; raises as `read` does."""
    headers = _headers(path, form)
    layout = _layout(path, headers, form)
    inputs = _width(headers["inputs"][0])
    if form.predict_next:
        if form.loss == "softmax" and inputs == 1:  # of classes, which have to be counted
            inputs = read(path, form).outputs
        outputs = inputs
    elif form.loss == "ctc":
        outputs = _labels(path, layout, headers)[2]
    elif form.loss == "softmax":
        outputs = _count(path, headers) or _targets(path, layout, headers, form)[2]
    else:
        outputs = _width(headers["targets"][0])
    lengths = layout.lengths - form.predict_next
    training, validation = (int(lengths[layout.split == index].sum()) for index in (0, 1))
    return Survey(inputs, outputs, training, validation)


# The file


Headers = dict[str, tuple[tuple[int, ...], np.dtype[Any]]]
"""Shape and type of each array, by its name."""


def _headers(path: str, form: Form) -> Headers:
    """Read the headers, and check which arrays there are."""
    try:
        with zipfile.ZipFile(path) as file:
            names = [name for name in file.namelist() if name.endswith(".npy")]
            headers = {name.removesuffix(".npy"): _header(file, name) for name in names}
    except zipfile.BadZipFile as error:
        raise CorpusError(f"{path}: is not a complete .npz, whatever its ending says") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: is not a complete .npz of NumPy's: {error}") from error
    _check_arrays(path, headers, form)
    return headers


def _check_arrays(path: str, headers: Headers, form: Form) -> None:
    needed = {"inputs", "lengths"}
    needed |= set() if form.fractions else {"split"}
    needed |= set() if form.predict_next else {"targets"}
    needed |= {"target_lengths"} if form.loss == "ctc" else set()
    for name in ARRAYS:
        if name in needed and name not in headers:
            how = " (or draw splits by fractions, with the key splits)" if name == "split" else ""
            raise CorpusError(
                f"{path}: there is no array {name}{how}{near(name, headers)} "
                f"(there are: {', '.join(headers)})"
            )
    allowed = needed | {"names", "split"} | _optional(form)
    for name, (_, kind) in headers.items():
        if name not in allowed:
            order = [known for known in ARRAYS if known in allowed]
            raise CorpusError(
                f"{path}: the array {name} is of no use here{near(name, allowed)} "
                f"(of use: {', '.join(order)})"
            )
        if kind.hasobject:
            raise CorpusError(f"{path}: {name} holds Python objects; save numbers, or text as str")


def _optional(form: Form) -> set[str]:
    if form.predict_next:
        return set()
    return {"softmax": {"scored", "classes"}, "ctc": {"classes"}}.get(form.loss, {"scored"})


def _header(file: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    with file.open(name) as member:
        version = np.lib.format.read_magic(member)
        # Versions 2 and 3 differ in the encoding of names of fields, which no array here has.
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = read_header(member)
        return shape, kind


def _array(path: str, name: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as file:
            values: np.ndarray = file[name]
            return values
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise CorpusError(f"{path}: {name} cannot be read: {error}") from error


def _numbers(path: str, name: str) -> np.ndarray:
    values = _array(path, name)
    if values.dtype.kind not in "fiub":
        raise CorpusError(f"{path}: {name} must hold numbers, not {values.dtype}")
    return values.astype(np.float64)


def _whole(path: str, name: str, least: int) -> np.ndarray:
    """Read an array of one dimension that holds whole numbers."""
    values = _array(path, name)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise CorpusError(
            f"{path}: {name} must hold whole numbers in one dimension, not {values.dtype} of shape "
            f"{values.shape}"
        )
    if (values < least).any():
        index = int(np.argmax(values < least))
        raise CorpusError(f"{path}: {name}[{index}]: {values[index]}, but {least} is the least")
    return values.astype(np.int64)


def _width(shape: Sequence[int]) -> int:
    return 1 if len(shape) == 1 else shape[1]


def _as_matrix(values: np.ndarray) -> np.ndarray:
    return values[:, None] if values.ndim == 1 else values


# Sequences and splits


def _layout(path: str, headers: Headers, form: Form) -> Layout:
    lengths = _whole(path, "lengths", least=1)
    count, frames = len(lengths), int(lengths.sum())
    if count == 0:
        raise CorpusError(f"{path}: lengths is empty")
    names = _names(path, headers, count)
    _check_frames(path, headers, "inputs", frames)
    if not form.predict_next and form.loss != "ctc":
        _check_frames(path, headers, "targets", frames)
    split = None if form.fractions else _split(path, names)
    return given_parts.laid_out(path, names, lengths, split, form)


def _check_frames(path: str, headers: Headers, name: str, frames: int) -> None:
    shape, _ = headers[name]
    if len(shape) not in (1, 2) or 0 in shape:
        raise CorpusError(
            f"{path}: {name} has the shape {shape}; lay sequences end to end, (frames, {name})"
        )
    if shape[0] != frames:
        raise CorpusError(
            f"{path}: {name} has {shape[0]} frames, but lengths add up to {frames} "
            "(lengths has the frames of each sequence)"
        )


def _names(path: str, headers: Headers, count: int) -> list[str]:
    if "names" not in headers:
        return [f"{number:0{len(str(count - 1))}d}" for number in range(count)]
    names = _array(path, "names")
    if names.shape != (count,):
        raise CorpusError(f"{path}: names has the shape {names.shape}, but lengths ({count},)")
    texts = [str(_text(name)) for name in names]
    first: dict[str, int] = {}
    for index, name in enumerate(texts):
        if first.setdefault(name, index) != index:
            raise CorpusError(
                f"{path}: names[{index}]: the sequence {name} is names[{first[name]}] already"
            )
    return texts


def _split(path: str, names: list[str]) -> np.ndarray:
    split = _array(path, "split")
    if split.shape != (len(names),):
        raise CorpusError(
            f"{path}: split has the shape {split.shape}, but lengths ({len(names)},): one split a "
            "sequence"
        )
    given = [_text(value) for value in split.tolist()]
    numbers: dict[object, int] = {name: index for index, name in enumerate(SPLITS)}
    numbers |= {0: 0, 1: 1, 2: 2}
    for index, value in enumerate(given):
        if value not in numbers:
            raise CorpusError(
                f"{path}: split[{index}], sequence {names[index]}: {value!r} is no split"
                f"{near(str(value), SPLITS)} (there are: {', '.join(SPLITS)}, or 0, 1, 2)"
            )
    return np.array([numbers[value] for value in given])


def _text(value: object) -> object:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _placer(path: str, name: str, layout: Layout, shape: Sequence[int]) -> Place:
    def place(frame: int, column: int) -> str:
        sequence = layout.sequence(frame)
        within = frame - int(layout.lengths[:sequence].sum())
        index = f"{frame}" if len(shape) == 1 else f"{frame}, {column}"
        return f"{path}: {name}[{index}], sequence {layout.names[sequence]}, frame {within}"

    return place


# Targets


def _targets(
    path: str, layout: Layout, headers: Headers, form: Form
) -> tuple[np.ndarray, np.ndarray, int]:
    """Read targets of a frame each, which frames have one, and the number of outputs."""
    shape = headers["targets"][0]
    place = _placer(path, "targets", layout, shape)
    values = _numbers(path, "targets")
    scored = _scored(path, len(values)) if "scored" in headers else None
    if form.loss != "softmax":
        values = _as_matrix(values)
        missing = np.isnan(values) if scored is None else np.tile(~scored[:, None], values.shape[1])
        targets, scored = given_parts.real_targets(values, missing, place, form.loss)
        return targets, scored, values.shape[1]
    if len(shape) != 1:
        raise CorpusError(f"{path}: targets of the loss softmax have one dimension, not {shape}")
    if scored is None:
        scored = ~np.isnan(values) & (values != UNSCORED)
    known = scored & layout.frames_of("train")
    count = _count(path, headers)
    classes, outputs = _numbered(np.where(scored, values, 0), scored, known, count, place)
    return classes.astype(np.int32), scored, outputs


def _of_classes(inputs: np.ndarray, layout: Layout, form: Form, place: Place) -> np.ndarray:
    """Lay a single input of classes, of which the next is predicted, out as one column each."""
    if form.loss != "softmax" or inputs.shape[1] > 1:
        return inputs
    everywhere = np.ones(len(inputs), dtype=bool)
    classes, count = _numbered(inputs[:, 0], everywhere, layout.frames_of("train"), None, place)
    return given_parts.one_hot(classes, count)


def _scored(path: str, frames: int) -> np.ndarray:
    scored = _array(path, "scored")
    if scored.shape != (frames,) or scored.dtype != bool:
        raise CorpusError(
            f"{path}: scored must hold truth values (bool), one a frame ({frames}), not "
            f"{scored.dtype} of shape {scored.shape}"
        )
    return scored


def _labels(path: str, layout: Layout, headers: Headers) -> tuple[np.ndarray, np.ndarray, int]:
    """Read the labels of CTC, their number for each sequence, and the outputs with the blank."""
    labels = _whole(path, "targets", least=0)
    lengths = _whole(path, "target_lengths", least=0)
    if len(lengths) != len(layout.names):
        raise CorpusError(
            f"{path}: target_lengths has {len(lengths)} entries, but lengths {len(layout.names)}"
        )
    if lengths.sum() != len(labels):
        raise CorpusError(
            f"{path}: target_lengths add up to {lengths.sum()}, but there are {len(labels)} targets"
        )

    def place(label: int, _: int) -> str:
        sequence = np.searchsorted(np.cumsum(lengths), label, side="right")
        return f"{path}: targets[{label}], sequence {layout.names[sequence]}"

    known = np.repeat(layout.split == SPLITS.index("train"), lengths)
    everywhere = np.ones(len(labels), dtype=bool)
    codes, count = _numbered(labels, everywhere, known, _count(path, headers), place)
    return codes.astype(np.int32), lengths, count + 1


def _count(path: str, headers: Headers) -> int | None:
    """Read the number of classes, None if the training part shall say it."""
    if "classes" not in headers:
        return None
    count = _array(path, "classes")
    if count.shape != () or count.dtype.kind not in "iu" or count < 2:
        raise CorpusError(f"{path}: classes must be their number: one whole number of 2 or more")
    return int(count)


def _numbered(
    values: np.ndarray, where: np.ndarray, known: np.ndarray, count: int | None, place: Place
) -> tuple[np.ndarray, int]:
    """Check that the classes at some places are whole numbers from 0 to their number less one."""
    wrong = where & ((values != np.floor(values)) | ~(values >= 0))
    if wrong.any():
        index = int(np.argmax(wrong))
        raise CorpusError(
            f"{place(index, 0)}: {values[index]:g} is no class, which is a whole number from 0"
        )
    said = "by the array classes"
    if count is None:
        count = int(values[known].max(initial=0)) + 1
        said = "in the training part"
        if count > known.sum():
            index = int(np.argmax(np.where(known, values, -1)))
            raise CorpusError(
                f"{place(index, 0)}: the class {count - 1} is larger than the training part has "
                "targets; number classes from 0, or say how many there are in the array classes"
            )
    if count < 2:
        raise CorpusError(f"{place(int(np.argmax(where)), 0)}: there is one class only {said}")
    beyond = where & (values >= count)
    if beyond.any():
        index = int(np.argmax(beyond))
        raise CorpusError(
            f"{place(index, 0)}: the class {values[index]:g} is out of range, 0 to {count - 1} "
            f"{said}"
        )
    return values.astype(np.int64), count
