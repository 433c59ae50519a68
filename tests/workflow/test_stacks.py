"""A study with the stacked engine: the results of the fused one, and as cheap to grow."""

import pandas as pd
import pytest
from project import new_project

TABLE = "results/small/trials.csv"
SETTINGS = {"search": {"trials": 5}, "training": {"trials_per_job": 5, "epochs": 4}}


def stacked(trials):
    training = {**SETTINGS["training"], "engine": "stacked", "stack": 3}
    return {"search": {"trials": trials}, "training": training}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("stacks") / "project")
    project.configure(**SETTINGS)
    project.snakemake(TABLE)
    return project


def test_trials_come_out_as_those_of_the_fused_engine(project, tmp_path):
    other = project.copy(tmp_path / "stacked")
    other.configure(**stacked(5))
    assert other.planned(TABLE)["train"] == 2  # another engine trains all anew
    other.snakemake(TABLE)
    fused, found = (pd.read_csv(p.folder / TABLE) for p in (project, other))
    assert set(found["engine"]) == {"stacked"}
    assert set(fused["engine"]) == {"fused"}
    columns = ["variant", "trial", "seed", "hidden_size", "parameters", "status", "epochs"]
    pd.testing.assert_frame_equal(found[columns], fused[columns])
    measured = ["validation", "test"]
    pd.testing.assert_frame_equal(found[measured], fused[measured], rtol=1e-4)
    assert other.planned(TABLE) == {}

    # Two more trials a variant train themselves alone; another width trains nothing.
    before = {p.name: p.read_bytes() for p in (other.results / "state/jsb/V").glob("*.json")}
    other.configure(**stacked(7))
    assert other.planned(TABLE)["train"] == 2
    other.snakemake(TABLE)
    assert len(pd.read_csv(other.folder / TABLE)) == 14
    for name, content in before.items():
        assert (other.results / "state/jsb/V" / name).read_bytes() == content
    wider = stacked(7)
    other.configure(**{**wider, "training": {**wider["training"], "stack": "auto"}})
    assert other.planned(TABLE) == {}
