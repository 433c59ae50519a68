"""A corpus that is mended in place is another one, and what does not matter leaves it the same."""

import os

import pytest

from odyssey.corpora.digest import digest

READ = (".wav", ".phn")


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "TIMIT"
    for place in ("TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0"):
        (folder / place).mkdir(parents=True)
        for name in ("SX3.WAV", "SX3.PHN", "sx93.wav", "SX3.TXT"):
            (folder / place / name).write_bytes(b"0 1 h#\n")
    return folder


def rewrite(path, content, date=None):
    path.write_bytes(content)
    date = date or path.stat().st_mtime_ns + 1000
    os.utime(path, ns=(date, date))


CHANGES = {
    "a file of another size": lambda f: rewrite(
        f / "TRAIN/DR1/FCJF0/SX3.PHN", b"0 2", (f / "TRAIN/DR1/FCJF0/SX3.PHN").stat().st_mtime_ns
    ),
    "a file of the same size": lambda f: rewrite(f / "TRAIN/DR1/FCJF0/SX3.PHN", b"0 2 h#\n"),
    "an older file": lambda f: rewrite(f / "TEST/DR1/FAKS0/sx93.wav", b"0 1 h#\n", 10**18),
    "a file more": lambda f: (f / "TEST/DR1/FAKS0/SX5.WAV").write_bytes(b""),
    "a file less": lambda f: (f / "TEST/DR1/FAKS0/sx93.wav").unlink(),
    "a file under another name": lambda f: (f / "TEST/DR1/FAKS0/sx93.wav").rename(
        f / "TEST/DR1/FAKS0/SX93.WAV"
    ),
    "a folder under another name": lambda f: (f / "TEST").rename(f / "test"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_read_cannot_change_unnoticed(corpus, change):
    # The dates of folders tell nothing of what is mended in place.
    before = digest(corpus, READ)
    CHANGES[change](corpus)
    assert digest(corpus, READ) != before


def test_what_is_not_read_changes_nothing(corpus):
    before = digest(corpus, READ)
    (corpus / "TRAIN/DR1/FCJF0/SX3.TXT").write_text("Yes.")
    (corpus / "TRAIN/DR1/FCJF0/.SX3.WAV.swp").write_text("")
    (corpus / "README").write_text("")
    assert digest(corpus, READ) == before
    assert digest(corpus) != before


def test_where_a_corpus_lies_does_not_matter(corpus, tmp_path):
    before = digest(corpus, READ)
    corpus.rename(tmp_path / "elsewhere")
    assert digest(tmp_path / "elsewhere", READ) == before
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert digest(tmp_path / "link", READ) == before


def test_nothing_has_no_digest_and_a_file_has_one_of_its_own(tmp_path):
    assert digest(tmp_path / "nothing") == ""
    file = tmp_path / "jsb.json"
    file.write_text("{}")
    before = digest(file, READ)
    assert len(before) == 64
    rewrite(file, b"[]")
    assert digest(file, READ) != before


def test_links_that_lead_back_or_nowhere_are_no_files(corpus):
    before = digest(corpus, READ)
    (corpus / "TRAIN" / "all").symlink_to(corpus)
    (corpus / "TRAIN" / "up").symlink_to(corpus / "TRAIN")
    (corpus / "TRAIN" / "none.wav").symlink_to(corpus / "nothing.wav")
    assert digest(corpus, READ) == before


def test_nothing_is_opened(corpus):
    os.mkfifo(corpus / "SX1.WAV")
    assert digest(corpus, READ)  # an open pipe would be waited for
