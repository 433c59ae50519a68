"""The chorales: music21's scores, Boulanger-Lewandowski's files, downloads, piano-rolls."""

import hashlib
import http.server
import json
import logging
import math
import os
import pickle
import random
import threading
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest

from odyssey.corpora import chorales_music21, jsb, tunes
from odyssey.corpora.errors import CorpusError
from odyssey.features import pianoroll
from odyssey.processes import results
from odyssey.tasks import read_settings

KEYS = {"train": 229, "valid": 76, "test": 77}


def content():
    """Chorales of three frames in the published numbers."""
    return {
        key: [[[60, 64, 67], [], [60, 62 + number % 20]] for number in range(count)]
        for key, count in KEYS.items()
    }


def write(path, value):
    path.write_text(json.dumps(value))
    return path


# Sampling and transposition


def test_a_frame_holds_the_notes_that_sound_at_the_quarter():
    notes = [
        (0.0, 1.0, 60),  # the first quarter only
        (0.5, 1.0, 64),  # syncopated: held into the second
        (1.25, 0.5, 67),  # between two quarters
        (2.0, 0.0, 72),  # a grace note has no duration
        (3.0, 2.0, 48),
        (3.0, 1.0, 48),  # a unison
    ]
    assert chorales_music21.quarter_frames(notes) == [(60,), (64,), (), (48,), (48,)]


def test_triplets_that_miss_the_quarter_by_rounding_stay_in_their_quarter():
    third = 1 / 3
    notes = [(0.0, 1.0 + 1e-9, 60), (1.0 - 1e-9, third, 62), (1 + 2 * third, third + 1e-9, 64)]
    assert chorales_music21.quarter_frames(notes) == [(60,), (62,)]


def test_no_notes_make_no_frames():
    assert chorales_music21.quarter_frames([]) == []


def test_every_tonic_goes_to_c_by_six_to_seventeen_semitones():
    shifts = [chorales_music21.transposition(tonic) for tonic in range(12)]
    assert all((tonic + shift) % 12 == 0 for tonic, shift in enumerate(shifts))
    assert sorted(shifts) == list(range(6, 18))


def test_the_longest_silence_is_counted():
    assert chorales_music21.longest_silence([(), (1,), (), (), (1,), ()]) == 2


# Scores of music21's own corpus


@pytest.fixture(scope="module")
def scores():
    return {path.name: path for path in chorales_music21.score_files()}


def soprano(path):
    """The first part's note at each quarter, straight from the file's XML."""
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".xml") and "/" not in n)
        part = ElementTree.fromstring(archive.read(name)).find("part")
    divisions = int(part.findtext(".//divisions"))
    semitones = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    ticks = []
    for note in part.iter("note"):
        pitch = note.find("pitch")
        midi = (
            12 * (int(pitch.findtext("octave")) + 1)
            + semitones[pitch.findtext("step")]
            + int(pitch.findtext("alter") or 0)
        )
        ticks += [midi] * int(note.findtext("duration"))
    return ticks[::divisions]


def test_a_score_is_sampled_at_the_quarter_transposed_and_its_repeat_played(scores):
    # BWV 269 stands in G: 17 semitones to the C above the next. After the upbeat and six bars of
    # three quarters, two quarters into the seventh, the first 21 quarters are repeated.
    frames = chorales_music21.read_score(scores["bwv269.mxl"])
    written = soprano(scores["bwv269.mxl"])
    played = written[:21] + written
    assert [frame[-1] - 17 for frame in frames] == played
    assert frames[:21] == frames[21:42]


def test_instruments_are_left_out_and_voices_kept(scores):
    # BWV 52.6 has two horns above the four voices.
    frames = chorales_music21.read_score(scores["bwv52.6.mxl"])
    assert max(map(len, frames)) == 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bwv227.3.mxl", chorales_music21.NOT_FOUR_VOICES),  # two sopranos
        ("bwv248.9-1.mxl", chorales_music21.INTERLUDE),  # trumpets between the lines
    ],
)
def test_what_is_no_four_part_chorale_is_left_out_with_its_reason(scores, name, reason):
    assert chorales_music21.read_score(scores[name]) == reason


