"""The kinds of tasks that ship beside the paper's three: settings, shapes, features."""

import json

import pytest

from odyssey.checks import check_corpora
from odyssey.config import ConfigError, read_study
from odyssey.corpora.errors import CorpusError
from odyssey.features.sequences import SPLITS
from odyssey.tasks import KINDS, features, read_settings

SMALL = {"train": 6, "validation": 4, "test": 2}
PIECE = [[60, 64], [], [62], [67]]


def made(settings, name="mine"):
    return features(name, read_settings(settings), None, 1, lambda done, total: None)


def faults(settings):
    """What a user is told of a task's settings, and of what they name."""
    with pytest.raises(ConfigError) as error:
        check_corpora(read_study({"study": "s", "tasks": {"mine": settings}}))
    lines = str(error.value).splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def nottingham(tmp_path):
    path = tmp_path / "nottingham.json"
    path.write_text(json.dumps({"train": [PIECE] * 3, "valid": [PIECE], "test": [PIECE]}))
    return str(path)


@pytest.fixture
def settings(nottingham):
    """Small settings of each kind."""
    return {
        "pianorolls": {"path": nottingham},
        "text": {},
        "adding": {"length": 5, **SMALL},
        "copy": {"symbols": 3, "delay": 2, **SMALL},
        "capacity": {"items": 20, "inputs": 6},
    }


@pytest.mark.parametrize("kind", ["pianorolls", "text", "adding", "copy", "capacity"])
def test_features_are_what_was_said_of_them_before(settings, kind):
    assert kind in KINDS
    chosen = read_settings({"kind": kind, **settings[kind]})
    sequences = made({"kind": kind, **settings[kind]})
    assert sequences.description == chosen.description("mine")
    assert not sequences.description.synthetic  # which would be a stand-in for a real corpus
    training, validation = (
        int(sequences.lengths[sequences.indices(split)].sum()) for split in SPLITS[:2]
    )
    if kind != "pianorolls":  # which judges by the size of the file
        assert chosen.frames() == (training, validation)
    assert min(chosen.frames()) > 0


def test_two_tasks_of_a_kind_have_titles_of_their_own(nottingham):
    tasks = {
        "nottingham": {"kind": "pianorolls", "path": nottingham},
        "essen": {"kind": "pianorolls", "collection": "essen"},
        "palestrina": {"kind": "pianorolls", "collection": "palestrina", "title": "Masses"},
    }
    study = read_study({"study": "s", "tasks": tasks})
    titles = {name: words["title"] for name, words in study.descriptions.items()}
    assert titles == {
        "nottingham": "nottingham",
        "essen": "Essen folk songs",
        "palestrina": "Masses",
    }
    assert study.tasks["nottingham"].origin == "nottingham.json"
    assert study.tasks["essen"].origin == "music21"


def test_a_collection_becomes_piano_rolls_and_says_what_was_left_out(capsys):
    chosen = {"kind": "pianorolls", "collection": "ryansmammoth", "limit": 5}
    sequences = made(chosen)
    assert [len(sequences.indices(split)) for split in SPLITS] == [3, 1, 1]
    assert sequences.description.source == "music21, 5 scores"
    assert capsys.readouterr().err == "mine: 5 scores\n"


def test_a_finer_step_has_more_frames():
    chosen = {"kind": "pianorolls", "collection": "ryansmammoth", "limit": 3}
    quarters, eighths = made(chosen), made({**chosen, "step": "eighth"})
    assert list(eighths.names) == list(quarters.names)
    assert (eighths.lengths >= 2 * quarters.lengths).all()
    assert read_settings({**chosen, "step": "eighth"}).frames()[0] == pytest.approx(
        2 * read_settings(chosen).frames()[0], abs=1
    )


def test_a_text_counts_its_characters_before_and_after_it_changes(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("abc" * 20)
    chosen = read_settings({"kind": "text", "path": str(path), "length": 3})
    assert chosen.shape().outputs == 3
    path.write_text("abcd" * 20)
    assert chosen.shape().outputs == 4


def test_a_text_too_large_is_refused_before_anything_starts(tmp_path, monkeypatch):
    path = tmp_path / "mine.txt"
    path.write_text("abcd" * 100)
    monkeypatch.setattr("odyssey.tasks.text.MOST_BYTES", 1600)
    chosen = {"kind": "text", "path": str(path), "length": 5}
    assert "400 characters, 4 different ones" in faults(chosen)
    assert "set characters to 100 or less" in faults(chosen)
    assert read_settings({**chosen, "characters": 100}).frames() == (79, 9)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"kind": "pianorolls"}, "give either path, a file, or collection: bach, palestrina"),
        ({"kind": "pianorolls", "path": "x.mid"}, "the name must end in .json, .pickle, .pkl"),
        ({"kind": "pianorolls", "path": "x.json"}, "there is no file x.json"),
        ({"kind": "pianorolls", "path": "x.json", "limit": 9}, "limit is for a collection"),
        ({"kind": "pianorolls", "collection": "beatles"}, "collection"),
        ({"kind": "pianorolls", "collection": "bach", "limit": 2}, "limit"),
        ({"kind": "text", "path": "none.txt"}, "there is no file none.txt"),
        ({"kind": "text", "length": 0}, "length"),
        ({"kind": "text", "length": 5000}, "the validation part has 2217"),
        ({"kind": "text", "characters": 500}, "the validation part has 50"),
        (
            {"kind": "text", "splits": {"train": 0.5, "validation": 0.3, "test": 0.3}},
            "must add up to 1, not 1.1",
        ),
        ({"kind": "adding", "length": 1}, "length"),
        ({"kind": "adding", "train": 0}, "train"),
        ({"kind": "copy", "alphabet": 1}, "alphabet"),
        ({"kind": "copy", "delay": 0}, "delay"),
        ({"kind": "capacity", "items": 1000, "inputs": 10}, "items must be 512 at most"),
    ],
)
def test_a_fault_is_one_line(settings, fault):
    assert fault in faults(settings)


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b"", "is empty"), (b"abc\xff", "byte 3 (line 1) is not UTF-8"), (b"abc", "too few")],
)
def test_a_fault_of_a_text_is_one_line_before_anything_starts(tmp_path, content, fault):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    assert fault in faults({"kind": "text", "path": str(path)})


def test_a_piece_of_one_frame_is_named(tmp_path):
    path = tmp_path / "short.json"
    path.write_text(json.dumps({"train": [PIECE, [[60]]], "valid": [PIECE], "test": [PIECE]}))
    with pytest.raises(CorpusError, match="fewer than two frames: train-001"):
        made({"kind": "pianorolls", "path": str(path)})
