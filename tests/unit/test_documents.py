"""The numbers of README.md and docs/reproduction.md are those of results/reference."""

import importlib.util
import re

import pandas as pd
import pytest
from project import REPOSITORY

from odyssey.analysis.collect import read_trials
from odyssey.config import study_or_exit


def load(path):
    """Import a script that is no module of the library."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = load(REPOSITORY / "docs" / "tables.py")


def texts():
    return [(REPOSITORY / name).read_text(encoding="utf-8") for name in tables.DOCUMENTS]


@pytest.mark.parametrize("text", texts(), ids=tables.DOCUMENTS)
def test_every_table_is_the_one_that_the_results_give(text):
    assert tables.PLACE.search(text)
    assert tables.filled(text) == text


def test_every_table_has_a_place():
    places = {found["name"] for text in texts() for found in tables.PLACE.finditer(text)}
    assert places == set(tables.TABLES)


@pytest.mark.parametrize("text", texts(), ids=tables.DOCUMENTS)
def test_a_changed_table_is_written_anew_and_nothing_else(text):
    emptied = tables.PLACE.sub(r"\g<1><!-- end -->", text)
    assert len(emptied) < len(text)
    assert tables.filled(emptied) == text


@pytest.mark.parametrize(
    "text",
    [
        "<!-- variants -->\nprose\n<!-- costs -->\n<!-- end -->\n",
        "<!-- note -->\n<!-- end -->\n",
        "<!-- costs -->\n",
        "<!-- end -->\n<!-- costs -->\n",
    ],
)
def test_a_place_without_a_table_or_an_end_is_refused(text):
    with pytest.raises(SystemExit, match=r"here the comments are .*(costs|note)"):
        tables.filled(text)


def test_what_the_forests_say_is_what_they_say_of_the_trials():
    """Of the trials as they are, and of vanilla's basin; all draws would take a minute."""
    forests = load(REPOSITORY / "benchmarks" / "forests.py")
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    trials = read_trials(REPOSITORY / "results" / "reference" / "jsb" / "trials.csv")
    found = [(claim, f"{value:.3g}") for claim, value, _ in forests.findings(0, trials, study)]
    written = tables.written("resampled.csv")
    assert found == list(zip(written["claim"], written["measured"], strict=True))
    found = forests.shares_in_basin("V", forests.lowest_rate(study), trials, study)
    shares = {name: str(value) for name, value in found.items()}
    pd.testing.assert_series_equal(
        pd.Series(shares), tables.written("basin.csv").iloc[0], check_names=False
    )


def test_prose_numbers_of_the_summary_are_those_of_the_tables():
    """Those that the first paragraphs repeat."""
    summary = texts()[1].split("## In short")[1].split("## ")[0]
    numbers = set(re.findall(r"\d+\.\d+", summary))
    costs = tables.costs().set_index("cost")["here"]
    spread = tables.read("jsb", "selection/distributions.csv").query("trials == 'selected'")
    shares = tables.importance().set_index("variant").loc["V"]
    assert costs["core-hours"] in numbers
    assert f"{spread['minimum'].min():.2f}" in numbers
    assert f"{spread['maximum'].max():.2f}" in numbers
    assert shares["input noise"].split()[0] in numbers
    assert shares["hidden size"].split()[0] in numbers
