"""A cell of one's own: docs/adding-a-cell.md as it stands, and what an edit of a cell trains."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from project import REPOSITORY, Project, corpus

from odyssey.cells.variants import CHANGES, KIN
from odyssey.config import ConfigError, read_study

PAGE = (REPOSITORY / "docs" / "adding-a-cell.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
TABLE_ROW = re.compile(r"^\| `(?P<mistake>\w+ = .*?)` \| (?P<message>.*) \|$", re.M)
NEXT = "=== next command ==="
MUSIC21 = "{source: music21}"

# The reader's own: the equations of Cho et al. (2014).
GRU = '''"""Gated recurrent unit, as I remember it."""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    reset = sigmoid(w.W_r @ x + w.R_r @ before.y + w.b_r)
    update = sigmoid(w.W_u @ x + w.R_u @ before.y + w.b_u)
    candidate = tanh(w.W_c @ x + w.R_c @ (reset * before.y) + w.b_c)
    return State(y=update * before.y + (1 - update) * candidate)
'''

MINE = BLOCK.search(PAGE, PAGE.index("`cells/mine.py`:"))["text"]

# The same equations with a comment and in other words.
REWORDED = MINE.replace("z = ", "# what is new\n    new = ").replace("f * z", "f * new")
EDITED = MINE.replace("(1 - f) * before.y + f * z", "f * before.y + (1 - f) * z")

TIED = MINE.replace("R_f", "R").replace("R_z", "R").replace("Minimal", "Tied")


def status() -> str:
    """What git finds changed in the repository."""
    command = ["git", "-C", REPOSITORY, "status", "--porcelain"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shell(script: str, home: Path, folder: Path) -> str:
    """Run commands as the page's reader does, who has the repository at ~/lstm-odyssey."""
    environment = Project(folder).environment() | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def script(page: str) -> str:
    """The page's commands in their order, its files written where it shows them."""
    lines = ["set -e", "exec 2>&1"]
    for block in BLOCK.finditer(page):
        if not block["file"]:
            lines += [f"echo '{NEXT}'", block["text"]]
            continue
        lines.append(f"cat > {block['file']} <<'END'\n{block['text']}END")
    return "\n".join(lines)


@pytest.fixture(scope="module", params=["json", pytest.param("music21", marks=pytest.mark.slow)])
def reader(request, tmp_path_factory):
    """The reader's home, the folder of her study, and what each of the page's commands said.

    Music21 takes minutes to read the page's chorales, so that others stand in for them.
    """
    home, before = tmp_path_factory.mktemp("home"), status()
    (home / "lstm-odyssey").symlink_to(REPOSITORY)
    (home / "corpus.json").write_text(json.dumps(corpus()), encoding="utf-8")
    source = {"json": "{source: json, path: ../corpus.json}"}.get(request.param, MUSIC21)
    assert MUSIC21 in PAGE
    said = shell(script(PAGE.replace(MUSIC21, source)), home, home).split(NEXT)[1:]
    assert status() == before
    return home, home / "my-study", said


def test_the_page_takes_a_cell_from_nothing_to_figure_3(reader, request):
    _, folder, (_, trained, shown, changed) = reader
    assert "Error" not in trained
    trials = pd.read_csv(folder / "results/mine/trials.csv", keep_default_na=False)
    assert trials.groupby("variant", sort=False).size().to_dict() == {"V": 12, "MINE": 12}
    assert set(trials["engine"]) == {"fused"}
    assert trials["source"].str.startswith(request.node.callspec.params["reader"]).all()
    assert set(trials["status"]) <= {"completed", "diverged"}
    for name in ("figures/figure_1.pdf", "figures/figure_3.pdf", "report.html"):
        assert name in shown
        assert (folder / "results/mine" / name).stat().st_size
    assert "struct Forward<0>" in shown  # the page of arithmetic
    shards = len(list((folder / "results/mine/runs/jsb/MINE").glob("*.jsonl")))
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", changed, re.M))
    assert (jobs["train"], jobs["kernel"]) == (str(shards), "1")


def test_a_gru_that_the_reader_has_written_trains_beside_them_and_nothing_else_does(reader):
    home, folder, _ = reader
    first = pd.read_csv(folder / "results/mine/trials.csv")
    before = status()
    (folder / "cells/mine.py").write_text(MINE, encoding="utf-8")
    (folder / "cells/gru.py").write_text(GRU, encoding="utf-8")
    study = (folder / "study.yaml").read_text(encoding="utf-8")
    study = study.replace("{MINE: cells/mine.py}", "{MINE: cells/mine.py, MYGRU: cells/gru.py}")
    study = study.replace("[V, MINE]", "[V, MINE, MYGRU]")
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    command = (
        "snakemake --cores all --snakefile ~/lstm-odyssey/Snakefile --configfile study.yaml "
        "-- results/mine/figures/figure_3.pdf results/mine/figures/figure_1.pdf"
    )
    shell(command, home, folder)
    trials = pd.read_csv(folder / "results/mine/trials.csv")
    old = trials[trials["variant"] != "MYGRU"].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, first)  # the times too
    assert (trials["variant"] == "MYGRU").sum() == 12
    assert set(trials["engine"]) == {"fused"}
    assert status() == before


