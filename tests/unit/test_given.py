"""The user's own data: tables and arrays, what is made of them, and every fault they may have."""

import io

import numpy as np
import pandas as pd
import pytest

from odyssey.corpora import given
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.given_parts import Form, drawn_split
from odyssey.features.given import sequences as made_of
from odyssey.features.sequences import SPLITS, Description

SPLIT_OF = {"a": "train", "b": "train", "c": "validation", "d": "test"}


def table():
    """Four sequences of three frames: two inputs, a class, a real target, two notes."""
    rows = [
        {
            "sequence": name,
            "split": split,
            "x": 10 * index + frame,
            "y": 0.5 * frame,
            "kind": "up" if (index + frame) % 2 else "down",
        }
        for index, (name, split) in enumerate(SPLIT_OF.items())
        for frame in range(3)
    ]
    return pd.DataFrame(rows)


SOFTMAX = Form("softmax", targets=("kind",))


def csv(tmp_path, frame, name="data.csv"):
    path = tmp_path / name
    frame.to_csv(path, index=False)
    return str(path)


def parquet(tmp_path, frame, name="data.parquet"):
    path = tmp_path / name
    frame.to_parquet(path)
    return str(path)


def sequences(path, form, labels=None, directions=1, standardised=False):
    parts = given.read(path, labels, form)
    surveyed = given.survey(path, labels, form)
    description = Description(
        "mine", "data", False, form.loss, surveyed.outputs, directions, "error (%)"
    )
    made = made_of(parts, form, description, standardised)
    frames = [int(made.lengths[made.indices(split)].sum()) for split in SPLITS]
    assert surveyed.inputs == made.inputs
    assert surveyed.outputs == parts.outputs
    assert [surveyed.training, surveyed.validation] == frames[:2]
    return made


def fault(path, form, labels=None):
    with pytest.raises(CorpusError) as caught:
        given.read(str(path), labels, form)
    message = str(caught.value)
    assert "\n" not in message
    return message


# Tables


@pytest.mark.parametrize("write", [csv, parquet])
def test_a_table_of_classes_becomes_sequences(tmp_path, write):
    made = sequences(write(tmp_path, table()), SOFTMAX)
    assert made.names.tolist() == list(SPLIT_OF)
    assert made.lengths.tolist() == [3] * 4
    assert made.split.tolist() == [0, 0, 1, 2]
    assert made.values[:4].tolist() == [[0, 0], [1, 0.5], [2, 1], [10, 0]]
    # Classes in sorted order: down, up.
    assert made.targets.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert made.description.outputs == 2
    assert made.scored is None


@pytest.mark.parametrize("write", [csv, parquet])
def test_a_class_may_be_a_whole_number_and_stand_in_few_frames(tmp_path, write):
    frame = table().drop(columns="kind")
    frame["target"] = np.nan
    frame.loc[2::3, "target"] = [10, 2, 2, 10]  # only the last frame of each: sequence labels
    made = sequences(write(tmp_path, frame), Form("softmax"))
    assert made.targets[2::3].tolist() == [1, 0, 0, 1]  # as numbers, 2 comes before 10
    assert made.scored.tolist() == [False, False, True] * 4


@pytest.mark.parametrize("write", [csv, parquet])
def test_a_regression_takes_columns_of_real_targets(tmp_path, write):
    frame = table().drop(columns="kind").assign(target_1=np.arange(12) / 4, target_2=-1.5)
    frame.loc[4, ["target_1", "target_2"]] = np.nan
    made = sequences(write(tmp_path, frame), Form("squared"))
    assert made.targets.dtype == np.float32
    assert made.targets[3:6].tolist() == [[0.75, -1.5], [0, 0], [1.25, -1.5]]
    assert np.flatnonzero(~made.scored).tolist() == [4]
    assert made.inputs == 2


