"""A study whose variants are all combinations of some changes of the block."""

import pandas as pd
from project import new_project

PARTS = {"parts": ["CIFG", "NIG"], "variants": None}
SETTINGS = {
    "search": {"trials": 40, "learning_rate": {"low": 1e-3, "high": 1e-2}},
    "training": {"trials_per_job": 40, "epochs": 3},
}
CELLS = ["V", "CIFG", "NIG"]


def test_a_study_of_parts_trains_all_their_cells_and_says_what_each_does(tmp_path):
    project = new_project(tmp_path / "project")
    project.configure(**PARTS, **SETTINGS)
    planned = project.planned()
    assert planned["train"] == planned["kernel"] == len(CELLS)
    assert not {"welch", "fanova", "report", "select_best"} & set(planned)
    project.snakemake()
    trials = pd.read_csv(project.results / "trials.csv")
    assert list(trials["variant"].unique()) == CELLS
    assert len(trials) == 40 * len(CELLS)
    effects = pd.read_csv(project.results / "effects.csv")
    mean = effects[effects["effect"] == "mean difference among all other changes"]
    assert list(mean["variant"]) == PARTS["parts"]
    assert mean["low"].lt(mean["estimate"]).all()
    together = effects[effects["effect"] == "difference of both less those of each"]
    # Where the input gate is gone, there is nothing to be coupled.
    assert list(together["variant"]) == ["CIFG × NIG"]
    assert together["estimate"].isna().all()
    assert (project.results / "figures/parts.svg").stat().st_size > 10_000
    table = pd.read_csv(project.results / "tables/parts.csv")
    assert set(PARTS["parts"]) < set(table["variant"])
    assert project.planned() == {}
