"""Snakemake for real: what it knows of a corpus that a user has mended, or has no longer."""

import os

import pytest
from timit_files import write_nltk_sample

FEATURES = "results/small/features/timit.npz"


def test_a_corpus_mended_in_place_is_read_again_and_one_that_is_gone_is_not(fresh):
    corpus = fresh.folder / "sample"
    corpus.mkdir()
    write_nltk_sample(corpus)
    fresh.configure(tasks={"jsb": None, "timit": {"source": "nltk", "path": "sample"}})
    fresh.snakemake(FEATURES)
    assert fresh.planned(FEATURES) == {}
    # A copy from a backup is older than the features, and its folder is as old as before.
    mended = corpus / "dr1-fvmh0" / "sx3.phn"
    folder, date = mended.parent.stat(), mended.stat().st_mtime_ns - 10**9
    mended.write_text("0 500 h#\n500 1200 iy\n1200 1900 h#\n")
    os.utime(mended, ns=(date, date))
    os.utime(mended.parent, ns=(folder.st_atime_ns, folder.st_mtime_ns))
    assert fresh.planned(FEATURES) == {"features_of_task": 1}
    # With its trials, a study is not in want of its corpus.
    (fresh.results / "trials.csv").touch()
    corpus.rename(fresh.folder / "elsewhere")
    assert "features_of_task" not in fresh.planned("results/small/runs/timit/V/0-1.jsonl")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "study: small\ntasks: {jsb: {}}\nseed: 1\nseed: 2\n",
            "study.yaml: the key seed stands in line 3 and again in line 4: keep one of them",
        ),
        (
            "study: small\ntasks: {jsb: {}}\nsearch: {trials: 100000000}\n",
            "search.trials: must be 100,000 or less: all trials are drawn, and their jobs planned",
        ),
    ],
)
def test_what_yaml_or_patience_would_swallow_is_refused_before_anything_is_planned(
    fresh, text, told
):
    (fresh.folder / "study.yaml").write_text(text, encoding="utf-8")
    output = fresh.snakemake("--dry-run", fails=True)
    assert told in output
    assert "Traceback" not in output
    assert "Building DAG" not in output