@pytest.mark.parametrize("write", [csv, parquet])
def test_notes_are_targets_of_0_and_1(tmp_path, write):
    frame = table().drop(columns="kind").assign(low=[0, 1] * 6, high=[True, False] * 6)
    if write is csv:
        frame["high"] = frame["high"].astype(int)
    made = sequences(write(tmp_path, frame), Form("sigmoid", targets=("low", "high")))
    assert made.targets.dtype == np.uint8
    assert made.targets[:2].tolist() == [[0, 1], [1, 0]]


def test_inputs_are_the_columns_that_are_named_or_all_columns_of_numbers(tmp_path, caplog):
    caplog.set_level("INFO")
    path = csv(tmp_path, table().assign(note="hello", z=7))
    assert sequences(path, SOFTMAX).values[1].tolist() == [1, 0.5, 7]
    assert "columns of text are no inputs: note" in caplog.text
    named = Form("softmax", inputs=("z", "x"), targets=("kind",))
    assert sequences(path, named).values[1].tolist() == [7, 1]


def test_csv_may_have_quotes_line_breaks_spaces_and_a_byte_order_mark(tmp_path):
    frame = table()
    frame["kind"] = frame["kind"].map({"up": "\n", "down": " "})
    path = tmp_path / "data.csv"
    text = frame.to_csv(index=False).replace("train,0,0.0", "train, 0 ,+0.0")
    path.write_text("\ufeff" + text + "\n\n", encoding="utf-8")
    assert sequences(str(path), SOFTMAX).targets[:2].tolist() == [1, 0]


def test_the_index_that_pandas_keeps_in_parquet_is_no_input(tmp_path):
    frame = table()
    frame.index = frame.index * 7
    assert sequences(parquet(tmp_path, frame[::1]), SOFTMAX).inputs == 2
    by_kind = parquet(tmp_path, table().astype({"kind": "category", "sequence": "category"}))
    assert sequences(by_kind, SOFTMAX).targets[:2].tolist() == [0, 1]


def labels():
    rows = [("d", "q"), ("a", "p"), ("a", "q"), ("b", "p"), ("c", "q"), ("c", "p")]
    return pd.DataFrame(rows, columns=["sequence", "label"])


def test_labels_of_ctc_stand_in_a_second_table_in_any_order_of_sequences(tmp_path):
    path = csv(tmp_path, table().drop(columns="kind"))
    made = sequences(path, Form("ctc"), parquet(tmp_path, labels(), "labels.parquet"))
    assert made.targets.tolist() == [0, 1, 0, 1, 0, 1]
    assert made.target_lengths.tolist() == [2, 1, 2, 1]
    assert made.description.outputs == 3  # with the blank


# Predicting the next frame


@pytest.mark.parametrize("write", [csv, parquet])
def test_the_next_real_inputs_are_predicted_and_the_last_frame_dropped(tmp_path, write):
    form = Form("squared", predict_next=True, inputs=("x", "y"))
    made = sequences(write(tmp_path, table()), form)
    assert made.lengths.tolist() == [2] * 4
    assert made.values[:4].tolist() == [[0, 0], [1, 0.5], [10, 0], [11, 0.5]]
    assert made.targets[:4].tolist() == [[1, 0.5], [2, 1], [11, 0.5], [12, 1]]
    assert made.scored is None
    scaled = sequences(write(tmp_path, table()), form, standardised=True)
    assert scaled.targets[0].tolist() == scaled.values[1].tolist()


def test_the_next_notes_are_predicted_by_sigmoid(tmp_path):
    frame = table()[["sequence", "split"]].assign(low=[0, 1, 1] * 4, high=1)
    made = sequences(csv(tmp_path, frame), Form("sigmoid", predict_next=True))
    assert made.targets[:2].tolist() == [[1, 1], [1, 1]]
    assert made.description.outputs == 2
    path = csv(tmp_path, frame.assign(high=2))
    form = Form("sigmoid", predict_next=True)
    with pytest.raises(CorpusError, match=r"row 2, column high, sequence a: 2, but .* 0 and 1"):
        sequences(path, form)


