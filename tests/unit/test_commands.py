"""The command `odyssey`, and the files that it writes to start from."""

import importlib.metadata
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
import yaml
from project import REPOSITORY

from odyssey import commands, kept_studies
from odyssey.config import read_study
from odyssey.training.engine import Optimiser
from odyssey.training.engines import open_engine
from odyssey.training.networks import initial_weights
from odyssey.training.sizes import network


def odyssey(*arguments, folder=None):
    command = [sys.executable, "-m", "odyssey", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", sorted(commands.COMMANDS.keys()))
def test_each_command_has_help_of_its_own(name, capsys):
    module, function, _ = commands.COMMANDS[name]
    with pytest.raises(SystemExit) as ended:
        getattr(import_module(module), function)(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: odyssey {name} ")


def test_what_follows_a_commands_name_is_its_own():
    shown = odyssey("status", "--help")
    assert "--watch" in shown.stdout
    assert odyssey("stats").stderr.count("status") == 1


def test_the_version_is_that_of_pyproject():
    version = importlib.metadata.version("lstm-odyssey")
    assert odyssey("--version").stdout == f"{version}\n"
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{version}"\n' in text


def test_the_command_is_on_the_path_of_the_environment():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="odyssey")
    assert command.load() is commands.main


@pytest.mark.parametrize(
    ("what", "page"), [("cell", "`cells/mine.py`:\n\n"), ("task", "Reber's grammar:\n\n")]
)
def test_what_is_written_is_the_example_of_its_page(what, page, tmp_path):
    done = odyssey(f"new-{what}", "EXAMPLE", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    written = (tmp_path / f"{what}s" / "EXAMPLE.py").read_text(encoding="utf-8")
    text = (REPOSITORY / "docs" / f"adding-a-{what}.md").read_text(encoding="utf-8")
    assert f"{page}```python\n{written}```" in text


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A study of a cell and a task that the command has written and named."""
    monkeypatch.chdir(tmp_path)
    said = [odyssey("new-cell", "MINE").stdout, odyssey("new-task", "letters").stdout]
    cell, task = (yaml.safe_load(text.partition("\n\n")[2]) for text in said)
    return read_study({"study": "s"} | cell | task)


def test_a_study_names_what_is_written_as_the_command_says(written):
    assert written.cells == {"MINE": "cells/MINE.py"}
    assert written.variants == ["V", "MINE"]
    assert written.tasks["letters"].kind == "tasks/letters.py"


def test_what_is_written_learns_as_it_stands(written):
    task = written.tasks["letters"]
    sequences = task.features("letters", None, 1, lambda *_: None)
    chosen = network(task, written.cell("MINE"), 10)
    start = initial_weights(chosen, 1)
    engine = open_engine("reference", chosen, sequences, start, None, "cpu")
    before = engine.evaluate("validation").loss
    optimiser = Optimiser(1e-3, 0.9, nesterov=True, clip=None)
    engine.train_epoch(np.arange(60), np.zeros(2, np.uint32), 0.0, optimiser)
    assert engine.evaluate("validation").loss < before


def test_nothing_is_written_over_and_no_name_that_a_study_would_refuse_is_taken(tmp_path):
    own = tmp_path / "cells" / "MINE.py"
    own.parent.mkdir()
    own.write_text("mine", encoding="utf-8")
    for what, name, message in [
        ("cell", "MINE", "cells/MINE.py is there already"),
        ("cell", "GRU", "GRU is the name of a cell that ships"),
        ("cell", "no name", "must be made of letters"),
        ("cell", "../mine", "must be made of letters"),
        ("task", "all", "the name all is taken"),
    ]:
        done = odyssey(f"new-{what}", name, folder=tmp_path)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert own.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.rglob("*.py")) == [own]


def test_what_is_kept_is_made_again_without_training_anything():
    allowed = kept_studies.analysing(REPOSITORY / "rules")
    assert {"select_best", "fanova", "luck_of_seeds", "parts", "figure", "table"} <= set(allowed)
    assert not {"all", "features", "features_of_task", "train", "collect", "complete"} & set(
        allowed
    )


def test_studies_are_kept_by_their_trials_or_by_what_they_have_bred(tmp_path):
    for file in (
        "one/trials.csv",
        "bred/generations.csv",
        "both.csv",
        "begun/runs/jsb/V/0-1.jsonl",
    ):
        path = tmp_path / "results/reference" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert kept_studies.kept_in(tmp_path) == ["bred", "one"]


def test_a_study_that_is_not_kept_is_refused():
    done = odyssey("reference", "jsb", "none")
    assert done.stderr == "Error: results/reference/none has none of trials.csv, generations.csv\n"


def test_in_a_folder_that_is_no_clone_there_is_nothing_to_make_again(monkeypatch, tmp_path):
    monkeypatch.setattr(kept_studies, "__file__", str(tmp_path / "a" / "b" / "c" / "d.py"))
    with pytest.raises(SystemExit, match="clone of the repository"):
        kept_studies.repository()