def test_humdrum_files_and_the_prelude_are_not_even_opened(monkeypatch, tmp_path, caplog):
    files = [tmp_path / name for name in ("bwv277.krn", "bwv846.mxl")]
    for file in files:
        file.write_text("must not be read")
    monkeypatch.setattr(chorales_music21, "score_files", lambda: files)
    with caplog.at_level(logging.INFO):
        assert chorales_music21.read() == {}
    assert "left out 1: Humdrum file, all rights reserved: bwv277.krn" in caplog.text
    assert "bwv846.mxl" in caplog.text


def test_copies_are_left_out_and_counted(scores, monkeypatch, caplog):
    # The seventh and the eleventh movement of BWV 20 have the same setting.
    chosen = [scores[name] for name in ("bwv20.7.mxl", "bwv20.11.mxl", "bwv269.mxl")]
    monkeypatch.setattr(chorales_music21, "score_files", lambda: chosen)
    with caplog.at_level(logging.INFO):
        kept = chorales_music21.read()
    assert list(kept) == ["bwv20.7", "bwv269"]
    assert "bwv20.11 (bwv20.7)" in caplog.text


def test_the_number_of_workers_changes_nothing(scores, monkeypatch):
    chosen = [scores[name] for name in ("bwv269.mxl", "bwv227.3.mxl", "bwv66.6.mxl", "bwv2.6.mxl")]
    monkeypatch.setattr(chorales_music21, "score_files", lambda: chosen)
    seen = {1: [], 3: []}
    results = {
        workers: chorales_music21.read(workers, lambda done, total, w=workers: seen[w].append(done))
        for workers in seen
    }
    assert list(results[1].items()) == list(results[3].items())
    assert seen == {1: [1, 2, 3, 4], 3: [1, 2, 3, 4]}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_unreadable_score_is_named_and_stops(tmp_path, workers):
    broken = tmp_path / "bwv999.xml"
    broken.write_text("<score-partwise><part-list>")
    with pytest.raises(CorpusError, match=r"bwv999\.xml: music21 cannot read this score") as raised:
        list(results(chorales_music21.read_score, [(broken,), (broken,)], workers))
    assert "\n" not in str(raised.value)


def test_music21_leaves_nothing_behind_and_needs_no_network(scores, tmp_path):
    # In a process of its own: music21 settles its folders at import.
    import os
    import subprocess
    import sys

    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    program = (
        "import socket, sys, pathlib\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from odyssey.corpora import chorales_music21\n"
        "print(len(chorales_music21.read_score(pathlib.Path(sys.argv[1]))))\n"
    )
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(scratch)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(scores["bwv269.mxl"])],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    assert int(done.stdout) > 0
    assert [path for path in (*home.rglob("*"), *scratch.rglob("*")) if path.is_file()] == []


def test_the_catalogue_order_counts(scores):
    names = list(scores)
    assert names.index("bwv2.6.mxl") < names.index("bwv10.7.mxl") < names.index("bwv101.7.mxl")


@pytest.mark.slow
def test_all_of_music21s_chorales_are_read_and_split():
    corpus = jsb.read_music21(workers=2)
    counts = {split: len(chorales) for split, chorales in corpus.items()}
    assert counts == {"train": 230, "validation": 76, "test": 78}
    chorales = {name: frames for part in corpus.values() for name, frames in part.items()}
    sizes = [len(frame) for frames in chorales.values() for frame in frames]
    # Of Boulanger-Lewandowski's frames, nine in ten have four notes.
    assert np.mean(np.array(sizes) == 4) == pytest.approx(0.9, abs=0.01)
    # 43 to 96 are the ends of Boulanger-Lewandowski's range too.
    notes = [note for frames in chorales.values() for frame in frames for note in frame]
    assert (min(notes), max(notes)) == (43, 96)
    assert tunes.copies(chorales) == {}


# Settings, tunes and the split