def test_the_next_class_is_predicted_from_one_column_or_from_one_hot_columns(tmp_path):
    frame = table()[["sequence", "split", "kind"]]
    form = Form("softmax", predict_next=True)
    made = sequences(csv(tmp_path, frame), form)
    assert made.values[:2].tolist() == [[1, 0], [0, 1]]
    assert made.targets[:2].tolist() == [1, 0]
    hot = frame.drop(columns="kind").assign(down=frame["kind"] == "down", up=frame["kind"] == "up")
    again = sequences(parquet(tmp_path, hot), form)
    assert again.values.tolist() == made.values.tolist()
    assert again.targets.tolist() == made.targets.tolist()
    hot.loc[3, "up"] = hot.loc[3, "down"] = True
    with pytest.raises(CorpusError, match=r"row 4, column down, sequence b: 2 of the inputs"):
        sequences(parquet(tmp_path, hot), form)


# Splits and scales


def test_a_drawn_split_depends_on_names_and_seed_alone_and_takes_whole_sequences(tmp_path):
    names = [f"s{number}" for number in range(20)]
    split = drawn_split(names, (0.7, 0.15, 0.15), seed=0)
    assert np.bincount(split).tolist() == [14, 3, 3]
    order = np.random.default_rng(1).permutation(20)
    again = drawn_split([names[index] for index in order], (0.7, 0.15, 0.15), seed=0)
    assert again.tolist() == split[order].tolist()
    assert drawn_split(names, (0.7, 0.15, 0.15), seed=1).tolist() != split.tolist()
    form = Form("softmax", targets=("kind",), fractions=(0.5, 0.25, 0.25), seed=3)
    with_split, without = csv(tmp_path, table()), parquet(tmp_path, table().drop(columns="split"))
    made = sequences(with_split, form)
    assert np.bincount(made.split).tolist() == [2, 1, 1]
    assert sequences(without, form).split.tolist() == made.split.tolist()


def test_standardised_inputs_have_mean_0_and_deviation_1_over_the_training_part(tmp_path):
    path = csv(tmp_path, table().assign(z=4))
    made = sequences(path, SOFTMAX, standardised=True)
    training = made.values[:6]
    np.testing.assert_allclose(training.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(training.std(axis=0), [1, 1, 0], atol=1e-6)
    assert abs(made.values[6:, 0].mean()) > 1


# Faults of tables


def edited(frame, row, column, value):
    """Write another value in a field, found by its row in a CSV file."""
    frame = frame.astype(object)
    frame.loc[row if isinstance(row, slice) else row - 2, column] = value
    return frame


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (3, "x", "", "row 3, column x, sequence a: empty or not a number"),
        (5, "y", "nan", "row 5, column y, sequence b: empty or not a number"),
        (5, "y", "-inf", "row 5, column y, sequence b: infinite"),
        (5, "y", "1e39", "row 5, column y, sequence b: 1e+39 is too large a number"),
        (4, "y", "1.2x", "row 4, column y, sequence a: '1.2x' is not a number"),
        (slice(0, 99), "y", "True", "row 2, column y, sequence a: 'True' is not a number"),
        (2, "x", "1_000", "row 2, column x, sequence a: '1_000' is not a number"),
        (8, "kind", "upp", "row 8, column kind, sequence c: the class 'upp' is not in the train"),
        (6, "split", "test", "row 6, column split, sequence b: test, but it began as train in"),
        (5, "split", "tets", "row 6, column split, sequence b: train, but it began as tets in"),
        (6, "sequence", "a", "row 6, column sequence, sequence a: the sequence began in row 2 and"),
        (10, "sequence", "a", "ended in row 4, in another split (train); its rows must stand"),
        (7, "sequence", "", "row 7, column sequence: empty"),
    ],
)
def test_a_fault_names_row_column_and_sequence(tmp_path, row, column, value, message):
    path = csv(tmp_path, edited(table(), row, column, value))
    assert message in fault(path, SOFTMAX)


