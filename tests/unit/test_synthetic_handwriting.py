"""The stand-in for IAM-OnDB: genuine in form, the same everywhere, its splits kept apart."""

import hashlib
import re

import numpy as np
import pytest

from odyssey.corpora.iam import ALPHABET, SPLIT_FILES, read
from odyssey.corpora.synthetic_handwriting import (
    Writer,
    board_id,
    draw_line,
    passages,
    sample,
    set_text,
    write,
)
from odyssey.features.strokes import sequences
from odyssey.tasks import read_settings

SIZES = {
    "train_lines": 30,
    "validation_lines": 9,
    "test_lines": 8,
    "words_per_line": (1, 3),
    "pen_speed": 3000.0,
}
STEADY = Writer(
    size=10.0,
    width=1.0,
    spacing=0.0,
    slant=0.0,
    slope=0.0,
    bow=0.0,
    tremor=0.0,
    unsteadiness=0.0,
    speed=2000.0,
    haste=0.0,
    pause=0.1,
)


def files_of(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def generator():
    return np.random.Generator(np.random.PCG64(1))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("synthetic") / "corpus"
    write(root, seed=5, **SIZES)
    return root


def test_the_corpus_passes_the_reader_of_the_genuine_one(corpus):
    lines = read(corpus, paper_counts=False)
    splits = [line.split for line in lines]
    assert [splits.count(s) for s in ("train", "validation", "test")] == [30, 9, 8]
    assert all(1 <= len(line.text.split()) <= 3 for line in lines)
    made = sequences(lines, read_settings({"kind": "iam"}).description("iam"))
    assert made.description.synthetic
    assert len(made.names) == 47


def test_the_files_have_the_genuine_form(corpus):
    boards = (corpus / "trainset.txt").read_text()
    assert re.fullmatch(r"( a01-00\d[uwxz]?\n){5}", boards)
    strokes = (corpus / "lineStrokes/a01/a01-000/a01-000u-01.xml").read_text()
    assert strokes.startswith('<?xml version="1.0" encoding="ISO-8859-1"?>\n<WhiteboardCaptureS')
    stroke = r'<Stroke colour="black" start_time="\d+\.\d\d" end_time="\d+\.\d\d">\s+'
    assert re.search(stroke + r'<Point x="\d+" y="\d+" time="\d+\.\d\d"/>', strokes)
    text = (corpus / "ascii/a01/a01-000/a01-000u.txt").read_bytes()
    assert re.fullmatch(rb"OCR:\r\n\r\n([^\r]+\r\n){7}\r\nCSR:\r\n\r\n([^\r]+\r\n){7}", text)
    assert b"\r" not in (corpus / "ascii/a01/a01-003/a01-003z.txt").read_bytes()


def test_points_come_66_times_a_second_with_a_few_late_stamps(corpus):
    steps = np.concatenate(
        [
            np.diff(stroke[:, 2])
            for line in read(corpus, paper_counts=False)
            for stroke in np.split(line.points, np.cumsum(line.stroke_lengths)[:-1])
        ]
    )
    # Stamps have two decimals: a step of 1/66 s is 0.01 or 0.02 s.
    ordinary = (steps > 0.005) & (steps < 0.025)
    assert ordinary.mean() > 0.98
    assert steps[ordinary].mean() == pytest.approx(1 / 66, abs=1e-4)
    assert (steps < 0.005).any()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_corpus(corpus, tmp_path):
    write(tmp_path / "again", seed=5, **SIZES)
    assert files_of(tmp_path / "again") == files_of(corpus)
    write(tmp_path / "other", seed=6, **SIZES)
    assert files_of(tmp_path / "other") != files_of(corpus)


def test_the_corpus_is_the_one_of_every_other_machine(corpus):
    digest = hashlib.sha256()
    for name, content in files_of(corpus).items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    # Recorded once: a change means that studies made before cannot be continued.
    expected = "a7785578a2b83a774ed787f3ea9a7d2b3c07de9b2db3011499e7b95fdfd1fdd7"
    assert digest.hexdigest() == expected


def test_more_lines_leave_those_before_as_they_are(corpus, tmp_path):
    # 28 training, 7 + 7 validation and 7 test lines: whole boards.
    small = {**SIZES, "train_lines": 28, "validation_lines": 8, "test_lines": 7}
    write(tmp_path / "small", seed=5, **small)
    large = files_of(corpus)
    for name, content in files_of(tmp_path / "small").items():
        if name.startswith(("lineStrokes/a", "lineStrokes/p", "ascii/a")):
            assert large[name] == content


def test_passages_hold_the_alphabet_only_and_share_nothing_between_splits():
    words = passages()
    assert set(words) == {"train", "validation", "test"}
    for split in words:
        assert set("".join(words[split])) <= set(ALPHABET)
        assert len(words[split]) > 90
    texts = {split: " ".join(words[split]) for split in words}
    for split in ("validation", "test"):
        for first in range(len(words[split]) - 5):
            assert " ".join(words[split][first : first + 6]) not in texts["train"]


def test_training_shows_every_letter_and_digit_that_the_other_splits_ask_for():
    words = passages()
    known = set("".join(words["train"]))
    asked = "".join(words["validation"] + words["test"])
    assert sum(character not in known for character in asked) / len(asked) < 0.005


def test_a_steady_writer_draws_the_fonts_own_letters():
    # Roman simplex l: one stroke from the cap line, 21 units above the baseline, down to it.
    (path,) = set_text(generator(), STEADY, "l")
    np.testing.assert_array_equal(path[:, 1], [-210.0, 0.0])
    assert path[0, 0] == path[1, 0]


def test_slant_moves_what_is_high_to_the_right():
    slanted = Writer(**{**vars(STEADY), "slant": 0.5})
    (upright,), (leaning,) = (set_text(generator(), w, "l") for w in (STEADY, slanted))
    np.testing.assert_allclose(leaning[:, 0] - upright[:, 0], [105.0, 0.0], rtol=1e-12)


def test_an_even_pen_leaves_equal_distances_on_the_path():
    path = np.array([[0.0, 0.0], [30.0, 40.0], [30.0, 90.0]])
    expected = [[0, 0], [12, 16], [24, 32], [30, 50], [30, 70], [30, 90]]
    np.testing.assert_allclose(sample(path, step=20.0, haste=0.0), expected, rtol=1e-12)


def test_a_hasty_pen_starts_and_ends_slowly_at_the_same_places():
    path = np.array([[0.0, 0.0], [100.0, 0.0]])
    steps = np.diff(sample(path, step=5.0, haste=1.0)[:, 0])
    assert steps[0] < 1 < 7 < steps[10]
    assert steps[-1] < 1
    assert steps.sum() == pytest.approx(100)


def test_faster_writers_leave_fewer_points():
    hasty = Writer(**{**vars(STEADY), "speed": 4000.0})
    slow, fast = (
        sum(len(stroke) for stroke in draw_line(generator(), writer, "wonderland"))
        for writer in (STEADY, hasty)
    )
    # Not quite twice as many: each stroke has its last point too.
    assert 1.5 < slow / fast < 2.0


def test_board_ids_are_unique_and_end_in_time():
    names = [board_id("a", number) for number in range(9900)]
    assert len(set(names)) == 9900
    assert (names[0], names[104], names[-1]) == ("a01-000u", "a02-004", "a99-099")
    with pytest.raises(ValueError, match="at most 69300 lines"):
        board_id("a", 9900)


@pytest.mark.parametrize(
    "wrong",
    [
        {"train_lines": 0},
        {"validation_lines": 1},
        {"test_lines": 0},
        {"words_per_line": (3, 2)},
        {"words_per_line": (0, 2)},
        {"pen_speed": 0.0},
    ],
)
def test_sizes_out_of_range_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"at least 1 training|words_per_line|pen_speed"):
        write(tmp_path / "corpus", seed=1, **{**SIZES, **wrong})
    assert not any(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(FileExistsError, match="is not empty"):
        write(tmp_path, seed=1, **SIZES)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_all_split_files_are_written(corpus):
    assert all((corpus / split_file.name).read_text() for split_file in SPLIT_FILES)


def test_a_failure_leaves_no_half_written_corpus(tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("odyssey.corpora.synthetic_handwriting.stroke_xml", full_disk)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "corpus", seed=1, **SIZES)
    assert not any(tmp_path.iterdir())
