"""The form of data that training reads: its checks and its file."""

from dataclasses import replace

import numpy as np
import pytest

from odyssey.features.sequences import (
    SPLITS,
    Description,
    Sequences,
    load,
    load_with_digest,
    save,
)
from odyssey.files import file_digest


def description(loss="sigmoid"):
    return Description(
        task="jsb",
        source="music21",
        synthetic=False,
        loss=loss,
        outputs=3,
        directions=1,
        measure="negative log-likelihood (nats per frame)",
    )


def notes():
    """Three sequences of 2, 1 and 3 frames, one in each split but the order turned round."""
    generator = np.random.default_rng(0)
    lengths = np.array([2, 1, 3], dtype=np.int64)
    return Sequences(
        description=description(),
        values=generator.random((6, 4), dtype=np.float32),
        lengths=lengths,
        targets=generator.integers(0, 2, (6, 3)).astype(np.uint8),
        target_lengths=lengths,
        split=np.array([2, 1, 0], dtype=np.uint8),
        names=np.array(["last", "näme", "first"]),
    )


def phones():
    whole = notes()
    return replace(
        whole, description=description("softmax"), targets=np.arange(6, dtype=np.int32) % 3
    )


def characters():
    return replace(
        phones(),
        description=description("ctc"),
        targets=np.array([0, 1, 1, 0], dtype=np.int32),
        target_lengths=np.array([1, 0, 3], dtype=np.int64),
    )


def heights():
    targets = np.random.default_rng(1).standard_normal((6, 3)).astype(np.float32)
    return replace(notes(), description=description("squared"), targets=targets)


def last_frames():
    return replace(phones(), scored=np.array([0, 1, 1, 0, 0, 1], dtype=bool))


@pytest.mark.parametrize("make", [notes, phones, characters, heights, last_frames])
def test_what_is_saved_is_loaded_bit_for_bit(tmp_path, make):
    path = tmp_path / "task.npz"
    save(make(), path)
    loaded = load(path)
    assert loaded.description == make().description
    for part in ("values", "lengths", "targets", "target_lengths", "split", "names"):
        ours, theirs = getattr(make(), part), getattr(loaded, part)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(loaded.scored, make().scored)
    assert [file.name for file in tmp_path.iterdir()] == ["task.npz"]


def test_the_same_sequences_make_the_same_file(tmp_path):
    for name in ("a.npz", "b.npz"):
        save(notes(), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_split_is_found_by_name():
    assert [notes().indices(split).tolist() for split in SPLITS] == [[2], [1], [0]]


def test_inputs_are_the_columns_of_the_values():
    assert notes().inputs == 4


LENGTHS = np.array([2, 1, 2], dtype=np.int64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": description("mse")}, "unknown loss 'mse': allowed are softmax"),
        ({"values": np.zeros((6, 4))}, "values must be float32"),
        ({"values": np.zeros(6, dtype=np.float32)}, r"of shape \(frames, inputs\)"),
        ({"values": np.full((6, 4), np.nan, np.float32)}, "not finite"),
        ({"values": np.full((6, 4), np.inf, np.float32)}, "not finite"),
        ({"names": np.array(["a", "b"])}, "of one length"),
        ({"split": np.zeros(4, dtype=np.uint8)}, "of one length"),
        ({"target_lengths": np.array([6])}, "of one length"),
        ({"lengths": np.array([3, 0, 3])}, "sequence näme has no frame"),
        ({"lengths": LENGTHS}, "^lengths do not add up"),
        ({"target_lengths": LENGTHS}, "target_lengths do not add up"),
        ({"targets": np.zeros((6, 3), np.float32)}, "targets of loss sigmoid must be uint8"),
        ({"targets": np.zeros(6, np.uint8)}, "targets of loss sigmoid must be uint8"),
        ({"description": description("ctc")}, "targets of loss ctc must be int32"),
        ({"description": description("squared")}, "targets of loss squared must be float32"),
        ({"scored": np.ones(5, bool)}, r"scored must be bool of shape \(frames,\)"),
        ({"scored": np.ones(6, np.uint8)}, "scored must be bool"),
        ({"scored": np.array([1, 1, 0, 1, 0, 0], bool)}, "sequence näme has no scored frame"),
    ],
)
def test_parts_that_do_not_fit_together_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        replace(notes(), **change)


def test_frames_without_targets_of_their_own_cannot_be_scored():
    with pytest.raises(ValueError, match="scored must be None with loss ctc"):
        replace(characters(), scored=np.ones(6, bool))


def test_real_targets_are_finite():
    with pytest.raises(ValueError, match="targets hold a number that is not finite"):
        replace(heights(), targets=np.full((6, 3), np.nan, np.float32))


def test_scored_frames_are_counted_sequence_by_sequence():
    assert phones().scored_lengths.tolist() == [2, 1, 3]
    assert last_frames().scored_lengths.tolist() == [1, 1, 1]


def test_a_file_says_which_frames_are_scored_only_where_not_all_are(tmp_path):
    names = []
    for made in (phones(), last_frames()):
        save(made, tmp_path / "task.npz")
        with np.load(tmp_path / "task.npz") as file:
            names.append(file.files)
    parts = ["description", "values", "lengths", "targets", "target_lengths", "split", "names"]
    assert names == [parts, [*parts, "scored"]]


@pytest.mark.parametrize("keep", [0, 1, 50, 0.5, 0.99])
def test_a_truncated_file_is_an_error_that_names_it(tmp_path, keep):
    path = tmp_path / "task.npz"
    save(notes(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    with pytest.raises(ValueError, match=r"task\.npz is not a features file"):
        load(path)


def test_a_file_of_something_else_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "task.npz"
    np.savez(path, something=np.zeros(3))
    with pytest.raises(ValueError, match=r"task\.npz is not a features file"):
        load(path)
    path.write_text("text")
    with pytest.raises(ValueError, match=r"task\.npz is not a features file"):
        load(path)


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ValueError, match=r"none\.npz is not a features file"):
        load(tmp_path / "none.npz")


def test_no_array_of_objects_is_unpickled(tmp_path):
    path = tmp_path / "task.npz"
    np.savez(path, description=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match=r"task\.npz is not a features file"):
        load(path)


def test_sequences_come_with_the_digest_of_their_file(tmp_path):
    path = tmp_path / "task.npz"
    save(notes(), path)
    loaded, digest = load_with_digest(path)
    assert digest == file_digest(path)
    np.testing.assert_array_equal(loaded.values, notes().values)
