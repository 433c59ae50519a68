"""The kind of task `sequences`: its keys, and what follows from them and from its file."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY

from odyssey.checks import check_corpora
from odyssey.config import ConfigError, read_study
from odyssey.tasks import features, read_settings
from odyssey.tasks.base import Shape
from odyssey.training.cost import expected_seconds

WAVES = str(REPOSITORY / "docs" / "waves.csv")


def settings(**keys):
    return read_settings({"kind": "sequences", "path": WAVES, "loss": "softmax"} | keys)


def study(**keys):
    task = {"kind": "sequences", "path": WAVES, "loss": "softmax"} | keys
    task = {key: value for key, value in task.items() if value is not None}
    return read_study({"study": "s", "tasks": {"mine": task}})


def refusal(**keys):
    with pytest.raises(ConfigError) as caught:
        study(**keys)
    return str(caught.value)


def test_shape_and_frames_are_known_before_features_are_made():
    task = settings(directions=2)
    assert task.shape() == Shape(inputs=1, outputs=3, directions=2, loss="softmax")
    assert task.frames() == (1600, 400)
    made = features("mine", task, None, 1, print)
    assert made.values.shape == (2400, 1)
    assert made.description.task == "mine"
    assert made.description.source == "waves.csv"
    assert not made.description.synthetic


def test_a_study_on_the_file_can_be_checked_and_costed():
    checked = study(measure="phase error", title="Waves")
    check_corpora(checked)
    assert checked.descriptions["mine"] == {
        "kind": "sequences",
        "title": "Waves",
        "measure": "phase error",
    }
    assert study().descriptions["mine"]["title"] == "mine"
    assert expected_seconds(checked, "mine", "V", [{"hidden_size": 10}])[0] > 0


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ({}, "classification error (%)"),
        ({"loss": "squared"}, "mean square error"),
        ({"loss": "squared", "unit": "m²"}, "mean square error (m²)"),
        ({"measure": "misses", "unit": "%"}, "misses (%)"),
        ({"measure": "misses"}, "misses"),
    ],
)
def test_the_measure_follows_from_the_loss_unless_the_user_names_it(keys, label):
    assert settings(**keys).axis_label == label


def test_words_for_a_reader_make_no_features_anew():
    plain = settings().of_features()
    assert settings(title="Waves", measure="misses", unit="%", epochs=3).of_features() == plain
    assert read_settings(settings(splits=FRACTIONS).of_features()) == settings(splits=FRACTIONS)
    assert settings(directions=2).of_features() != plain


FRACTIONS = {"train": 0.7, "validation": 0.15, "test": 0.15, "seed": 1}


def test_fractions_have_to_add_up_to_1():
    assert settings(splits=FRACTIONS).frames() == (42 * 40, 9 * 40)
    message = refusal(splits=FRACTIONS | {"test": 0.2})
    assert message == "tasks.mine.splits: train, validation and test must add up to 1, not 1.05"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"path": "waves.xlsx"}, "the name must end in .csv, .parquet, .npz"),
        ({"path": None}, "tasks.mine.path: this key is missing"),
        ({"loss": None}, "tasks.mine.loss: this key is missing"),
        ({"loss": "softmx"}, "tasks.mine.loss: must be 'softmax', 'sigmoid', 'ctc' or 'squared'"),
        ({"directions": 3}, "tasks.mine.directions: must be 1 or 2"),
        ({"targt": "x"}, "tasks.mine.targt: unknown key; did you mean target?"),
        ({"inputs": ["x", "x"]}, "tasks.mine.inputs: names a column twice"),
        ({"also_search": ["clip", "clip"]}, "also_search: names a hyperparameter twice"),
        ({"loss": "ctc"}, "the loss ctc needs the key labels, a second table"),
        ({"labels": "labels.csv"}, "labels is a second table, for the loss ctc"),
        ({"loss": "ctc", "predict": "next"}, "predict: next goes with the losses softmax, sigm"),
        ({"predict": "next", "target": "x"}, "predict: next makes the targets: leave target"),
        ({"loss": "squared", "target": "x", "targets": ["x"]}, "give target or targets, not both"),
        ({"targets": ["x"]}, "the loss softmax takes one column, with the key target"),
        ({"path": "a.npz", "inputs": ["x"]}, "inputs names columns, but an .npz has none"),
    ],
)
def test_a_wrong_key_is_told_in_a_line(keys, message):
    said = refusal(**keys)
    assert message in said
    assert "\n" not in said


def test_a_file_that_is_not_there_is_told_with_its_key(tmp_path):
    frames = tmp_path / "frames.csv"
    pd.DataFrame({"sequence": ["a"], "split": ["train"], "x": [1]}).to_csv(frames, index=False)
    keys = {"path": str(frames), "loss": "ctc", "labels": "gone.csv"}
    with pytest.raises(ConfigError, match=r"^tasks\.mine\.labels: there is no file gone\.csv"):
        check_corpora(study(**keys))


def test_features_that_cannot_be_next_inputs_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", inputs=np.arange(6), lengths=[2, 2, 2], split=[0, 1, 2])
    task = settings(path=str(tmp_path / "a.npz"), loss="sigmoid", predict="next")
    with pytest.raises(ValueError, match=r"inputs\[2\], sequence 1, frame 0: 2, but the loss sigm"):
        features("mine", task, None, 1, print)


def test_the_waves_are_those_that_their_script_writes():
    spec = importlib.util.spec_from_file_location("waves", REPOSITORY / "docs" / "waves.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    header, *rows = (REPOSITORY / "docs/waves.csv").read_text(encoding="utf-8").splitlines()
    assert header == "sequence,split,x,target"
    assert rows == [",".join(row) for row in module.waves()]