def test_rows_of_parquet_are_counted_from_1(tmp_path):
    frame = table()
    frame.loc[4, "y"] = np.nan
    assert "row 5, column y, sequence b: empty" in fault(parquet(tmp_path, frame), SOFTMAX)


def test_an_unknown_split_is_named_with_what_was_meant(tmp_path):
    frame = table().replace({"split": {"validation": "validatoin"}})
    message = fault(csv(tmp_path, frame), SOFTMAX)
    assert "row 8, column split, sequence c: validatoin is no split; did you mean validation?" in (
        message
    )


def test_an_empty_split_is_named(tmp_path):
    frame = table().replace({"split": {"validation": "train"}})
    assert "no sequence is in the split validation (given)" in fault(csv(tmp_path, frame), SOFTMAX)
    form = Form("softmax", targets=("kind",), fractions=(0.98, 0.01, 0.01))
    message = fault(csv(tmp_path, table()[:6]), form)
    assert "no sequence is in the split validation (drawn by fractions of 2)" in message


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    path = csv(tmp_path, table())
    message = fault(path, Form("softmax", targets=("kinds",)))
    assert "there is no column kinds; did you mean kind? (there are: sequence, split, x" in message
    assert "there is no column xx" in fault(
        path, Form("softmax", inputs=("xx",), targets=("kind",))
    )
    assert "no column's name begins with target" in fault(path, Form("softmax"))
    path = csv(tmp_path, table().rename(columns={"split": "part"}))
    assert "there is no column split (or draw splits by fractions" in fault(path, SOFTMAX)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Form("softmax", inputs=("kind",), targets=("kind",)), "kind cannot be an input as well"),
        (Form("softmax", targets=("kind", "x")), "takes one column of classes, not kind, x"),
        (Form("softmax", inputs=("note",), targets=("kind",)), "note, sequence a: 'hello' is not"),
        (Form("softmax", targets=("x",)), "the class 20 is not in the training part, which"),
        (
            Form("softmax", targets=("y",)),
            "column y, sequence a: 0.5 is no class, which is a whole",
        ),
        (Form("softmax", targets=("note",)), "the training part has only the class 'hello'"),
        (Form("sigmoid", targets=("y",)), "column y, sequence a: 0.5, but the loss sigmoid takes"),
    ],
)
def test_columns_must_be_fit_for_what_they_are_taken_for(tmp_path, form, message):
    assert message in fault(csv(tmp_path, table().assign(note="hello")), form)
    assert fault(parquet(tmp_path, table().assign(note="hello")), form)


def test_a_frame_has_all_its_targets_or_none_and_a_sequence_some(tmp_path):
    frame = table().drop(columns="kind").assign(target_1=1.0, target_2=2.0)
    frame.loc[4, "target_2"] = np.nan
    message = fault(csv(tmp_path, frame), Form("squared"))
    assert "row 6, column target_2, sequence b: empty, but other targets" in message
    frame.loc[3:5, ["target_1", "target_2"]] = np.nan
    assert "sequence b has no target" in fault(csv(tmp_path, frame), Form("squared"))


def test_a_sequence_of_one_frame_has_no_next(tmp_path):
    frame = table().drop(index=[3, 4])
    assert "sequence b has one frame" in fault(
        csv(tmp_path, frame), Form("squared", True, inputs=("x",))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no rows"),
        ("sequence,split,x,kind\n", "holds no rows"),
        ("sequence,split,x,x,kind\na,train,1,2,up\n", "the column x stands twice"),
        (",sequence,split,x,kind\n0,a,train,1,up\n", "column 1 has no name"),
        (
            "sequence;split;x;kind\na;train;1;up\n",
            "must be separated by commas, not by ';'",
        ),
        ("sequence,split,x,kind\na,train,1,up\nb,test,2\n", "row 3: 3 values, but the table has 4"),
        ("sequence,split,x,kind\na,train,\xe9,up\n", "is not text in UTF-8"),
        ("PAR1\n", "is not a CSV file, whatever its ending says"),
        ("sequence,split,x,kind\na,train,1,\0up\n", "is not a CSV file, whatever its ending says"),
    ],
)
def test_a_csv_file_that_is_none_is_told_in_a_line(tmp_path, text, message):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="latin-1")
    assert message in fault(path, SOFTMAX)