@pytest.mark.parametrize(("mistake", "message"), TABLE_ROW.findall(PAGE))
def test_a_mistake_is_told_as_the_page_says_with_file_and_line(tmp_path, mistake, message):
    file = tmp_path / "mine.py"
    head = MINE[: MINE.index("    f = ")]
    file.write_text(f"{head}    {mistake}\n    return State(y={mistake[0]})\n", encoding="utf-8")
    config = {"study": "s", "tasks": {"jsb": {"source": "music21"}}, "cells": {"MINE": str(file)}}
    with pytest.raises(ConfigError) as caught:
        read_study(config)
    assert f"{file}:7: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_page_shows_some_mistakes_and_names_every_cell_that_ships():
    assert len(TABLE_ROW.findall(PAGE)) >= 4
    named = set(re.findall(r"`([^`\n]+)`", PAGE[PAGE.index("## Cells that are there") :]))
    named = {word for names in named for word in names.split()}
    assert named >= {"V", *CHANGES, *KIN}


@pytest.fixture(scope="module")
def _own(_finished, tmp_path_factory):
    project = _finished.copy(tmp_path_factory.mktemp("own") / "project")
    (project.folder / "cells").mkdir()
    (project.folder / "cells/mine.py").write_text(MINE, encoding="utf-8")
    project.configure(variants=["V", "MINE"], cells={"MINE": "cells/mine.py"})
    project.snakemake("results/small/trials.csv", "results/small/figures/figure_1.svg")
    return project


@pytest.fixture
def own(_own, tmp_path):
    """A project in which vanilla and a cell of its own are trained."""
    return _own.copy(tmp_path / "own")


def edit(project: Project, text: str) -> None:
    (project.folder / "cells/mine.py").write_text(text, encoding="utf-8")


def test_another_comment_and_other_names_train_nothing_and_draw_figure_1_again(own):
    edit(own, REWORDED)
    assert own.planned("results/small/trials.csv") == {}
    assert own.planned("results/small/figures/figure_1.svg") == {"figure": 1}


def test_another_equation_trains_its_cell_again_and_nothing_else(own):
    first = pd.read_csv(own.results / "trials.csv", dtype=str, keep_default_na=False)
    edit(own, EDITED)
    assert own.planned("results/small/trials.csv") == {"kernel": 1, "train": 2, "collect": 1}
    own.snakemake("results/small/trials.csv")
    table = pd.read_csv(own.results / "trials.csv", dtype=str, keep_default_na=False)
    vanilla = table["variant"] == "V"
    pd.testing.assert_frame_equal(table[vanilla], first[vanilla])  # the times too
    assert (table["test"] != first["test"])[~vanilla].all()
    assert own.planned("results/small/trials.csv") == {}


def test_a_typo_in_an_equation_is_one_line_before_any_job(own):
    edit(own, MINE.replace("sigmoid(w", "sigmod(w"))
    output = own.snakemake("results/small/trials.csv", fails=True)
    message = "cells/mine.py:7: name 'sigmod' is not defined; did you mean sigmoid?"
    lines = [line for line in output.splitlines() if not line.startswith("Using")]
    assert lines == ["Error in the configuration:", f"cells: {message}"]


def test_a_cell_that_the_fused_engine_cannot_train_is_named_and_trained_by_the_other(own):
    edit(own, TIED)
    why = "cells/mine.py:7: the matrix w.R acts on 2 vectors"
    own.configure(
        variants=["V", "MINE"], cells={"MINE": "cells/mine.py"}, training={"engine": "fused"}
    )
    output = own.snakemake("results/small/trials.csv", fails=True)
    assert f"training.engine is fused, but MINE needs auto: {why}" in output
    assert "Traceback" not in output

    own.configure(variants=["V", "MINE"], cells={"MINE": "cells/mine.py"})
    output = own.snakemake("results/small/tables/costs.csv")
    notice = f"MINE is trained by the readable engine, some seventy times slower: {why}"
    assert output.index(notice) < output.index("rule train")
    assert output.count(notice) == 1
    trials = pd.read_csv(own.results / "trials.csv")
    engines = trials.groupby("variant")["engine"].unique().map(list).to_dict()
    assert engines == {"V": ["fused"], "MINE": ["reference"]}
    assert (trials["status"] == "completed").all()
    costs = pd.read_csv(own.results / "tables/costs.csv").set_index("variant")
    assert costs["trained_by"].to_dict() == {"V": "fused", "MINE": "reference"}
    latex = (own.results / "tables/costs.tex").read_text(encoding="utf-8")
    assert "seconds of different engines do not compare" in latex
