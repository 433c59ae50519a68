"""The reader of IAM-OnDB on files written here in its format, whole and damaged."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from odyssey.corpora.errors import CorpusError
from odyssey.corpora.iam import ALPHABET, SPLIT_FILES, encode, read

HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def session(strokes):
    body = "".join(
        f'<Stroke colour="black" start_time="{stroke[0][2]}" end_time="{stroke[-1][2]}">'
        + "".join(f'<Point x="{x}" y="{y}" time="{t}"/>' for x, y, t in stroke)
        + "</Stroke>\n"
        for stroke in strokes
    )
    return (
        f"{HEAD}<WhiteboardCaptureSession>\n  <WhiteboardDescription>\n"
        '    <SensorLocation corner="top_left"/>\n'
        '    <DiagonallyOppositeCoords x="6512" y="1376"/>\n  </WhiteboardDescription>\n'
        f"  <StrokeSet>\n{body}</StrokeSet>\n</WhiteboardCaptureSession>\n"
    )


TINY = session([[(1073, 1058, "769.05"), (1075, 1060, "769.07")]])


def form_folder(board):
    return Path(board[:3]) / board[:7]


def strokes_path(root, board, number):
    return root / "lineStrokes" / form_folder(board) / f"{board}-{number:02d}.xml"


def text_path(root, board):
    return root / "ascii" / form_folder(board) / f"{board}.txt"


def write_board(root, board, texts, xml=TINY, newline="\r\n"):
    text = text_path(root, board)
    text.parent.mkdir(parents=True, exist_ok=True)
    lines = ["OCR:", "", *["0CR n0ise %"] * len(texts), "", "CSR:", "", *texts, ""]
    text.write_bytes(newline.join(lines).encode("ascii"))
    for number in range(1, len(texts) + 1):
        strokes = strokes_path(root, board, number)
        strokes.parent.mkdir(parents=True, exist_ok=True)
        strokes.write_text(xml)


@pytest.fixture
def corpus(tmp_path):
    root = tmp_path / "iam"
    write_board(root, "a01-000u", ["By Trevor Williams. A move", "to stop Mr. Gaitskell"])
    write_board(root, "a01-000x", ["from nominating"], newline="\n")
    write_board(root, "b02-105", ["more (Labour) life!"])  # an id without a letter
    write_board(root, "c03-007z", ["Peers?"])
    write_board(root, "d04-121u", ["1, 2: 3/4"])
    (root / "trainset.txt").write_bytes(b" a01-000u\r\n a01-000x\r\n")
    (root / "testset_v.txt").write_text(" b02-105\n")
    (root / "testset_t.txt").write_text(" c03-007z\n")
    (root / "testset_f.txt").write_text(" d04-121u\n")
    return root


def fault(root):
    with pytest.raises(CorpusError) as caught:
        read(root, paper_counts=False)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_alphabet_is_the_papers_81_characters():
    assert len(set(ALPHABET)) == len(ALPHABET) == 81
    assert encode("az AZ09?").tolist() == [0, 25, 62, 26, 51, 52, 61, 80]


def test_a_corpus_is_read_in_the_order_of_its_split_files(corpus):
    lines = read(corpus, paper_counts=False)
    assert [(line.name, line.split, line.text) for line in lines] == [
        ("a01-000u-01", "train", "By Trevor Williams. A move"),
        ("a01-000u-02", "train", "to stop Mr. Gaitskell"),
        ("a01-000x-01", "train", "from nominating"),
        ("b02-105-01", "validation", "more (Labour) life!"),
        ("c03-007z-01", "validation", "Peers?"),
        ("d04-121u-01", "test", "1, 2: 3/4"),
    ]
    assert lines[1].path == str(strokes_path(corpus, "a01-000u", 2))


def test_strokes_are_read_as_they_were_recorded(corpus):
    strokes = [[(6, 787, "0.10"), (-4, 790, "0.10"), (9, 1376, "0.08")], [(5, 5, "0.31")]]
    strokes_path(corpus, "a01-000u", 1).write_text(session(strokes))
    line = read(corpus, paper_counts=False)[0]
    expected = [[6, 787, 0.10], [-4, 790, 0.10], [9, 1376, 0.08], [5, 5, 0.31]]
    np.testing.assert_array_equal(line.points, expected)
    assert line.stroke_lengths.tolist() == [3, 1]


def test_more_than_nine_lines_keep_their_order(corpus):
    texts = [f"line {number}" for number in range(1, 13)]
    write_board(corpus, "d04-121u", texts)
    assert [line.text for line in read(corpus, paper_counts=False)[-12:]] == texts


def test_split_files_may_lie_in_task1_as_they_are_distributed(corpus):
    expected = [line.name for line in read(corpus, paper_counts=False)]
    (corpus / "task1").mkdir()
    for split_file in SPLIT_FILES:
        (corpus / split_file.name).rename(corpus / "task1" / split_file.name)
    assert [line.name for line in read(corpus, paper_counts=False)] == expected


def test_several_processes_read_the_same_and_report_progress(corpus):
    calls = []
    together = read(
        corpus, paper_counts=False, processes=2, progress=lambda *call: calls.append(call)
    )
    assert calls == [(done, 5) for done in range(1, 6)]
    for ours, alone in zip(together, read(corpus, paper_counts=False), strict=True):
        assert (ours.name, ours.split, ours.text) == (alone.name, alone.split, alone.text)
        np.testing.assert_array_equal(ours.points, alone.points)


def test_a_fault_found_by_another_process_is_the_same_message(corpus):
    strokes_path(corpus, "c03-007z", 1).write_text("<oops")
    with pytest.raises(CorpusError) as caught:
        read(corpus, paper_counts=False, processes=2)
    assert str(caught.value) == fault(corpus)


def test_the_board_whose_text_and_strokes_do_not_match_is_dropped(corpus):
    write_board(corpus, "a08-551z", ["a %%%% b", "c"])
    strokes_path(corpus, "a08-551z", 3).write_text(TINY)
    (corpus / "trainset.txt").write_text(" a01-000u\n a08-551z\n a01-000x\n")
    assert "a08" not in "".join(line.name for line in read(corpus, paper_counts=False))


def test_a_line_with_strokes_and_no_text_is_named(corpus):
    extra = strokes_path(corpus, "a01-000u", 3)
    extra.write_text(TINY)
    message = fault(corpus)
    assert message.startswith(f"{extra}: line 3 has strokes but no text")
    assert str(text_path(corpus, "a01-000u")) in message


@pytest.mark.parametrize("number", [1, 2])
def test_a_line_with_text_and_no_strokes_is_named(corpus, number):
    strokes_path(corpus, "a01-000u", number).unlink()
    message = fault(corpus)
    assert message.startswith(f"{text_path(corpus, 'a01-000u')}: CSR line {number} has no strokes")
    assert f"a01-000u-{number:02d}.xml is missing" in message


@pytest.mark.parametrize("character", ["%", "@", "{"])
def test_a_character_outside_the_alphabet_is_named_with_its_file(corpus, character):
    write_board(corpus, "c03-007z", [f"Peers {character * 4} Lords"])
    message = fault(corpus)
    assert message.startswith(f"{text_path(corpus, 'c03-007z')}: CSR line 1")
    assert repr(character) in message


DAMAGED_XML = {
    "not XML": ("these are no strokes", "not XML"),
    "truncated": (TINY[: len(TINY) // 2], "not XML"),
    "empty": ("", "not XML"),
    "an encoding nobody knows": (TINY.replace("ISO-8859-1", "x-klingon"), "not XML"),
    "UTF-16 under another name": (TINY.encode("utf-16-be"), "not XML"),
    "no strokes": (session([]), "no strokes"),
    "a stroke without points": (
        TINY.replace("</StrokeSet>", "<Stroke></Stroke></StrokeSet>"),
        "stroke 2 has no points",
    ),
    "a point without time": (TINY.replace("time=", "clock="), "stroke 1 has a point whose"),
    "a place that is no number": (TINY.replace('"1073"', '"far"'), "stroke 1 has a point whose"),
    "a time that is not finite": (TINY.replace('"769.05"', '"nan"'), "not finite"),
    "a place beyond any board": (
        TINY.replace('"1073"', '"1e300"'),
        "stroke 1 has a point that is not finite or out of all reach: x=1e+300, y=1058, time=769",
    ),
    "a number of thousands of digits": (TINY.replace('"1058"', f'"{"9" * 5000}"'), "y=inf"),
    "a time before all time": (TINY.replace('"769.05"', '"-1e11"'), "out of all reach"),
}


@pytest.mark.parametrize("case", DAMAGED_XML)
def test_a_damaged_stroke_file_is_named(corpus, case):
    content, complaint = DAMAGED_XML[case]
    path = strokes_path(corpus, "a01-000x", 1)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = fault(corpus)
    assert message.startswith(str(path))
    assert complaint in message


@pytest.mark.parametrize("damaged", ["lineStrokes", "ascii", "trainset.txt"])
def test_a_pipe_among_the_files_is_named_and_not_waited_for(corpus, damaged):
    paths = {
        "lineStrokes": strokes_path(corpus, "a01-000u", 1),
        "ascii": text_path(corpus, "a01-000u"),
        "trainset.txt": corpus / "trainset.txt",
    }
    paths[damaged].unlink()
    os.mkfifo(paths[damaged])
    assert fault(corpus) == f"{paths[damaged]} is a pipe or a device, not a file: remove it"


@pytest.mark.parametrize("number", ["00", "1", "001", "0"])
def test_another_name_for_a_lines_strokes_is_reported(corpus, number):
    other = strokes_path(corpus, "a01-000u", 1).with_name(f"a01-000u-{number}.xml")
    other.write_text(session([[(0, 0, "0.1"), (1, 1, "0.2")]]))
    assert fault(corpus) == (
        f"{other} is not named as IAM-OnDB's files are, a01-000u-01.xml and so on: remove it"
    )


def test_names_of_characters_are_read_as_the_character_and_their_boards_named(corpus, caplog):
    write_board(corpus, "c03-007z", ["&quot;Peers?&quot; &amp; it&apos;s 1&2;"])
    texts = {line.name: line.text for line in read(corpus, paper_counts=False)}
    assert texts["c03-007z-01"] == '"Peers?" & it\'s 1&2;'
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"{corpus}: names of characters such as &quot; are read")
    assert caplog.messages[0].endswith("in the text of c03-007z")


def test_of_many_boards_that_a_copy_lacks_the_first_are_named_and_all_counted(corpus):
    boards = [f"e01-{number:03d}u" for number in range(7)]
    (corpus / "trainset.txt").write_text("".join(f" {board}\n" for board in ["a01-000u", *boards]))
    for board in boards[:2]:
        write_board(corpus, board, ["a", "b"])
        strokes_path(corpus, board, 2).unlink()
    write_board(corpus, boards[2], ["a"])
    text_path(corpus, boards[2]).unlink()
    message = fault(corpus)
    assert message.startswith(
        f"{corpus}: files of 7 of 11 boards are missing or damaged: "
        f"{', '.join(boards[:5])} and 2 more; the first: {text_path(corpus, boards[0])}: CSR line 2"
    )


def billion_laughs():
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    return f'{HEAD}<!DOCTYPE s [{entities}]>\n<s colour="&a9;">&a9;</s>'


def test_an_entity_bomb_is_refused(corpus):
    path = strokes_path(corpus, "a01-000u", 1)
    path.write_text(billion_laughs())
    assert fault(corpus).endswith("refused")
    assert fault(corpus).startswith(str(path))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE s [<!ENTITY secret SYSTEM "{uri}">]>',
        '<!DOCTYPE s [<!ENTITY % more SYSTEM "{uri}"> %more;]>',
        '<!DOCTYPE s SYSTEM "{uri}">',
    ],
)
def test_an_external_entity_is_refused_and_not_read(corpus, doctype):
    secret = corpus / "secret.txt"
    secret.write_text("1073")
    xml = TINY.replace(HEAD, HEAD + doctype.format(uri=secret.as_uri()) + "\n")
    path = strokes_path(corpus, "a01-000u", 1)
    path.write_text(xml.replace('"1073"', '"&secret;"') if "secret S" in doctype else xml)
    message = fault(corpus)
    assert message.startswith(str(path))
    assert message.endswith("refused")


DAMAGED_TEXT = {
    "UTF-16": ("CSR:\n\na\nb\n".encode("utf-16"), "not ASCII text: byte 0xff at 0"),
    "Latin-1": ("CSR:\n\ncaf\xe9\nb\n".encode("latin-1"), "not ASCII text: byte 0xe9 at 9"),
    "no CSR part": (b"OCR:\n\na\nb\n", "no line CSR:"),
    "nothing after CSR": (b"OCR:\n\na\n\nCSR:\n\n", "no text after CSR:"),
    "a line of no length": (b"CSR:\r\n\r\nto stop\r\n\r\nMr.\r\n", "CSR line 2 is empty"),
}


@pytest.mark.parametrize("case", DAMAGED_TEXT)
def test_a_damaged_text_is_named(corpus, case):
    content, complaint = DAMAGED_TEXT[case]
    path = text_path(corpus, "a01-000u")
    path.write_bytes(content)
    message = fault(corpus)
    assert message.startswith(str(path))
    assert complaint in message


def test_a_missing_text_is_named(corpus):
    text_path(corpus, "a01-000u").unlink()
    assert fault(corpus).startswith(f"{text_path(corpus, 'a01-000u')} cannot be read")


def test_a_board_without_strokes_is_named(corpus):
    strokes_path(corpus, "d04-121u", 1).unlink()
    assert fault(corpus).endswith("d04-121u-01.xml: the copy is incomplete")
    shutil.rmtree(corpus / "lineStrokes" / "d04")
    folder = corpus / "lineStrokes" / form_folder("d04-121u")
    assert fault(corpus).startswith(f"{folder}: strokes of board d04-121u cannot be read")


@pytest.mark.parametrize("name", [split_file.name for split_file in SPLIT_FILES])
@pytest.mark.parametrize("content", [b"", b" \r\n\r\n"])
def test_an_empty_split_file_is_named(corpus, name, content):
    (corpus / name).write_bytes(content)
    assert fault(corpus).startswith(f"{corpus / name} names no board")


def test_a_missing_split_file_is_named(corpus):
    (corpus / "testset_t.txt").unlink()
    assert fault(corpus).startswith(f"{corpus / 'testset_t.txt'} cannot be read")


@pytest.mark.parametrize("again", ["trainset.txt", "testset_f.txt"])
def test_a_board_named_twice_is_reported_with_both_files(corpus, again):
    with open(corpus / again, "a") as file:
        file.write(" a01-000x\n")
    message = fault(corpus)
    assert message.startswith(f"{corpus / again}: board a01-000x stands already in trainset.txt")


def test_a_split_file_that_names_no_board_id_is_reported(corpus):
    (corpus / "testset_v.txt").write_text(" b02-105\n ../../etc\n")
    assert fault(corpus).startswith(f"{corpus / 'testset_v.txt'}: '../../etc' is not a board id")


def test_a_folder_that_is_no_corpus_is_told_what_belongs_there(tmp_path):
    assert "must hold lineStrokes, ascii and trainset.txt" in fault(tmp_path)


def test_counts_other_than_the_papers_are_reported(corpus):
    with pytest.raises(CorpusError, match=r"trainset\.txt has 2 boards, the paper's data 774"):
        read(corpus)


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    """A corpus of the genuine size, with the smallest lines."""
    root = tmp_path_factory.mktemp("skeleton") / "iam"
    # Boards and lines of each split file, a08-551z among the first.
    sizes = {
        "trainset.txt": (775, 5364),
        "testset_v.txt": (192, 1438),
        "testset_t.txt": (216, 1518),
        "testset_f.txt": (544, 3859),
    }
    for letter, (name, (boards, lines)) in zip("abcd", sizes.items(), strict=True):
        named = [f"{letter}{n // 100 + 1:02d}-{n % 100:03d}u" for n in range(boards)]
        counts = np.full(boards, lines // boards) + (np.arange(boards) < lines % boards)
        if letter == "a":
            # The genuine one: 8 lines of text, 9 of strokes.
            named[-1], counts[-2], counts[-1] = "a08-551z", counts[-2] + counts[-1] - 9, 9
        for board, count in zip(named, counts, strict=True):
            write_board(root, board, ["a"] * count)
        (root / name).write_text("".join(f" {board}\n" for board in named))
    write_board(root, "a08-551z", ["a"] * 7 + ["a %%%% a"])
    write_board(root, "z01-000z", ["a"])  # in no split
    return root


def test_a_corpus_of_the_genuine_size_has_the_papers_counts(skeleton):
    lines = read(skeleton, processes=2)
    splits = [line.split for line in lines]
    counts = [splits.count(split) for split in ("train", "validation", "test")]
    assert counts == [5355, 2956, 3859]
    assert len({line.name for line in lines}) == sum(counts)


def test_a_line_more_than_the_paper_has_is_reported(skeleton, tmp_path):
    for folder in ("lineStrokes", "ascii"):
        (tmp_path / folder).symlink_to(skeleton / folder)
    # The same numbers of boards; but c01-000u has eight lines, and d06-043u seven.
    for split_file in SPLIT_FILES:
        boards = (skeleton / split_file.name).read_text()
        swapped = {"c01-000u": "d06-043u", "d06-043u": "c01-000u"}
        for board in swapped.keys() & set(boards.split()):
            boards = boards.replace(board, swapped[board])
        (tmp_path / split_file.name).write_text(boards)
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, processes=2)
    assert str(caught.value) == (
        f"{tmp_path}: validation has 2955 lines, the paper's data 2956; "
        "test has 3860 lines, the paper's data 3859"
    )