def test_files_that_are_not_what_their_ending_says(tmp_path):
    for name in ("data.parquet", "data.npz"):
        (tmp_path / name).write_text("sequence,split,x\n")
        assert "whatever its ending says" in fault(tmp_path / name, SOFTMAX)
    whole = parquet(tmp_path, table())
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((tmp_path / "data.parquet").read_bytes()[:-40])
    assert whole != cut
    assert "not a complete Parquet file" in fault(cut, SOFTMAX)
    with pytest.raises(CorpusError, match=r"gone.csv: cannot be read: No such file"):
        given.survey(str(tmp_path / "gone.csv"), None, SOFTMAX)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.iloc[[1, 2, 3, 0, 4, 5]].assign(label="p"), "the training part has only"),
        (lambda f: f.iloc[[0, 1, 3, 2, 4, 5]], "row 5, column sequence, sequence a: the sequence"),
        (
            lambda f: f.replace({"sequence": {"b": "bb"}}),
            "sequence bb: there are no frames of",
        ),
        (lambda f: f[f["sequence"] != "b"], "labels.csv: sequence b has no label"),
        (lambda f: edited(f, 3, "label", ""), "row 3, column label, sequence a: empty"),
        (lambda f: edited(f, 6, "label", "r"), "row 6, column label, sequence c: the class 'r' is"),
        (lambda f: f.rename(columns={"label": "lable"}), "no column label; did you mean lable?"),
        (
            lambda f: pd.DataFrame({"sequence": [*"aaabcd"], "label": [*"pppqqq"]}),
            "sequence a has 3 frames, too few for its 3 labels, of which 2 repeat the one before; "
            "CTC needs 5",
        ),
    ],
)
def test_faults_of_labels_are_named(tmp_path, change, message):
    path = csv(tmp_path, table().drop(columns="kind"))
    assert message in fault(path, Form("ctc"), csv(tmp_path, change(labels()), "labels.csv"))


def test_a_survey_reads_a_file_again_when_it_has_changed(tmp_path):
    path = csv(tmp_path, table())
    assert given.survey(path, None, SOFTMAX).inputs == 2
    csv(tmp_path, table().assign(z=1))
    assert given.survey(path, None, SOFTMAX).inputs == 3


# Arrays


def arrays(**changes):
    """The table's content, as arrays."""
    content = {
        "inputs": table()[["x", "y"]].to_numpy(),
        "lengths": np.array([3, 3, 3, 3]),
        "split": np.array([0, 0, 1, 2]),
        "names": np.array(list(SPLIT_OF)),
        "targets": np.array([0, 1, 0] * 4),
    } | changes
    return {name: array for name, array in content.items() if array is not None}


