"""The studies in results/reference: whole, and their tables come out of their trials again."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from project import REPOSITORY, new_project

from odyssey.analysis.collect import read_trials
from odyssey.config_files import study_or_exit
from odyssey.search import draw_cell

TRIALS = {"jsb": 1800, "jsb-music21": 360, "jsb-seed2": 400}


def reference(study):
    return REPOSITORY / "results" / "reference" / study


@pytest.mark.parametrize("study", TRIALS)
def test_no_trial_is_missing(study):
    settings = study_or_exit([REPOSITORY / "config" / f"{study}.yaml"])
    trials = read_trials(reference(study) / "trials.csv")
    assert len(trials) == TRIALS[study]
    assert list(trials["variant"].unique()) == settings.variants
    for variant, cell in trials.groupby("variant", sort=False):
        drawn = pd.DataFrame(draw_cell(settings, "jsb", variant))
        assert_frame_equal(cell[drawn.columns].reset_index(drop=True), drawn, check_dtype=False)
    assert set(trials["status"]) <= {"completed", "diverged"}
    assert not trials["synthetic"].any()


@pytest.mark.parametrize("study", TRIALS)
def test_the_curves_are_those_of_the_trials(study):
    trials = read_trials(reference(study) / "trials.csv").set_index(["variant", "trial"])
    curves = pd.read_parquet(reference(study) / "curves.parquet")
    by_trial = curves.groupby(["variant", "trial"], sort=False)
    assert by_trial.size().eq(trials["epochs"].loc[lambda epochs: epochs > 0]).all()
    assert by_trial["validation"].min().eq(trials["validation"].dropna()).all()


@pytest.mark.parametrize("study", TRIALS)
def test_the_committed_tables_come_out_of_the_trials_again(study, tmp_path):
    project = new_project(tmp_path / "project")
    shutil.copy(REPOSITORY / "config" / f"{study}.yaml", project.folder / "study.yaml")
    committed, made = reference(study), project.folder / "results" / "reference" / study
    made.mkdir(parents=True)
    for name in ("trials.csv", "curves.parquet"):
        shutil.copy(committed / name, made / name)
    assert not {"train", "collect"} & set(project.planned("analysis"))
    project.snakemake("analysis")

    kinds = (".csv", ".md", ".tex")
    tables = {p.relative_to(made) for p in made.rglob("*") if p.suffix in kinds}
    kept = {p.relative_to(committed) for p in committed.rglob("*") if p.suffix in kinds}
    kept -= {table for table in kept if table.parts[0] == "trials"}  # git does not keep them
    assert kept <= tables
    kept -= {Path("fanova/effects.csv")}  # nor these, which effects.csv has
    others = {Path("fanova/effects.csv")}
    others |= {Path("fanova/interactions.csv")} if study != "jsb" else set()
    assert tables - kept <= others
    folders = {"selection", "tests", "fanova", "budget", "tables"}
    folders |= {"claims.csv", "effects.csv", "trials.csv"}
    assert {table.parts[0] for table in tables & kept} == folders
    for table in sorted(tables & kept):
        if table.suffix == ".csv":
            # Another processor may round the last digits otherwise.
            now, then = pd.read_csv(made / table), pd.read_csv(committed / table)
            assert_frame_equal(now, then, rtol=1e-6, obj=str(table))
        else:
            text = (made / table).read_text(encoding="utf-8")
            assert text == (committed / table).read_text(encoding="utf-8"), table