def chorale(seed, length=40):
    """A four-part stand-in, with a tune that wanders by chance."""
    generator = random.Random(seed)
    return [
        (48 + generator.randrange(7), 56, 60 + generator.randrange(5), 67 + generator.randrange(12))
        for _ in range(length)
    ]


def reharmonised(frames, seed):
    generator = random.Random(seed)
    return [(36 + generator.randrange(12), frame[-1]) for frame in frames]


def transposed(frames, shift):
    return [tuple(note + shift for note in frame) for frame in frames]


def test_a_transposed_setting_is_a_copy_and_a_new_harmony_is_none():
    first = chorale(1)
    chorales = {"a": first, "b": transposed(first, 3), "c": reharmonised(first, 2), "d": chorale(3)}
    assert tunes.copies(chorales) == {"b": "a"}


def test_settings_share_a_group_by_their_tune_in_any_key():
    first = chorale(1)
    chorales = {"a": first, "b": chorale(2), "c": transposed(reharmonised(first, 3), -4)}
    assert tunes.groups(chorales) == [["a", "c"], ["b"]]


def test_a_chorale_that_joins_two_groups_makes_them_one():
    a, b = chorale(1), chorale(2)
    assert tunes.groups({"a": a, "b": b, "c": chorale(3), "ab": a + b}) == [["a", "b", "ab"], ["c"]]


def test_the_split_keeps_tunes_together_and_its_numbers_exact():
    chorales = {f"{n}": chorale(n) for n in range(60)}
    chorales |= {f"{n} again": reharmonised(chorales[f"{n}"], n) for n in range(20)}
    parts = tunes.split(chorales, {"train": 6, "validation": 1, "test": 1}, seed=5)
    assert {split: len(part) for split, part in parts.items()} == {
        "train": 60,
        "validation": 10,
        "test": 10,
    }
    side = {name: split for split, part in parts.items() for name in part}
    assert sorted(side) == sorted(chorales)
    assert all(side[f"{n}"] == side[f"{n} again"] for n in range(20))
    assert len({side[f"{n}"] for n in range(20)}) == 3


def test_the_split_depends_on_its_seed_alone():
    chorales = {f"{n}": chorale(n) for n in range(30)}
    shares = {"train": 3, "validation": 1, "test": 1}
    first, again, other = (tunes.split(chorales, shares, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_shares_are_divided_by_largest_remainders():
    assert tunes.proportional(382, jsb.COUNTS) == jsb.COUNTS
    # 384 * (229, 76, 77) / 382 = 230.20, 76.398, 77.403: the one left over goes to the last.
    assert list(tunes.proportional(384, jsb.COUNTS).values()) == [230, 76, 78]


# Boulanger-Lewandowski's files


def test_json_is_read_into_named_chorales_of_ascending_notes(tmp_path):
    value = content()
    value["valid"][3] = [[67, 60], [72]]
    corpus = jsb.read_json(write(tmp_path / "jsb.json", value))
    assert {split: len(part) for split, part in corpus.items()} == jsb.COUNTS
    assert corpus["validation"]["validation-003"] == [(60, 67), (72,)]
    assert corpus["train"]["train-000"] == [(60, 64, 67), (), (60, 62)]


def spoil(change):
    value = content()
    change(value)
    return value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v["train"].pop(), "train holds 228 chorales, not 229"),
        (lambda v: v.pop("valid"), "must hold the keys train, valid, test"),
        (lambda v: v["test"][2][1].append(20), "test, chorale 2, frame 1: note 20 lies outside"),
        (lambda v: v["test"][2][1].append(109), "note 109 lies outside 21 to 108"),
        (lambda v: v["test"][2][1].append("C"), "frame 1: 'C' is not a MIDI note"),
        (lambda v: v["test"][2][1].append(True), "True is not a MIDI note"),
        (lambda v: v["test"][2][1].append(60.5), "60.5 is not a MIDI note"),
        (lambda v: v["test"][2][1].append(10**400), "note 1000000000000000000000000000000000"),
        (lambda v: v["test"][2][1].append(math.inf), "inf is not a MIDI note"),
        (lambda v: v["train"][7].append(60), "train, chorale 7, frame 3: a list is expected"),
        (lambda v: v.update(test={}), "test: a list is expected, not dict"),
    ],
)
def test_a_fault_in_a_json_file_is_named_with_its_place(tmp_path, change, message):
    path = write(tmp_path / "jsb.json", spoil(change))
    with pytest.raises(CorpusError) as raised:
        jsb.read_json(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_number_of_thousands_of_digits_is_named_with_its_file(tmp_path):
    path = write(tmp_path / "jsb.json", content())
    text = path.read_text()
    path.write_text(text.replace("60", "6" * 5000, 1))
    with pytest.raises(CorpusError, match=r"jsb\.json: not a JSON file: .*4300 digits"):
        jsb.read_json(path)
    path = tmp_path / "jsb.pickle"
    path.write_bytes(pickle.dumps(spoil(lambda v: v["test"][2][1].append(10**5000))))
    message = "test, chorale 2, frame 1: note a number of thousands of digits lies outside 21 to"
    with pytest.raises(CorpusError, match=message):
        jsb.read_pickle(path)


@pytest.mark.parametrize("read", [jsb.read_json, jsb.read_pickle])
def test_a_pipe_is_named_and_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "jsb")
    with pytest.raises(CorpusError, match="jsb is a pipe or a device, not a file: remove it"):
        read(tmp_path / "jsb")