def npz(tmp_path, content, save=np.savez):
    path = tmp_path / "data.npz"
    save(path, **content)
    return str(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_classes_become_sequences(tmp_path, save):
    made = sequences(npz(tmp_path, arrays(), save), Form("softmax"))
    assert made.names.tolist() == list(SPLIT_OF)
    assert made.split.tolist() == [0, 0, 1, 2]
    assert made.values[1].tolist() == [1, 0.5]
    assert made.targets.tolist() == [0, 1, 0] * 4
    by_name = arrays(split=np.array(list(SPLIT_OF.values())), names=None, classes=np.array(5))
    made = sequences(npz(tmp_path, by_name, save), Form("softmax"))
    assert made.names.tolist() == ["0", "1", "2", "3"]
    assert made.split.tolist() == [0, 0, 1, 2]
    assert made.description.outputs == 5


def test_frames_without_a_target_are_minus_1_nan_or_not_scored(tmp_path):
    where = np.array([False, False, True] * 4)
    for content in (
        arrays(targets=np.where(where, 1, -1) * np.arange(12) % 2),
        arrays(scored=where, targets=np.arange(12) % 2),
        arrays(targets=np.where(where, np.arange(12) % 2, np.nan)),
    ):
        if "scored" not in content and content["targets"].dtype.kind == "i":
            content["targets"] = np.where(where, np.arange(12) % 2, -1)
        made = sequences(npz(tmp_path, content), Form("softmax"))
        assert made.scored.tolist() == where.tolist()
        assert made.targets[2::3].tolist() == [0, 1, 0, 1]
    real = np.where(where, 1.25, np.nan)
    made = sequences(npz(tmp_path, arrays(targets=real)), Form("squared"))
    assert made.targets[:3].tolist() == [[0], [0], [1.25]]
    assert made.scored.tolist() == where.tolist()
    everywhere = sequences(npz(tmp_path, arrays(targets=np.ones((12, 2)))), Form("sigmoid"))
    assert everywhere.scored is None


def test_ctc_and_predict_next_from_arrays(tmp_path):
    ctc = arrays(targets=np.array([0, 1, 2, 1, 0]), target_lengths=np.array([2, 1, 1, 1]))
    made = sequences(npz(tmp_path, ctc), Form("ctc"), directions=2)
    assert made.description.outputs == 4
    assert made.description.directions == 2
    notes = arrays(inputs=np.tile([[0, 1]], (12, 1)), targets=None)
    made = sequences(npz(tmp_path, notes), Form("sigmoid", predict_next=True))
    assert made.targets.tolist() == [[0, 1]] * 8
    letters = arrays(inputs=np.array([2, 0, 1] * 4), targets=None)
    made = sequences(npz(tmp_path, letters), Form("softmax", predict_next=True))
    assert made.targets.tolist() == [0, 1] * 4
    assert made.inputs == made.description.outputs == 3


def test_splits_of_arrays_can_be_drawn(tmp_path):
    form = Form("softmax", fractions=(0.5, 0.25, 0.25), seed=3)
    made = sequences(npz(tmp_path, arrays(split=None)), form)
    table_form = Form("softmax", targets=("kind",), fractions=(0.5, 0.25, 0.25), seed=3)
    assert made.split.tolist() == sequences(csv(tmp_path, table()), table_form).split.tolist()


def with_nan():
    values = arrays()["inputs"]
    values[4, 1] = np.nan
    return values


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": with_nan()}, "inputs[4, 1], sequence b, frame 1: empty or not a number"),
        ({"inputs": np.zeros((4, 3, 2))}, "the shape (4, 3, 2); lay sequences end to end"),
        ({"inputs": np.zeros((11, 2))}, "inputs has 11 frames, but lengths add up to 12"),
        ({"inputs": np.array([["1", "2"]] * 12)}, "inputs must hold numbers, not <U1"),
        ({"inputs": np.array([[None, 1]] * 12)}, "inputs holds Python objects"),
        ({"targets": np.zeros(11, int)}, "targets has 11 frames, but lengths add up to 12"),
        (
            {"targets": np.array([0, 1] * 3 + [7] * 6)},
            "targets[6], sequence c, frame 0: the class 7",
        ),
        ({"targets": np.array([0, -2] * 6)}, "targets[1], sequence a, frame 1: -2 is no class"),
        ({"targets": np.array([0, 0.5] * 6)}, "targets[1], sequence a, frame 1: 0.5 is no class"),
        ({"targets": np.array([0, 99] * 6)}, "targets[1], sequence a, frame 1: the class 99 is"),
        ({"names": np.array([b"a", b"\xff", b"a", b"b"])}, "names[2]: the sequence a is names[0]"),
        ({"targets": np.zeros(12, int)}, "there is one class only in the training part"),
        ({"targets": np.array([0, 1] * 3 + [-1] * 6)}, "sequence c has no target"),
        ({"targets": np.ones((12, 2))}, "targets of the loss softmax have one dimension"),
        ({"classes": np.array(1)}, "classes must be their number"),
        ({"classes": np.array([2, 3])}, "classes must be their number"),
        ({"lengths": np.array([3, 3, 6, 0])}, "lengths[3]: 0, but 1 is the least"),
        ({"lengths": np.array([3.0, 3, 3, 3])}, "lengths must hold whole numbers in one dimension"),
        ({"names": np.array([*"abca"])}, "names[3]: the sequence a is names[0] already"),
        ({"names": np.array([*"abc"])}, "names has the shape (3,), but lengths (4,)"),
        ({"split": np.array([0, 0, 1, 3])}, "split[3], sequence d: 3 is no split"),
        ({"split": np.array(["train"] * 3 + ["tset"])}, "'tset' is no split; did you mean test?"),
        ({"split": np.array([0, 0, 2, 2])}, "no sequence is in the split validation (given)"),
        ({"split": np.zeros(12, int)}, "split has the shape (12,), but lengths (4,)"),
        ({"split": None}, "there is no array split (or draw splits by fractions"),
        ({"scored": np.ones(12, int)}, "scored must hold truth values (bool), one a frame (12)"),
        ({"targets": None, "target": np.zeros(12)}, "no array targets; did you mean target?"),
        ({"target_lengths": np.ones(4)}, "the array target_lengths is of no use here"),
    ],
)
def test_a_fault_of_arrays_names_the_array_and_the_place(tmp_path, changes, message):
    assert message in fault(npz(tmp_path, arrays(**changes)), Form("softmax"))


