"""A study that breeds its cells, for real: generation after generation, the same every time."""

import json
import shutil

import pandas as pd
import pytest
from project import REPOSITORY, merged, new_project

from odyssey.kept_studies import analysing

CELL = """\"\"\"A cell of the user's.\"\"\"

from odyssey.cells.equations import State, tanh


def step(x, before, w):
    return State(y=tanh(w.W @ x + w.R @ before.y))
"""
SETTINGS = {
    "cells": {"MINE": "mine.py"},
    "variants": ["V", "MINE"],
    "search": {"trials": 2, "hidden_size": None, "parameters": {"low": 2000, "high": 2000}},
    "training": {"epochs": 1, "engine": "fused", "instruction_set": "baseline"},
    "evolution": {"generations": 2, "population": 3, "cells_per_job": 2},
}


@pytest.fixture(scope="module")
def bred(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("evolution") / "project")
    (project.folder / "mine.py").write_text(CELL, encoding="utf-8")
    project.configure(**SETTINGS)
    project.snakemake()
    return project


def without_seconds(path):
    return pd.read_csv(path).drop(columns="train_seconds")


def test_generations_are_bred_and_tried_and_the_best_is_a_cell(bred):
    table = pd.read_csv(bred.results / "generations.csv")
    assert list(table["generation"]) == [-1, -1, 0, 0, 0, 1, 1, 1]
    assert table["parameters"].between(1500, 2500).all()
    able = table[table["generation"] >= 0].dropna(subset="validation")
    best = able.loc[able["validation"].idxmin()]
    assert (bred.results / "winner.py").read_text() == best["equations"]
    first = table[table["generation"] == 0]
    assert set(table.loc[table["generation"] == 1, "parent"]) <= set(first["name"])
    assert (bred.results / "figures/evolution.svg").stat().st_size > 10_000
    assert set(table["name"]) == set(pd.read_csv(bred.results / "tables/generations.csv")["name"])
    assert bred.planned() == {}


def test_one_that_lost_its_files_makes_the_same_again_and_takes_over_what_is_done(bred):
    before = without_seconds(bred.results / "generations.csv")
    seconds = pd.read_csv(bred.results / "generations.csv")["train_seconds"]
    (bred.results / "tried/1/0-1.jsonl").unlink()
    (bred.results / "generations.csv").unlink()
    assert bred.planned()["try_bred"] == 1
    bred.snakemake()
    pd.testing.assert_frame_equal(without_seconds(bred.results / "generations.csv"), before)
    again = pd.read_csv(bred.results / "generations.csv")["train_seconds"]
    assert again.equals(seconds)  # to the millisecond: nothing was trained


def test_another_generation_leaves_those_that_are_there(bred):
    tried = sorted((bred.results / "tried").glob("*/*.jsonl"))
    before = {path: path.stat().st_mtime_ns for path in tried}
    bred.configure(**SETTINGS | {"evolution": SETTINGS["evolution"] | {"generations": 3}})
    bred.snakemake()
    assert {path: path.stat().st_mtime_ns for path in tried} == before
    lines = (bred.results / "bred/2.jsonl").read_text().splitlines()
    parents = {json.loads(line)["parent"] for line in lines}
    known = pd.read_csv(bred.results / "generations.csv")
    assert parents <= set(known.loc[known["generation"].isin([0, 1]), "name"])


def test_of_what_is_kept_its_tables_and_figures_are_made_again_without_the_corpus(bred, tmp_path):
    kept = bred.copy(tmp_path / "kept")
    for name in ("bred", "tried", "state", "features"):
        shutil.rmtree(kept.results / name)
    (kept.folder / "corpus.json").unlink()
    made = [kept.results / "figures/evolution.svg", kept.results / "tables/generations.csv"]
    before = [path.read_bytes() for path in made]
    for path in made:
        path.unlink()
    rules = analysing(REPOSITORY / "rules")
    kept.snakemake("analysis", "figures", "--forceall", "--allowed-rules", *rules)
    assert [path.read_bytes() for path in made] == before


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 2},
        {"training": {"epochs": 2}},
        {"search": {"input_noise": {"low": 0, "high": 0.5}}},
    ],
)
def test_other_trials_are_those_of_all_cells_known_ones_too(bred, changes):
    bred.configure(**merged(SETTINGS, changes))
    planned = bred.planned()
    assert planned["try_known"] == 1
    # What comes of a generation that is bred anew is not known before it is.
    assert planned["breed" if "seed" in changes else "try_bred"] >= 1
