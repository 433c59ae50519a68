"""A study in a notebook: docs/notebook.md as it stands, and what it shows."""

import re
import subprocess
import sys
from importlib import import_module

import pandas as pd
import pytest
from matplotlib.figure import Figure
from project import REPOSITORY

from odyssey import open_study
from odyssey.figures import style

PAGE = (REPOSITORY / "docs" / "notebook.md").read_text(encoding="utf-8")
FIRST, MORE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


@pytest.fixture
def study():
    return open_study("config/jsb.yaml")


def test_three_lines_draw_a_figure_and_the_others_show_what_they_say():
    assert len(FIRST.replace("\n\n", "\n").splitlines()) == 3
    known = {}
    exec(FIRST, known)
    shown = [eval(line, known) for line in MORE.splitlines()]  # noqa: S307 the page's own
    tables, claims, tests, figure, figures, trials = shown
    assert {"trials", "curves", "tests/welch"} <= set(tables)
    assert set(claims["verdict"]) == {"reproduced"}
    assert len(tests) == 9
    assert isinstance(figure, Figure)
    assert "figure_3" in figures
    assert trials == 200


@pytest.mark.parametrize("name", ["figure_1", "figure_3", "figure_4", "pareto"])
def test_a_figure_is_the_one_that_the_workflow_has_drawn(study, name, tmp_path):
    style.save(study.figure(name), [tmp_path / "figure.png"])
    drawn = (tmp_path / "figure.png").read_bytes()
    assert drawn == (study.folder / "figures" / f"{name}.png").read_bytes()


def test_every_figure_that_is_named_is_drawn(study):
    kept = {path.stem for path in (study.folder / "figures").glob("*.pdf")}
    assert set(study.figures) >= kept
    for name in study.figures:
        assert import_module(f"odyssey.figures.{name}").draw
        assert study.figure(name).axes


def test_figures_of_what_a_study_does_not_make_are_not_named(study):
    assert "attribution" in study.figures
    assert "attribution" not in open_study("config/jsb-kin-budget.yaml").figures
    assert not {"bits", "figure_2", "parts"} & set(study.figures)


def test_what_is_not_there_is_named(study, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="no figure figure_7, but figure_1, figure_3"):
        study.figure("figure_7")
    with pytest.raises(FileNotFoundError, match="no table welch in results/reference/jsb"):
        study.table("welch")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="the study has not begun here"):
        open_study(REPOSITORY / "config" / "jsb.yaml")


def test_tables_keep_their_types(study):
    assert study.table("trials")["trial"].dtype == "int64"
    assert set(study.table("tests/welch")["variant"]) >= {"NP", "NOG"}
    assert isinstance(study.table("curves"), pd.DataFrame)


def test_importing_the_library_brings_nothing_else_along():
    code = (
        "import sys; before = set(sys.modules); import odyssey; print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} - {
        *sys.stdlib_module_names,
        "odyssey",
    }
