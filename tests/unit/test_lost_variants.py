"""A variant all of whose trials failed is named: at the end, in the report and while it runs."""

import io

import pandas as pd
import pytest
from rich.console import Console

from odyssey import status
from odyssey.config import read_study
from odyssey.lost import Lost, last_words, lost_searches
from odyssey.report import sentences

LABELS = {"jsb": "JSB Chorales", "timit": "TIMIT"}


def trials(**statuses):
    """Make a table of trials from each search's statuses, by their first letters."""
    names = {"c": "completed", "d": "diverged", "f": "failed"}
    rows = [
        {
            "task": name.split("_")[0],
            "variant": name.split("_")[1],
            "trial": number,
            "status": names[letter],
            "reason": f'RuntimeError: out, of "{number}"' if letter == "f" else "",
            "train_seconds": 100.0,
        }
        for name, letters in statuses.items()
        for number, letter in enumerate(letters)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def results(tmp_path):
    """A folder of results in which two of four searches are lost."""
    table = trials(jsb_V="ccff", jsb_NP="ffff", timit_V="dddd", timit_NP="f")
    table.to_csv(tmp_path / "trials.csv", index=False)
    return tmp_path


def test_a_search_is_lost_if_all_its_trials_failed_and_not_if_they_diverged(results):
    assert lost_searches(results / "trials.csv") == [
        Lost("jsb", "NP", 4, 'RuntimeError: out, of "0"'),
        Lost("timit", "NP", 1, 'RuntimeError: out, of "0"'),
    ]


def test_the_last_words_name_each_lost_search_why_and_what_to_do(results):
    lines = last_words(results, allowed=False).splitlines()
    assert lines == [
        'all 4 trials of NP on jsb failed: RuntimeError: out, of "0"',
        'the only trial of NP on timit failed: RuntimeError: out, of "0"',
        f"Their logs are in {results}/logs/runs, and what the other trials show is in "
        f"{results}/report.html.",
        f"To train them again: rm -r {results}/trials.csv {results}/runs/jsb/NP "
        f"{results}/runs/timit/NP; then the same command.",
        "With training.allow_failures: true a study ends well without them.",
    ]
    assert last_words(results, allowed=True).splitlines() == lines[:-1]


def test_a_study_that_has_lost_nothing_has_no_last_words(tmp_path):
    trials(jsb_V="cfff", jsb_NP="dddd").to_csv(tmp_path / "trials.csv", index=False)
    assert last_words(tmp_path, allowed=False) == ""


def test_the_first_sentence_of_the_report_names_the_lost_searches():
    table = trials(jsb_V="ccff", jsb_NP="ffff", timit_V="dddd", timit_NP="ffff")
    assert sentences.what_ran(table, LABELS) == (
        "16 trials of 2 variants on 2 tasks took 26.7 minutes of training; 4 (25 %) diverged and "
        "10 (62 %) failed, among them all trials of NP on JSB Chorales and NP on TIMIT."
    )


def test_the_table_of_how_far_a_study_is_names_the_lost_searches():
    study = read_study({"study": "small", "tasks": {"jsb": {}}, "search": {"trials": 4}})
    searches = [status.Progress("jsb", variant, 4) for variant in ("V", "NP", "NOG")]
    searches[0].statuses.update(completed=1, failed=3)
    searches[1].statuses.update(failed=4)
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(status.table(study, searches))
    shown = console.export_text()
    assert "all 4 trials of NP on jsb failed" in shown
    assert shown.count("failed") == 2  # the other one heads a column