@pytest.mark.parametrize("suffix", [".json", ".pickle"])
def test_a_file_with_another_digest_than_was_asked_for_is_refused(tmp_path, suffix):
    path = tmp_path / f"jsb{suffix}"
    path.write_bytes(
        json.dumps(content()).encode() if suffix == ".json" else pickle.dumps(content())
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert jsb.read_file(path, sha256=digest.upper()) == jsb.read_file(path)
    with pytest.raises(CorpusError) as raised:
        jsb.read_file(path, sha256="0" * 64)
    message = f"{path}: the sha256 is {digest}, not {'0' * 64}: not the file expected"
    assert str(raised.value) == message


def sampled(frames, each):
    """Chorales of the right number, `frames` in all, and of 25 to 160 frames times `each`."""
    lengths = [25, 160] + [0] * 380
    for number in range(2, 382):
        lengths[number] = (frames - sum(lengths)) // (382 - number)
    lengths = iter(lengths)
    return {key: [[[60]] * (each * next(lengths)) for _ in range(n)] for key, n in KEYS.items()}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (sampled(23_134, 1), ""),
        (sampled(23_134, 2), "46,268 frames in chorales of 50 to 320"),
        (sampled(23_134, 4), "92,536 frames in chorales of 100 to 640"),
        (sampled(23_133, 1), "23,133 frames in chorales of 25 to 160"),
        (content(), "1,146 frames in chorales of 3 to 3"),
    ],
)
def test_only_the_papers_quarters_pass_as_the_papers_corpus(tmp_path, value, found):
    assert jsb.others(jsb.read_json(write(tmp_path / "jsb.json", value))) == found


def test_a_file_that_is_not_json_is_named_with_line_and_column(tmp_path):
    path = tmp_path / "jsb.json"
    path.write_text('{"train": [\n[[60,')
    with pytest.raises(CorpusError, match=r"jsb\.json: not a JSON file: .*line 2 column 6"):
        jsb.read_json(path)


@pytest.mark.parametrize("read", [jsb.read_json, jsb.read_pickle])
def test_a_file_that_is_not_there_is_named(tmp_path, read):
    with pytest.raises(CorpusError, match="nothing cannot be read: No such file"):
        read(tmp_path / "nothing")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_any_protocol_reads_like_the_json(tmp_path, protocol):
    value = content()
    path = tmp_path / "jsb.pickle"
    mixed = value | {
        "train": [[tuple(frame) for frame in chorale] for chorale in value["train"]],
        "test": [[np.array(frame, dtype=np.int64) for frame in c] for c in value["test"]],
        "valid": [[[np.int32(note) for note in frame] for frame in c] for c in value["valid"]],
    }
    path.write_bytes(pickle.dumps(mixed, protocol=protocol))
    assert jsb.read_pickle(path) == jsb.read_json(write(tmp_path / "jsb.json", value))


