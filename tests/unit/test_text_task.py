"""Next character: a text read, split and cut into sequences."""

import logging

import numpy as np
import pytest

from odyssey.corpora import text
from odyssey.corpora.errors import CorpusError
from odyssey.features import characters
from odyssey.features.sequences import SPLITS, Description

FRACTIONS = (0.5, 0.25, 0.25)


def write(folder, content):
    path = folder / "mine.txt"
    path.write_bytes(content)
    return path


def sequences(parts, length):
    outputs = characters.classes(parts)
    return characters.sequences(
        parts, length, Description("text", "mine", False, "softmax", outputs, 1, "error (%)")
    )


def spelled(made, parts):
    """Read sequences back: what goes in, and what is to come out."""
    alphabet = np.array([*text.vocabulary(parts), "?"])
    ends = np.cumsum(made.lengths)[:-1]
    shown = np.split(alphabet[made.values.argmax(axis=1)], ends)
    wanted = np.split(alphabet[made.targets], ends)
    return ["".join(part) for part in shown], ["".join(part) for part in wanted]


def test_a_text_is_read_without_mark_and_with_one_kind_of_line_end(tmp_path):
    path = write(tmp_path, "\ufeffé\r\nb\rc\n".encode())
    assert text.read(path) == "é\nb\nc\n"
    assert text.read(path, characters=3) == "é\nb"


def test_an_empty_file_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"mine\.txt: is empty"):
        text.read(write(tmp_path, b""))


def test_a_byte_that_is_no_utf8_is_named_with_its_line(tmp_path):
    with pytest.raises(CorpusError, match=r"mine\.txt: byte 5 \(line 2\) is not UTF-8: 0xe9"):
        text.read(write(tmp_path, b"abc\nd\xe9f"))
    with pytest.raises(CorpusError, match=r"mine\.txt: byte 4 \(line 1\) is not UTF-8: 0xff"):
        text.read(write(tmp_path, b"\xef\xbb\xbfa\xff"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"none\.txt: cannot be read: No such file"):
        text.read(tmp_path / "none.txt")


def test_the_parts_are_in_the_order_of_the_text():
    assert text.split("abcdefgh", FRACTIONS, 1, "mine.txt") == {
        "train": "abcd",
        "validation": "ef",
        "test": "gh",
    }


def test_a_text_too_short_for_three_splits_is_named():
    with pytest.raises(
        CorpusError, match="its 8 characters are too few: the validation part has 2"
    ):
        text.split("abcdefgh", FRACTIONS, 2, "mine.txt")


def test_each_character_is_to_be_followed_by_the_next():
    parts = {"train": "abcabcab", "validation": "cab", "test": "bb"}
    made = sequences(parts, 3)
    shown, wanted = spelled(made, parts)
    assert shown == ["abc", "abc", "a", "ca", "b"]
    assert wanted == ["bca", "bca", "b", "ab", "b"]
    assert [SPLITS[index] for index in made.split] == ["train"] * 3 + ["validation", "test"]
    assert (made.values.sum(axis=1) == 1).all()
    assert made.inputs == made.description.outputs == 3


def test_characters_that_training_lacks_are_one_class_and_named(caplog):
    parts = {"train": "abab", "validation": "axy", "test": "xb"}
    with caplog.at_level(logging.INFO):
        made = sequences(parts, 10)
    assert spelled(made, parts)[0][1:] == ["a?", "?"]
    assert made.inputs == made.description.outputs == 3
    assert made.targets.max() == 2
    assert "one class for all: 'x' (2), 'y' (1)" in caplog.text


def test_the_text_that_ships_is_long_enough():
    shipped = text.read(text.SHIPPED)
    assert 20_000 < len(shipped) < 60_000
    parts = text.split(shipped, (0.8, 0.1, 0.1), 100, text.SHIPPED)
    assert "".join(parts.values()) == shipped
    assert 50 < characters.classes(parts) < 80
