"""The studies in results/reference: whole, and their tables come out of their trials again."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from project import REPOSITORY, new_project

from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.analysis.reseeding import RESEEDED_COLUMNS, with_new_seed
from odyssey.analysis.selection import MARK_COLUMNS
from odyssey.config_files import study_or_exit
from odyssey.search import draw_trials

TRIALS = {
    "jsb": 1800,
    "jsb-kin-budget": 840,
    "jsb-music21": 360,
    "jsb-parts": 2120,
    "jsb-seed2": 400,
}
# What the tables of a study of all combinations of parts lie in, and of the others.
OF_PARTS = {"tables", "effects.csv", "trials.csv"}
OF_OTHERS = OF_PARTS | {"selection", "tests", "fanova", "budget", "claims.csv"}


def reference(study):
    return REPOSITORY / "results" / "reference" / study


@pytest.mark.parametrize("study", TRIALS)
def test_no_trial_is_missing(study):
    settings = study_or_exit([REPOSITORY / "config" / f"{study}.yaml"])
    trials = read_trials(reference(study) / "trials.csv")
    assert len(trials) == TRIALS[study]
    assert list(trials["variant"].unique()) == settings.variants
    for variant, own in trials.groupby("variant", sort=False):
        drawn = pd.DataFrame(draw_trials(settings, "jsb", variant))
        assert_frame_equal(own[drawn.columns].reset_index(drop=True), drawn, check_dtype=False)
    assert set(trials["status"]) <= {"completed", "diverged"}
    assert not trials["synthetic"].any()


@pytest.mark.parametrize("study", TRIALS)
def test_the_curves_are_those_of_the_trials(study):
    trials = read_trials(reference(study) / "trials.csv").set_index(["variant", "trial"])
    curves = pd.read_parquet(reference(study) / "curves.parquet")
    by_trial = curves.groupby(["variant", "trial"], sort=False)
    assert by_trial.size().eq(trials["epochs"].loc[lambda epochs: epochs > 0]).all()
    # One whose test result is not finite has a curve, but no result.
    best = by_trial["validation"].min()
    assert (best.eq(trials["validation"]) | trials["validation"].isna()).loc[best.index].all()


def test_the_new_seeds_are_of_the_selected_trials_and_all_are_there():
    settings = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    marks = read_csv(reference("jsb") / "selection" / "trials.csv", MARK_COLUMNS)
    selected = marks.query("selected")
    again = read_csv(reference("jsb") / "reseed" / "trials.csv", RESEEDED_COLUMNS)
    assert len(again) == settings.analysis.reseed * len(selected)
    for (variant, repeat), own in again.groupby(["variant", "repeat"], sort=False):
        wanted = set(selected.loc[selected["variant"] == variant, "trial"])
        drawn = pd.DataFrame(
            with_new_seed(draw_trials(settings, "jsb", variant), wanted, int(repeat))
        )
        assert_frame_equal(own[drawn.columns].reset_index(drop=True), drawn, check_dtype=False)


def analysed() -> list[str]:
    """Ask for what stands behind collect and for nothing else, as `make reference` does."""
    files = [REPOSITORY / "rules" / f"{name}.smk" for name in ("comparison", "parts", "analysis")]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    return ["analysis", "--allowed-rules", *re.findall(r"^ *rule (\w+):", text, re.MULTILINE)]


# Made together, so that one tells whether the code still makes them: that with the fewest searches.
@pytest.mark.parametrize(
    "study",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name != "jsb-seed2" else [])
        for name in TRIALS
    ],
)
def test_the_committed_tables_come_out_of_the_trials_again(study, tmp_path):
    project = new_project(tmp_path / "project")
    shutil.copy(REPOSITORY / "config" / f"{study}.yaml", project.folder / "study.yaml")
    committed, made = reference(study), project.folder / "results" / "reference" / study
    made.mkdir(parents=True)
    for name in ("trials.csv", "curves.parquet", "reseed/trials.csv"):
        if (committed / name).exists():
            (made / name).parent.mkdir(exist_ok=True)
            shutil.copy(committed / name, made / name)
    if study != "jsb":  # which has new seeds, of trials that are yet to be selected
        assert not {"train", "collect"} & set(project.planned("analysis"))
    project.snakemake(*analysed())

    kinds = (".csv", ".md", ".tex")
    tables = {p.relative_to(made) for p in made.rglob("*") if p.suffix in kinds}
    kept = {p.relative_to(committed) for p in committed.rglob("*") if p.suffix in kinds}
    assert kept <= tables
    kept -= {Path("fanova/effects.csv")}  # nor these, which effects.csv has
    others = {Path("fanova/effects.csv")}
    if study != "jsb":
        others |= {Path("fanova/interactions.csv"), Path("fanova/marginals.csv")}
    assert tables - kept <= others
    folders = OF_PARTS if study == "jsb-parts" else OF_OTHERS
    folders |= {"reseed"} if study == "jsb" else set()
    assert {table.parts[0] for table in tables & kept} == folders
    for table in sorted(tables & kept):
        if table.suffix == ".csv":
            # Another processor may round the last digits otherwise.
            now, then = pd.read_csv(made / table), pd.read_csv(committed / table)
            assert_frame_equal(now, then, rtol=1e-6, obj=str(table))
        else:
            text = (made / table).read_text(encoding="utf-8")
            assert text == (committed / table).read_text(encoding="utf-8"), table