def test_a_pickle_written_by_python_2_is_read(tmp_path):
    # Python 2's text is bytes: opcode U (SHORT_BINSTRING), which Python 3 never writes.
    value = content()
    body = pickle.dumps(value, protocol=2)
    for key in KEYS:
        text = key.encode()
        modern = b"X" + len(text).to_bytes(4, "little") + text
        assert body.count(modern) == 1
        body = body.replace(modern, b"U" + bytes([len(text)]) + text)
    path = tmp_path / "JSB Chorales.pickle"
    path.write_bytes(body)
    assert jsb.read_pickle(path) == jsb.read_json(write(tmp_path / "jsb.json", value))


def test_a_pickle_of_python_2_with_line_breaks_in_its_names_is_refused_in_one_line(tmp_path):
    path = tmp_path / "jsb.pickle"
    path.write_bytes(b"c__main__\r\nWorse\r\n.")
    with pytest.raises(CorpusError, match="refused: it was copied as text, which alters it: copy"):
        jsb.read_pickle(path)
    two_lines = b"\x80\x04\x8c\x06os\nabc\x8c\x06system\x93."
    path.write_bytes(two_lines)
    with pytest.raises(CorpusError) as raised:
        jsb.read_pickle(path)
    assert str(raised.value) == (
        f"{path}: refused: the pickle asks for os abc.system; only lists, numbers and arrays are "
        "admitted"
    )


class Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), "w")


def test_a_pickle_that_would_run_something_is_refused_before_it_does(tmp_path):
    path, target = tmp_path / "jsb.pickle", tmp_path / "written"
    path.write_bytes(pickle.dumps(content() | {"train": Malice(target)}))
    with pytest.raises(CorpusError, match=r"jsb\.pickle: refused: the pickle asks for \w*io\.open"):
        jsb.read_pickle(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "payload",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\nfromfile\n(S'x'\ntR.",
        b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.",
        b"codyssey.corpora.jsb\nread\n(S'x'\ntR.",
    ],
)
def test_every_other_call_is_refused(tmp_path, payload):
    path = tmp_path / "jsb.pickle"
    path.write_bytes(payload)
    with pytest.raises(CorpusError, match="refused"):
        jsb.read_pickle(path)


@pytest.mark.parametrize("damage", [b"", b"not a pickle", pickle.dumps(content())[:-100]])
def test_a_damaged_pickle_is_named(tmp_path, damage):
    path = tmp_path / "jsb.pickle"
    path.write_bytes(damage)
    with pytest.raises(CorpusError, match=r"jsb\.pickle: not a complete pickle"):
        jsb.read_pickle(path)


# Downloads


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    write(folder / "jsb.json", content())

    class Handler(http.server.SimpleHTTPRequestHandler):
        requests = 0

        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self):
            Handler.requests += 1
            super().do_GET()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        httpd.url = f"http://127.0.0.1:{httpd.server_port}/jsb.json"
        httpd.sha256 = hashlib.sha256((folder / "jsb.json").read_bytes()).hexdigest()
        httpd.handler = Handler
        yield httpd
        httpd.shutdown()
        thread.join()


def test_a_download_is_checked_kept_and_not_repeated(server, tmp_path):
    path = tmp_path / "new" / "jsb.json"
    for _ in range(2):
        corpus = jsb.read_file(jsb.download(server.url, server.sha256, path))
        assert len(corpus["train"]) == 229
    assert server.handler.requests == 1
    assert [file.name for file in path.parent.iterdir()] == ["jsb.json"]


