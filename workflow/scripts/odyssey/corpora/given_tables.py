"""The user's long tables: one row a frame, with columns of sequence, split, inputs and targets."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from odyssey.corpora import given_parts
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_columns import SEQUENCE, Table, Words, need, number, opened, read_columns
from odyssey.corpora.given_parts import UNSCORED, Form, Layout, Parts, Place, Survey, near
from odyssey.corpora.splits import SPLITS

SPLIT, LABEL = "split", "label"
TARGET = "target"  # names of target columns begin so, unless the configuration names them

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The columns of a table that a task reads."""

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    class_input: bool  # the one input is a column of classes, of which the next is predicted


def read(path: str, labels: str | None, form: Form) -> Parts:
    """Read and check a table, or one of frames and one of labels.

    Parameters
    ----------
    labels : str or None
        Table of labels, with the loss ctc only: columns ``sequence`` and ``label``, one row each.

    Raises
    ------
    CorpusError
        If something is wrong; one line names the file, row, column and sequence.
    """
    table = opened(path)
    choice = _chosen(table, form)
    words, numbers = _columns_of(table, choice, form)
    layout = _layout(table, words, form)
    if choice.class_input:
        name = choice.inputs[0]
        codes, outputs = _classes(table, layout, words, name)
        _no_gap(codes, lambda frame: _place(table, layout, frame, name))
        inputs, place = (
            given_parts.one_hot(codes, outputs),
            _placer(table, layout, [name] * outputs),
        )
    else:
        inputs, place = _stacked(numbers, choice.inputs), _placer(table, layout, choice.inputs)
        given_parts.check_finite(inputs, place)
    if form.predict_next:
        return Parts(layout, inputs, None, layout.lengths, None, inputs.shape[1], place)
    if labels is not None:
        targets, lengths, outputs = _labels(labels, layout, form)
        given_parts.check_alignable(labels, layout, targets, lengths)
        return Parts(layout, inputs, targets, lengths, None, outputs, place)
    targets, scored, outputs = _targets(table, layout, choice, words, numbers, form)
    given_parts.check_scored(table.file, layout, scored)
    return Parts(layout, inputs, targets, layout.lengths, scored, outputs, place)


def survey(path: str, labels: str | None, form: Form) -> Survey:
    """Find a table's shape from its columns' names and its classes; raises as `read` does."""
    table = opened(path)
    choice = _chosen(table, form)
    words, _ = _columns_of(table, choice, form, with_numbers=False)
    layout = _layout(table, words, form)
    inputs = len(choice.inputs)
    outputs = inputs if form.predict_next else len(choice.targets)
    if labels is not None:
        outputs = _labels(labels, layout, form)[2]
    elif choice.class_input:
        inputs = outputs = _classes(table, layout, words, choice.inputs[0])[1]
    elif form.loss == "softmax" and choice.targets:
        outputs = _classes(table, layout, words, choice.targets[0])[1]
    lengths = layout.lengths - form.predict_next
    training, validation = (int(lengths[layout.split == index].sum()) for index in (0, 1))
    return Survey(inputs, outputs, training, validation)


# Which columns are read


def _chosen(table: Table, form: Form) -> Choice:
    need(table, SEQUENCE)
    if form.fractions is None:
        need(table, SPLIT, " (or draw splits by fractions, with the key splits)")
    for name in (*(form.inputs or ()), *(form.targets or ()) * (form.loss != "ctc")):
        need(table, name)
    targets = _chosen_targets(table, form)
    others = [name for name in table.columns if name not in (SEQUENCE, SPLIT, *targets)]
    classes = form.predict_next and form.loss == "softmax"
    inputs = form.inputs
    if inputs is None:
        alone = classes and len(others) == 1
        inputs = tuple(name for name in others if alone or name in table.numeric)
        left_out = [name for name in others if name not in inputs]
        if left_out:
            log.info("%s: columns of text are no inputs: %s", table.file, ", ".join(left_out))
    if not inputs:
        raise CorpusError(f"{table.file}: no column of numbers is left for the inputs")
    for name in inputs:
        if name in (SEQUENCE, SPLIT, *targets):
            raise CorpusError(f"{table.file}: the column {name} cannot be an input as well")
    return Choice(inputs, targets, classes and len(inputs) == 1)


