"""Music of any kind: files in Boulanger-Lewandowski's form, and music21's collections."""

import json
import logging
import pickle

import pytest

from odyssey.corpora import collections_music21 as collections
from odyssey.corpora import pianorolls
from odyssey.corpora.collections_music21 import Score
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import divided

PIECES = {
    "train": [[[60], [62, 64]], [[60], [], [67]]],
    "valid": [[[21], [108]]],
    "test": [[[], [60]]],
}

TUNE = "X:{number}\nT:Tune\nM:{metre}\nL:1/8\nK:{key}\n{notes}\n"


def tune(notes, metre="4/4", key="C", number=1):
    return TUNE.format(number=number, metre=metre, key=key, notes=notes)


def score_of(folder, name, text):
    path = folder / f"{name}.abc"
    path.write_text(text, encoding="utf-8")
    return Score(name, path, None)


@pytest.fixture
def collection(monkeypatch, tmp_path):
    """Make a collection of texts by name."""

    def made(texts):
        listed = [score_of(tmp_path, name, text) for name, text in texts.items()]
        monkeypatch.setattr(collections, "scores", lambda _: listed)

    return made


# Files


def test_pieces_of_any_number_are_read_from_json_and_pickle(tmp_path):
    (tmp_path / "n.json").write_text(json.dumps(PIECES))
    (tmp_path / "n.pickle").write_bytes(pickle.dumps(PIECES, protocol=0))
    expected = {
        "train": {"train-000": [(60,), (62, 64)], "train-001": [(60,), (), (67,)]},
        "validation": {"validation-000": [(21,), (108,)]},
        "test": {"test-000": [(), (60,)]},
    }
    assert pianorolls.read_file(tmp_path / "n.json") == expected
    assert pianorolls.read_file(tmp_path / "n.pickle") == expected


def test_an_empty_split_is_named(tmp_path):
    (tmp_path / "n.json").write_text(json.dumps({**PIECES, "valid": []}))
    with pytest.raises(CorpusError, match=r"n\.json: the validation split holds no piece"):
        pianorolls.read_file(tmp_path / "n.json")


def test_a_note_that_no_piano_has_is_named(tmp_path):
    (tmp_path / "n.json").write_text(json.dumps({**PIECES, "test": [[[60], [109]]]}))
    with pytest.raises(CorpusError, match=r"test, .* 0, frame 1: note 109 lies outside 21 to 108"):
        pianorolls.read_file(tmp_path / "n.json")


# Scores


def test_a_tune_is_sampled_at_every_step_with_its_tonic_at_c(tmp_path):
    score = score_of(tmp_path, "tune", tune("D2 F2 A2 d2 | A4 D4 |", key="Dm"))
    down = [(note - 2,) for note in (62, 65, 69, 74, 69, 69, 62, 62)]
    assert collections.read_score(score, 1.0) == down
    assert collections.read_score(score, 2.0) == down[::2]
    assert collections.read_score(score, 0.5) == [frame for frame in down for _ in range(2)]


def test_grace_notes_and_chord_symbols_are_not_played(tmp_path):
    plain = score_of(tmp_path, "plain", tune("C2 E2 G2 c2 |"))
    adorned = score_of(tmp_path, "adorned", tune('"C"C2 {f}E2 "G7"G2 c2 |'))
    assert collections.read_score(adorned, 1.0) == collections.read_score(plain, 1.0)


def test_repeats_are_taken_once(tmp_path):
    score = score_of(tmp_path, "tune", tune("|: C2 E2 G2 c2 :|"))
    assert len(collections.read_score(score, 1.0)) == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (tune("C2 E2 G2 c2 |", metre="none"), collections.NO_METRE),
        (tune("C2 E2 G2 c''''2 |"), collections.OUTSIDE),
        (tune("C2 |"), collections.TOO_SHORT),
        (tune("z2 z2 z2 |"), collections.TOO_SHORT),
        ("X:1\nM:4/4\nL:x/y\nK:C\nCDEF|\n", collections.NOT_PARSED),
    ],
)
def test_what_is_of_no_use_has_a_reason(tmp_path, text, reason):
    assert collections.read_score(score_of(tmp_path, "tune", text), 1.0) == reason


