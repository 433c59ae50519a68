"""Two tasks of one kind, and a kind of one's own: docs/adding-a-task.md as it stands."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from project import REPOSITORY, merged, new_project

from odyssey.analysis.effects import MARGIN

PAGE = (REPOSITORY / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
(REBER,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
REPORT = "results/small/report.html"
SEARCHES = [(task, variant) for task in ("jsb", "bach-2.b", "reber") for variant in ("V", "NP")]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder that is no part of the workflow."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "reber.py").write_text(REBER, encoding="utf-8")
    return folder


def settings(elsewhere, **changes) -> dict:
    tasks = {
        "bach-2.b": {"kind": "jsb", "source": "json", "path": "other.json", "epochs": 2},
        "reber": {"kind": str(elsewhere / "reber.py"), "strings": 40},
    }
    return {
        "tasks": merged(tasks, changes),
        "search": {"hidden_size": {"low": 2, "high": 4}},
        "training": {"trials_per_job": 4},
        "analysis": {"trees": 4, "margins": {"reber": 5}},
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory, elsewhere):
    made = new_project(tmp_path_factory.mktemp("tasks") / "project")
    corpus = json.loads((made.folder / "corpus.json").read_text(encoding="utf-8"))
    corpus["train"].reverse()
    (made.folder / "other.json").write_text(json.dumps(corpus), encoding="utf-8")
    made.configure(**settings(elsewhere))
    made.snakemake(REPORT, "results/small/claims.csv")
    return made


def test_each_task_is_trained_and_told_apart_in_tables_and_report(project):
    trials = pd.read_csv(project.results / "trials.csv")
    assert list(trials.groupby(["task", "variant"], sort=False).groups) == SEARCHES
    assert (trials["status"] == "completed").all()
    assert set(trials.loc[trials["task"] == "reber", "source"]) == {"reber.py"}
    rates = trials.groupby("task")["learning_rate"].agg(set)
    assert not rates["jsb"] & rates["bach-2.b"]
    page = (project.results / "report.html").read_text(encoding="utf-8")
    for words in ("JSB Chorales: bach-2.b", "JSB Chorales: jsb", "letters wrong (%)"):
        assert words in page


def test_the_papers_statements_are_judged_for_tasks_of_its_kinds_alone(project):
    claims = pd.read_csv(project.results / "claims.csv")
    assert set(claims["task"]) == {"jsb", "bach-2.b", "all"}
    assert (claims["task"] == "jsb").sum() == (claims["task"] == "bach-2.b").sum() > 10
    effects = pd.read_csv(project.results / "effects.csv")
    margin = effects[(effects["task"] == "reber") & (effects["effect"] == MARGIN)]
    assert margin["estimate"].tolist() == [5]


def test_the_study_of_one_of_its_tasks_alone_has_the_same_trials(project, tmp_path):
    alone = new_project(tmp_path / "alone")
    alone.configure(search={"hidden_size": {"low": 2, "high": 4}}, training={"trials_per_job": 4})
    run = "results/small/runs/jsb/V/0-3.jsonl"
    alone.snakemake(run)
    ours, theirs = (
        [
            {key: value for key, value in json.loads(line).items() if "seconds" not in key}
            for line in (folder / run).read_text(encoding="utf-8").splitlines()
        ]
        for folder in (project.folder, alone.folder)
    )
    assert ours == theirs
    features = "results/small/features/jsb.npz"
    assert (project.folder / features).read_bytes() == (alone.folder / features).read_bytes()


def test_features_are_made_anew_for_what_decides_them_and_for_nothing_else(
    project, elsewhere, tmp_path
):
    study, features = project.copy(tmp_path / "copy"), "features"
    assert study.planned(features) == {}
    study.configure(**settings(elsewhere, reber={"epochs": 9, "title": "Letters"}))
    assert study.planned(features) == {}
    study.configure(**settings(elsewhere, reber={"strings": 41}))
    assert study.planned(features) == {"features_of_task": 1, "features": 1}
    study.configure(**settings(elsewhere, reber={"kind": str(tmp_path / "reber.py")}))
    # Other comments, other bytes of the file; the features are what they were.
    (tmp_path / "reber.py").write_text(f"{REBER}\n# The end.\n", encoding="utf-8")
    assert study.planned(features) == {"features_of_task": 1, "features": 1}


def test_a_users_mistake_is_told_before_anything_is_planned(project, tmp_path):
    study = project.copy(tmp_path / "copy")
    (tmp_path / "mine.py").write_text(REBER.replace("def frames", "def fremes"), encoding="utf-8")
    study.configure(study="other", tasks={"mine": {"kind": str(tmp_path / "mine.py")}})
    output = study.snakemake("--dry-run", fails=True)
    assert f"tasks.mine: {tmp_path}/mine.py:1: its class Settings lacks frames" in output
    assert "Traceback" not in output


def test_what_features_raise_is_told_with_file_and_line(project, elsewhere, tmp_path):
    study = project.copy(tmp_path / "copy")
    wrong = REBER.replace("return Sequences(", "raise LookupError('no string')\n        dict(")
    (tmp_path / "mine.py").write_text(wrong, encoding="utf-8")
    study.configure(**settings(elsewhere, mine={"kind": str(tmp_path / "mine.py")}))
    (study.results / "trials.csv").unlink()
    output = study.snakemake("results/small/features/mine.npz", fails=True)
    assert re.search(r"Error: .*/mine\.py:\d+: LookupError: no string", output)
    assert "Traceback" not in output
    assert not (study.results / "features" / "mine.npz").exists()


def test_features_files_of_the_two_are_described_by_their_names(project):
    described = [
        json.loads(str(np.load(project.results / f"features/{task}.npz")["description"]))
        for task in ("jsb", "bach-2.b")
    ]
    assert [d.pop("task") for d in described] == ["jsb", "bach-2.b"]
    assert described[0] == described[1]
