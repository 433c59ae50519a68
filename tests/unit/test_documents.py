"""The numbers of README.md and docs/reproduction.md are those of results/reference."""

import importlib.util
import re

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY

from odyssey.analysis import effects
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.config_files import study_or_exit
from odyssey.report import sentences


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


def test_what_matters_in_the_basin_is_what_matters_there():
    """Of vanilla; all variants would take a minute."""
    basin = load(REPOSITORY / "benchmarks" / "basin.py")
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    trials = read_trials(REPOSITORY / "results" / "reference" / "jsb" / "trials.csv")
    found = basin.shares_in_basin("V", basin.lowest_rate(study), trials, study)
    shares = {name: str(value) for name, value in found.items()}
    pd.testing.assert_series_equal(
        pd.Series(shares), tables.written("basin.csv").iloc[0], check_names=False
    )


def known_numbers() -> np.ndarray:
    """Collect the numbers of the tables that prose may speak of, shares also in per cent."""
    pools = [
        tables.read("jsb", "effects.csv").query("variant == 'V' or effect != 'share'"),
        tables.read("jsb", "tests/welch.csv"),
        tables.read("jsb", "claims.csv"),
        tables.read("jsb", "selection/distributions.csv"),
        tables.both_seeds(),
        pd.read_csv(REPOSITORY / "benchmarks" / "results" / "importance_bias.csv"),
    ]
    numbers = np.concatenate([pool.select_dtypes("number").to_numpy().ravel() for pool in pools])
    costs = [float(cost.split()[0].replace(",", "")) for cost in tables.costs()["here"][[2]]]
    numbers = np.concatenate([numbers[np.isfinite(numbers)], costs])
    return np.abs(np.concatenate([numbers, 100 * numbers]))


# Of the paper, its protocol and its literature, of other documents, and of the method.
GIVEN = {"8.38", "24.3", "0.05", "0.53", "0.15", "0.6", "1.6"}


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("docs/reproduction.md", "## In short", "## What it cost"),
        ("docs/sceptic.md", "# For", None),
        ("docs/forests.md", "# How", None),
    ],
)
def test_numbers_in_prose_are_those_of_the_tables(name, start, end):
    text = (REPOSITORY / name).read_text(encoding="utf-8").split(start)[1]
    text = text.split(end)[0] if end else text
    prose = tables.PLACE.sub("", text)
    prose = re.sub(r"\]\([^)]*\)|`[^`]*`|^    .*$", "", prose, flags=re.MULTILINE)
    known = known_numbers()
    for written in set(re.findall(r"\d+\.\d+", prose)) - GIVEN:
        digits = len(written.split(".")[1])
        assert (np.abs(known - float(written)) <= 0.5001 * 10.0**-digits).any(), written


def test_captions_say_the_numbers_of_the_effects():
    found = read_csv(REPOSITORY / "results" / "reference" / "jsb" / "effects.csv", effects.COLUMNS)
    labels, measures = {"jsb": "JSB"}, {"jsb": "NLL (nats a frame)"}
    (text,) = sentences.marginals(found, labels, measures)
    chosen = found[(found["variant"] == "V") & (found["by"] == "gp")]
    numbers = chosen[["estimate", "low", "high"]].to_numpy().ravel()
    shown = {sentences.short(abs(number)) for number in numbers if np.isfinite(number)}
    for written in re.findall(r"\d+\.\d+(?:e−?\d+)?", text):
        assert written in shown, written


def test_the_claims_of_the_report_are_those_of_the_table():
    page = (REPOSITORY / "results" / "reference" / "jsb" / "report.html").read_text("utf-8")
    claims = tables.read("jsb", "claims.csv")
    assert sentences.verdicts(claims) in page
    for row in claims.dropna(subset=["measured"]).itertuples():
        assert f"here: <b>{sentences.short(row.measured)}</b>" in page, row.claim