def test_every_collection_lists_scores_under_names_of_their_own():
    counts = {}
    for name in collections.COLLECTIONS:
        listed = collections.scores(name)
        assert len({score.name for score in listed}) == len(listed)
        counts[name] = len(listed)
    assert counts["essen"] > 8000
    assert counts["oneill"] > 1800
    assert counts["ryansmammoth"] > 1000
    assert counts["palestrina"] > 1300


def test_a_tune_among_many_of_a_file_is_read_by_itself(tmp_path):
    path = tmp_path / "many.abc"
    path.write_text(tune("C4 C4 |") + "\n" + tune("C4 G4 |", number=2))
    assert collections.read_score(Score("many-002", path, 1), 2.0) == [(60,), (67,)]


def test_genuine_scores_of_every_format_are_read():
    for name in ("bach", "palestrina", "ryansmammoth"):
        found = collections.read(name, limit=2)
        assert len(found.kept) == 2
        assert all(len(frames) > 8 for frames in found.kept.values())


# Collections


def test_what_is_left_out_is_counted_and_named(collection, caplog):
    collection(
        {
            "fine": tune("C2 E2 G2 c2 |"),
            "again": tune("C2 E2 G2 c2 |"),
            "free": tune("C2 E2 G2 c2 |", metre="none"),
        }
    )
    with caplog.at_level(logging.INFO):
        found = collections.read("essen")
    assert len(found.kept) == 1
    assert found.left_out[collections.NO_METRE] == ["free"]
    assert len(found.left_out[collections.COPY]) == 1
    assert "essen: left out 1: no metre: free" in caplog.text


def test_the_order_depends_on_seed_and_names_alone(collection):
    texts = {f"t{n}": tune("C2 " * (n + 1) + "E2 G2 c2 |") for n in range(8)}
    collection(texts)
    order = list(collections.read("essen", seed=1).kept)
    assert list(collections.read("essen", seed=1, workers=2).kept) == order
    assert list(collections.read("essen", seed=1, limit=3).kept) == order[:3]
    assert list(collections.read("essen", seed=2).kept) != order
    collection({name: texts[name] for name in reversed(texts) if name != order[0]})
    assert list(collections.read("essen", seed=1).kept) == order[1:]


def test_a_limit_says_which_were_taken(collection, caplog):
    collection({f"t{n}": tune("C2 " * (n + 1) + "E2 G2 |") for n in range(4)})
    with caplog.at_level(logging.INFO):
        found = collections.read("essen", limit=2)
    assert f"of 4 scores these 2 are tried: {', '.join(found.kept)}" in caplog.text


def test_a_collection_of_nothing_is_a_fault(collection):
    collection({"free": tune("C2 E2 |", metre="none")})
    with pytest.raises(CorpusError, match="essen: none of 1 scores can be used"):
        collections.read("essen")


def test_a_collection_is_split_in_its_order(collection):
    collection({f"t{n}": tune("C2 " * (n + 1) + "E2 G2 |") for n in range(5)})
    found = collections.read("essen")
    names = list(found.kept)
    corpus = pianorolls.split(found, "essen", (0.6, 0.2, 0.2))
    assert [list(part) for part in corpus.values()] == [names[:3], names[3:4], names[4:]]


def test_too_few_scores_for_three_splits_are_a_fault(collection):
    collection({f"t{n}": tune("C2 " * (n + 1) + "E2 G2 |") for n in range(2)})
    with pytest.raises(CorpusError, match="essen: 2 scores make splits of 1, 1, 0"):
        pianorolls.split(collections.read("essen"), "essen", (0.6, 0.2, 0.2))


def test_a_number_is_divided_without_rest():
    for count in range(200):
        parts = divided(count, (0.8, 0.1, 0.1))
        assert sum(parts) == count
        assert all(parts) == (count >= 3)
        assert all(
            abs(part - count * share) < 2
            for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True)
        )