def test_another_digest_is_an_error_that_changes_nothing(server, tmp_path):
    path = tmp_path / "new" / "jsb.json"
    path.parent.mkdir()
    path.write_text("what was there")
    with pytest.raises(CorpusError, match=f"the sha256 is {server.sha256}, not 000"):
        jsb.download(server.url, "0" * 64, path)
    assert path.read_text() == "what was there"
    assert [file.name for file in path.parent.iterdir()] == ["jsb.json"]


@pytest.mark.parametrize("url", ["missing", "http://127.0.0.1:9/jsb.json", "not a url"])
def test_a_download_that_fails_is_one_clear_line(server, tmp_path, url):
    url = server.url.replace("jsb.json", "none.json") if url == "missing" else url
    with pytest.raises(CorpusError, match="cannot be downloaded") as raised:
        jsb.download(url, "0" * 64, tmp_path / "new" / "jsb.json")
    assert str(raised.value).startswith(f"{url}: ")
    assert "\n" not in str(raised.value)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_download_under_another_suffix_is_refused_before_it_starts(server, tmp_path):
    with pytest.raises(CorpusError, match=r"must end in \.json, \.pickle, \.pkl"):
        jsb.download(server.url, server.sha256, tmp_path / "jsb.zip")
    assert server.handler.requests == 0


# Piano-rolls


JSB = read_settings({"kind": "jsb"}).description("jsb")


def small():
    return {
        "train": {"a": [(21, 60), (), (108,)], "b": [(60,), (62,)]},
        "validation": {"c": [(40,), (41,), (42,), (43,)]},
        "test": {"d": [(50,), (50,)]},
    }


def test_targets_are_the_inputs_one_frame_later():
    s = pianoroll.sequences(small(), JSB)
    assert s.names.tolist() == ["a", "b", "c", "d"]
    assert s.lengths.tolist() == [2, 1, 3, 1]
    assert s.split.tolist() == [0, 0, 1, 2]
    played = [(frame.nonzero()[0] + 21).tolist() for frame in s.values]
    wanted = [(frame.nonzero()[0] + 21).tolist() for frame in s.targets]
    assert played == [[21, 60], [], [60], [40], [41], [42], [50]]
    assert wanted == [[], [108], [62], [41], [42], [43], [50]]
    assert set(np.unique(s.values)) == {0.0, 1.0}
    assert s.values.shape == s.targets.shape == (7, 88)


def test_the_description_says_what_the_task_is():
    description = read_settings({"kind": "jsb", "source": "json", "path": "x"}).description("jsb")
    assert pianoroll.sequences(small(), description).description == description
    assert (description.task, description.source, description.loss) == ("jsb", "json", "sigmoid")
    assert (description.outputs, description.directions, description.synthetic) == (88, 1, False)
    assert description.measure == "negative log-likelihood (nats per frame)"


def test_chorales_without_a_next_frame_are_all_named():
    corpus = small()
    corpus["train"]["short"] = [(60,)]
    corpus["test"]["empty"] = []
    with pytest.raises(CorpusError, match=r"^jsb: chorales of fewer than two frames: short, empty"):
        pianoroll.sequences(corpus, JSB)


# The task


def features(**settings):
    return read_settings({"kind": "jsb", **settings}).features("jsb", None, 1, lambda *_: None)


def test_the_papers_corpus_has_its_sources_name_and_another_its_numbers(tmp_path, caplog):
    path = write(tmp_path / "jsb.json", sampled(23_134, 1))
    assert features(source="json", path=str(path)).description.source == "json"
    assert caplog.messages == []
    write(path, sampled(23_134, 4))
    made = features(source="json", path=str(path))
    assert made.description.source == "json of 92,536 frames in chorales of 100 to 640"
    assert caplog.messages == [
        f"{path} is not the paper's corpus: it has 92,536 frames in chorales of 100 to 640"
    ]


def test_a_file_of_the_users_may_have_a_checksum_to_keep(tmp_path):
    path = write(tmp_path / "jsb.json", content())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(features(source="json", path=str(path), sha256=digest).lengths) == 382
    with pytest.raises(CorpusError, match=f"the sha256 is {digest}, not 000"):
        features(source="json", path=str(path), sha256="0" * 64)