def _chosen_targets(table: Table, form: Form) -> tuple[str, ...]:
    if form.predict_next or form.loss == "ctc":
        return ()
    targets = form.targets
    if targets is None:
        targets = tuple(name for name in table.columns if name.startswith(TARGET))
        if not targets:
            raise CorpusError(
                f"{table.file}: no column's name begins with {TARGET}; name the column under the "
                f"key target; there are {', '.join(table.columns)}"
            )
    if form.loss == "softmax" and len(targets) > 1:
        raise CorpusError(
            f"{table.file}: the loss softmax takes one column of classes, not "
            f"{', '.join(targets)}; name it under the key target"
        )
    return targets


def _columns_of(
    table: Table, choice: Choice, form: Form, with_numbers: bool = True
) -> tuple[dict[str, Words], dict[str, np.ndarray]]:
    texts = [SEQUENCE] if form.fractions else [SEQUENCE, SPLIT]
    numbers: list[str] = []
    if choice.class_input:
        texts += choice.inputs
    else:
        numbers += choice.inputs
    if form.loss == "softmax":
        texts += choice.targets
    else:
        numbers += choice.targets
    return read_columns(table, texts, numbers if with_numbers else [])


def _stacked(numbers: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    return np.column_stack([numbers[name] for name in names])


# Sequences, splits and classes


def _layout(table: Table, words: dict[str, Words], form: Form) -> Layout:
    names, starts, lengths = _runs(table, words[SEQUENCE], words.get(SPLIT))
    if form.fractions is not None:
        return given_parts.laid_out(table.file, names, lengths, None, form)
    split = words[SPLIT]
    rows = split.codes
    changed = rows != np.repeat(rows[starts], lengths)
    if changed.any():
        row = int(np.argmax(changed))
        run = int(np.searchsorted(starts, row, side="right")) - 1
        raise CorpusError(
            f"{_where(table, row, SPLIT, names[run])}: {_quoted(split, row)}, but it began as "
            f"{_quoted(split, starts[run])} in row {table.first_row + starts[run]}; a sequence is "
            "in one split"
        )
    for run, row in enumerate(starts):
        value = split.values[rows[row]] if rows[row] != UNSCORED else ""
        if value not in SPLITS:
            raise CorpusError(
                f"{_where(table, row, SPLIT, names[run])}: {value or 'empty'} is no split"
                f"{near(value, SPLITS)} (there are: {', '.join(SPLITS)})"
            )
    indices = [SPLITS.index(split.values[rows[row]]) for row in starts]
    return given_parts.laid_out(table.file, names, lengths, indices, form)


def _runs(
    table: Table, sequence: Words, split: Words | None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Find the first row and the length of each sequence."""
    codes = sequence.codes
    if (codes == UNSCORED).any():
        row = table.first_row + int(np.argmax(codes == UNSCORED))
        raise CorpusError(f"{table.file}: row {row}, column {SEQUENCE}: empty")
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    lengths = np.diff(starts, append=len(codes))
    names = [sequence.values[code] for code in codes[starts]]
    first: dict[str, int] = {}
    for run, name in enumerate(names):
        earlier = first.setdefault(name, run)
        if earlier != run:
            begun = table.first_row + starts[earlier]
            fault = f"began in row {begun} and ended in row {begun + lengths[earlier] - 1}"
            if split is not None and split.codes[starts[earlier]] != split.codes[starts[run]]:
                fault += f", in another split ({_quoted(split, starts[earlier])})"
            raise CorpusError(
                f"{_where(table, starts[run], SEQUENCE, name)}: the sequence {fault}; its rows "
                "must stand together"
            )
    return names, starts, lengths


def _quoted(words: Words, row: int) -> str:
    return "empty" if words.codes[row] == UNSCORED else words.values[words.codes[row]]


def _where(table: Table, row: int, column: str, sequence: str) -> str:
    return f"{table.file}: row {table.first_row + row}, column {column}, sequence {sequence}"


def _place(table: Table, layout: Layout, frame: int, column: str) -> str:
    return _where(table, frame, column, layout.names[layout.sequence(frame)])


def _placer(table: Table, layout: Layout, columns: Sequence[str]) -> Place:
    return lambda frame, column: _place(table, layout, frame, columns[column])


def _classes(
    table: Table, layout: Layout, words: dict[str, Words], name: str
) -> tuple[np.ndarray, int]:
    return _coded(
        words[name],
        layout.frames_of("train"),
        lambda frame: _place(table, layout, frame, name),
    )


def _coded(
    words: Words, training: np.ndarray, place: Callable[[int], str]
) -> tuple[np.ndarray, int]:
    """Count a column's classes: whole numbers if all its values are numbers, else text."""
    read = [number(value) for value in words.values]
    numbers = [value for value in read if value is not None]
    if len(numbers) < len(read):
        return given_parts.coded(words.codes, words.values, training, place)
    codes = words.codes
    for index, value in enumerate(numbers):
        if math.isnan(value):
            codes = np.where(codes == index, UNSCORED, codes)
        elif not value.is_integer():
            raise CorpusError(
                f"{place(int(np.argmax(codes == index)))}: {words.values[index]} is no class, "
                "which is a whole number or text"
            )
    whole = [0 if math.isnan(value) else int(value) for value in numbers]
    return given_parts.coded(codes, whole, training, place)


def _no_gap(codes: np.ndarray, place: Callable[[int], str]) -> None:
    if (codes == UNSCORED).any():
        raise CorpusError(f"{place(int(np.argmax(codes == UNSCORED)))}: empty")


def _targets(
    table: Table,
    layout: Layout,
    choice: Choice,
    words: dict[str, Words],
    numbers: dict[str, np.ndarray],
    form: Form,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return targets of a frame each, which frames have one, and the number of outputs."""
    if form.loss == "softmax":
        codes, outputs = _classes(table, layout, words, choice.targets[0])
        scored = codes != UNSCORED
        return np.where(scored, codes, 0).astype(np.int32), scored, outputs
    values, place = _stacked(numbers, choice.targets), _placer(table, layout, choice.targets)
    targets, scored = given_parts.real_targets(values, np.isnan(values), place, form.loss)
    return targets, scored, values.shape[1]


def _labels(path: str, layout: Layout, form: Form) -> tuple[np.ndarray, np.ndarray, int]:
    """Read CTC's labels in the order of the frames' sequences, their numbers, and the outputs."""
    table = opened(path)
    column = form.targets[0] if form.targets else LABEL
    need(table, SEQUENCE)
    need(table, column)
    words, _ = read_columns(table, [SEQUENCE, column], [])
    names, starts, lengths = _runs(table, words[SEQUENCE], None)
    position = {name: index for index, name in enumerate(layout.names)}
    for name, row in zip(names, starts, strict=True):
        if name not in position:
            raise CorpusError(
                f"{_where(table, row, SEQUENCE, name)}: there are no frames of this sequence"
                f"{near(name, position)}"
            )
    counts = np.zeros(len(layout.names), dtype=np.int64)
    order = np.array([position[name] for name in names])
    counts[order] = lengths
    rows = np.concatenate(
        [np.arange(starts[run], starts[run] + lengths[run]) for run in np.argsort(order)]
    )

    def place(label: int) -> str:
        name = layout.names[np.searchsorted(np.cumsum(counts), label, side="right")]
        return _where(table, rows[label], column, name)

    labels = Words(words[column].codes[rows], words[column].values)
    codes, count = _coded(labels, np.repeat(layout.split == SPLITS.index("train"), counts), place)
    _no_gap(codes, place)
    return codes.astype(np.int32), counts, count + 1