@pytest.mark.parametrize(
    ("targets", "lengths", "message"),
    [
        ([0, 1, 0, 1, 0], [2, 1, 1, 2], "target_lengths add up to 6, but there are 5 targets"),
        ([0, 1, 0, 1, 0], [2, 2, 1], "target_lengths has 3 entries, but lengths 4"),
        ([0, 1, 0, 1, 0], [2, 2, 1, 0], "sequence d has no label"),
        ([0, 1, 0, 1, 5], [2, 1, 1, 1], "targets[4], sequence d: the class 5 is out of range"),
        ([0, 0, 0, 1, 0, 0], [3, 1, 1, 1], "sequence a has 3 frames, too few for its 3 labels"),
        ([0, -1, 0, 1, 0], [2, 1, 1, 1], "targets[1]: -1, but 0 is the least"),
    ],
)
def test_faults_of_ctc_arrays(tmp_path, targets, lengths, message):
    content = arrays(targets=np.array(targets), target_lengths=np.array(lengths))
    assert message in fault(npz(tmp_path, content), Form("ctc"))


def test_a_shape_is_read_without_the_inputs(tmp_path, monkeypatch):
    path = npz(tmp_path, arrays(targets=np.ones((12, 5))))
    read = []
    monkeypatch.setattr(given.given_arrays, "_numbers", lambda _, name: read.append(name))
    surveyed = given.survey(path, None, Form("squared"))
    assert (surveyed.inputs, surveyed.outputs, surveyed.training) == (2, 5, 6)
    assert read == []


@pytest.mark.parametrize("cut", [4, 200, -30])
def test_a_cut_or_broken_npz_is_told_in_a_line(tmp_path, cut):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays())
    path = tmp_path / "data.npz"
    path.write_bytes(buffer.getvalue()[:cut])
    assert "not a complete .npz" in fault(path, Form("softmax"))


def test_an_npz_with_a_flipped_byte_is_told_in_a_line(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays(inputs=np.zeros((12, 10_000))))
    content = bytearray(path.read_bytes())
    content[500_000] ^= 255  # within the values of inputs
    path.write_bytes(content)
    assert "inputs cannot be read" in fault(path, Form("softmax"))
