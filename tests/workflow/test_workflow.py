"""Snakemake for real: what a study makes, and what a change makes again."""

import json
import os
import platform

import pandas as pd
import pytest
from project import Project, without_times

from odyssey.results import files, read

FILES = (
    "features/jsb.npz",
    "runs/jsb/V/0-1.jsonl",
    "runs/jsb/NP/2-3.jsonl",
    "trials.csv",
    "curves.parquet",
    "tests/welch.csv",
    "tables/best_trials.csv",
    "tables/best_trials.md",
    "tables/best_trials.tex",
    "figures/figure_3.pdf",
    "figures/figure_3.png",
    "figures/figure_3.svg",
)
# From scripts to their rules, and to a file that each makes.
MADE_BY = {
    "collect": ("collect", "trials.csv"),
    "select_best": ("select_best", "selection/trials.csv"),
    "welch": ("welch", "tests/welch.csv"),
    "decompose": ("fanova", "fanova/importance.csv"),
    "budget": ("budget", "budget/fronts.csv"),
    "effects": ("effects", "effects.csv"),
    "robustness": ("robustness", "tests/robustness.csv"),
    "parts": ("parts", "tables/parts.csv"),
    "claims": ("claims", "claims.csv"),
    "table": ("table", "tables/costs.md"),
    "figure": ("figure", "figures/figure_3.png"),
    "report": ("report", "report.html"),
    "complete": ("complete", "state/complete"),
    "collect_reseeded": ("collect_reseeded", "reseed/trials.csv"),
    "luck_of_seeds": ("luck_of_seeds", "tests/reseeded.csv"),
}
PAID_FOR = ("corpus", "features", "example", "kernel", "train", "reseed", "breed", "try_cells")
PAID_FOR += ("collect_bred",)


def touch(path):
    """Make a file newer than all others, as an editor that saves it does."""
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    os.utime(path)


def test_a_study_makes_every_file_and_then_has_nothing_to_do(finished):
    missing = [name for name in FILES if not (finished.results / name).stat().st_size]
    assert missing == []
    assert len(pd.read_csv(finished.results / "trials.csv")) == 8
    assert finished.planned() == {}


def test_a_run_file_has_one_line_a_trial_in_their_order(finished):
    lines = (finished.results / "runs/jsb/V/2-3.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["trial"] for record in records] == [2, 3]
    assert all(len(r["curve"]["validation"]) == r["epochs"] for r in records)


def test_a_touched_figure_module_redraws_figures_and_what_shows_them_only(finished):
    touch(finished.folder / "workflow/scripts/odyssey/figures/figure_3.py")
    assert finished.planned() == {"figure": 1, "report": 1}
    assert finished.planned("results/small/figures/figure_3.svg") == {"figure": 1}


def test_a_touched_training_module_trains_nothing(finished):
    touch(finished.folder / "workflow/scripts/odyssey/training/trial.py")
    touch(finished.folder / "workflow/scripts/odyssey/cells/fused.cpp")
    for script in PAID_FOR:
        touch(finished.folder / "workflow/scripts" / f"{script}.py")
    assert finished.planned() == {}


def test_an_edited_script_makes_anew_what_it_made_and_nothing_before_it(finished):
    scripts = finished.folder / "workflow/scripts"
    assert {path.stem for path in scripts.glob("*.py")} == {*MADE_BY, *PAID_FOR}
    for script, (rule, made) in MADE_BY.items():
        if not (finished.results / made).exists():
            continue  # of new seeds, which this study has none of
        path = scripts / f"{script}.py"
        before = path.stat().st_mtime_ns
        touch(path)
        assert finished.planned(f"results/small/{made}") == {rule: 1}
        os.utime(path, ns=(before, before))


NEW_FIGURE = """
from matplotlib.figure import Figure


def draw(welch, tasks):
    figure = Figure()
    figure.suptitle(f"{len(welch)} of {tasks['jsb']['title']}")
    return figure
"""
ENTRY = """
FIGURES = {**FIGURES, "mine": Figure(Caption("A figure of my own"), results=("welch",))}
"""


def test_a_figure_is_added_by_its_module_and_its_entry(finished):
    library = finished.folder / "workflow/scripts/odyssey"
    (library / "figures" / "mine.py").write_text(NEW_FIGURE, encoding="utf-8")
    with (library / "catalogue.py").open("a", encoding="utf-8") as catalogue:
        catalogue.write(ENTRY)
    assert finished.planned() == {"figure": 1, "report": 1, "complete": 1}
    finished.snakemake("results/small/report.html")
    for kind in ("pdf", "png", "svg"):
        assert (finished.results / "figures" / f"mine.{kind}").stat().st_size
    assert "A figure of my own" in (finished.results / "report.html").read_text(encoding="utf-8")


def test_any_module_may_be_touched_and_nothing_is_trained(finished):
    library = finished.folder / "workflow/scripts/odyssey"
    # From these come the trials that are selected, and of them those with new seeds.
    makers = {library / "analysis" / name for name in ("collect.py", "selection.py")}
    for module in set(library.rglob("*.py")) - makers:
        touch(module)
    planned = finished.planned()
    assert {"welch", "fanova", "effects", "claims", "figure", "table", "report"} <= set(planned)
    assert not {"kernel", "train", "collect", "select_best", "features_of_task"} & set(planned)


@pytest.mark.parametrize(
    ("names", "rules"),
    [
        (("figures/figure_3.png", "tables/costs.md"), {"figure": 1, "table": 1}),
        (("tests/welch.csv",), {"welch": 1}),
    ],
)
def test_a_deleted_file_comes_back_alone(finished, names, rules):
    for name in names:
        (finished.results / name).unlink()
    assert finished.planned(*(f"results/small/{name}" for name in names)) == rules


def test_another_variant_trains_only_that_variant(finished):
    before = without_times(finished).splitlines()
    finished.configure(variants=["V", "NP", "NFG+NOAF"])
    assert finished.planned()["train"] == 2
    finished.snakemake("results/small/trials.csv")
    after = without_times(finished).splitlines()
    assert after[: len(before)] == before
    assert {line.split(",")[1] for line in after[len(before) :]} == {"NFG+NOAF"}


def test_more_trials_keep_the_first_ones_and_train_the_rest(finished):
    before = {path: path.stat().st_mtime_ns for path in finished.results.glob("runs/*/*/*")}
    first = pd.read_csv(finished.results / "trials.csv", dtype=str)
    finished.configure(search={"trials": 6})
    assert finished.planned()["train"] == 2
    finished.snakemake("results/small/trials.csv")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    table = pd.read_csv(finished.results / "trials.csv", dtype=str)
    kept = table[table["trial"].astype(int) < 4].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)


def test_other_shards_train_nothing_again(finished):
    first = (finished.results / "trials.csv").read_bytes()
    finished.configure(training={"trials_per_job": "auto"})
    finished.snakemake("results/small/trials.csv")
    assert (finished.results / "trials.csv").read_bytes() == first  # the times too


def test_another_instruction_set_is_that_of_the_trials_that_are_left(fresh):
    fresh.snakemake("results/small/runs/jsb/V/0-1.jsonl")
    fresh.configure(training={"instruction_set": "baseline"})
    fresh.snakemake("results/small/trials.csv")
    trials = pd.read_csv(fresh.results / "trials.csv").set_index(["variant", "trial"])
    used = trials["machine"].str.rpartition(", ")[2]
    assert len(used) == 8
    first = [("V", 0), ("V", 1)]
    assert used.drop(first).eq("baseline").all()
    if platform.machine() == "x86_64":
        assert used.loc[first].str.startswith("avx").all()
    assert fresh.planned("results/small/trials.csv") == {}


def test_a_changed_range_trains_again(finished):
    finished.configure(search={"learning_rate": {"low": 1e-4, "high": 1e-2}})
    assert finished.planned()["train"] == 4


def test_a_changed_alpha_trains_nothing(finished):
    finished.configure(analysis={"alpha": 0.01})
    planned = finished.planned()
    assert {"welch", "claims", "table", "figure", "report"} <= set(planned)
    assert not {"train", "collect", "features_of_task"} & set(planned)
    names = ("tables/tests.md", "figures/figure_3.pdf", "figures/significance.svg")
    planned = finished.planned(*(f"results/small/{name}" for name in names))
    assert planned == {"welch": 1, "table": 1, "figure": 2}


def test_a_study_can_do_without_nine_methods(finished):
    of_them = [
        f"results/small/{name}" for name in ("fanova/attribution.csv", "figures/attribution.svg")
    ]
    assert all((finished.folder / name).exists() for name in of_them)
    finished.configure(analysis={"attribution": False})
    importance = finished.results / "fanova/importance.csv"
    before = importance.read_bytes()
    for file in (importance, *(finished.folder / name for name in of_them)):
        file.unlink()
    assert "figure" not in finished.planned("figures")
    finished.snakemake("results/small/fanova/importance.csv")
    assert importance.read_bytes() == before
    assert not any((finished.folder / name).exists() for name in of_them)


def test_selected_trials_are_trained_again_with_new_seeds_and_nothing_else_is(finished):
    first = read("marked", files("marked", str(finished.results)))
    finished.configure(analysis={"reseed": 2})
    planned = finished.planned("analysis")
    assert (planned["reseed"], planned["collect_reseeded"], planned["luck_of_seeds"]) == (4, 1, 1)
    assert not {"train", "collect", "select_best", "welch", "fanova"} & set(planned)
    finished.snakemake("analysis")
    again = pd.read_csv(finished.results / "reseed" / "trials.csv")
    assert again.groupby(["variant", "repeat"]).size().tolist() == [2] * 4
    keys = ["variant", "trial"]
    chosen = first[first["selected"]].set_index(keys)
    both = again.set_index(keys).join(chosen, rsuffix="_first", how="left")
    same = ["hidden_size", "learning_rate", "momentum", "input_noise"]
    for name in same:
        assert both[name].eq(both[f"{name}_first"]).all()
    assert both["seed"].ne(both["seed_first"]).all()
    assert again["seed"].is_unique
    assert both["test"].ne(both["test_first"]).all()
    luck = pd.read_csv(finished.results / "tests" / "reseeded.csv")
    assert luck["repeats"].tolist() == [2, 2]
    assert finished.planned("analysis") == {}


def test_one_task_a_job_or_two_at_once_give_the_same_table(finished, fresh):
    fresh.configure(training={"trials_per_job": 1, "threads": 2})
    fresh.snakemake("results/small/trials.csv")
    assert without_times(fresh) == without_times(finished)


def test_one_trial_can_be_asked_for_and_one_beyond_the_study_is_refused(finished):
    finished.snakemake("results/small/runs/jsb/NP/1-1.jsonl")
    lines = (finished.results / "runs/jsb/NP/0-1.jsonl").read_text(encoding="utf-8").splitlines()
    one = (finished.results / "runs/jsb/NP/1-1.jsonl").read_text(encoding="utf-8")
    assert one == lines[1] + "\n"
    output = finished.snakemake("results/small/runs/jsb/NP/2-4.jsonl", fails=True)
    assert "2-4.jsonl: a search's last trial is 3" in output
    output = finished.snakemake("results/small/runs/jsb/NP/3-2.jsonl", "--dry-run", fails=True)
    assert "3-2.jsonl: the first trial comes after the last" in output


def test_each_stage_can_be_asked_for(fresh):
    stages = ("features", "runs", "analysis", "figures", "report")
    planned = fresh.planned(*stages)
    assert [planned[name] for name in stages] == [1] * 5
    assert "complete" not in planned


MODULE = """
configfile: "study.yaml"
module odyssey:
    snakefile: "project/Snakefile"
    config: config
use rule * from odyssey as odyssey_*
rule count:
    default_target: True
    input: "results/small/trials.csv"
    output: "count.txt"
    shell: "wc -l < {input} > {output}"
"""


def test_the_workflow_serves_as_a_module_of_another(fresh):
    outer = fresh.folder.parent
    (outer / "Snakefile").write_text(MODULE, encoding="utf-8")
    for name in ("study.yaml", "corpus.json"):
        (fresh.folder / name).rename(outer / name)
    other = Project(outer)
    other.snakemake()
    assert (outer / "count.txt").read_text(encoding="utf-8").strip() == "9"
    assert other.planned("results/small/figures/figure_3.pdf")["odyssey_figure"] == 1
    assert "odyssey_train" not in other.planned("odyssey_all")


def test_a_wrong_key_is_refused_before_any_job(fresh):
    fresh.configure(training={"epoch": 3})
    output = fresh.snakemake("--dry-run", fails=True)
    assert "training.epoch: unknown key; did you mean epochs?" in output
    assert "Traceback" not in output


def test_a_corpus_that_is_not_there_is_named_before_any_job(fresh):
    (fresh.folder / "corpus.json").unlink()
    output = fresh.snakemake(fails=True)
    assert "tasks.jsb.path: there is no file corpus.json" in output
    assert "Traceback" not in output
    assert not fresh.results.exists()


def test_a_damaged_corpus_is_named_and_leaves_no_features(fresh):
    (fresh.folder / "corpus.json").write_text('{"train": []}', encoding="utf-8")
    output = fresh.snakemake("features", fails=True)
    assert "Error: corpus.json: must hold the keys train, valid, test" in output
    assert "Traceback" not in output
    assert list((fresh.results / "features").glob("*")) == []


MADE_UP = {
    "timit": {
        "source": "synthetic",
        "synthetic": {"train": 1, "validation": 1, "test": 1, "words": {"low": 3, "high": 3}},
    },
    "iam": {"source": "synthetic", "synthetic": {"train": 3, "validation": 2, "test": 1}},
}


# To each task a file of its corpus, and what is wrong in it.
DAMAGES = (
    {"timit": ("*.WAV", b"NIST_1A\n   1024\n"), "iam": ("*.xml", b"<WhiteboardCaptureSession>")},
    {"timit": ("*.PHN", b""), "iam": ("testset_f.txt", b"")},
)


def test_a_damaged_file_of_a_corpus_is_named_and_leaves_no_features(fresh):
    fresh.configure(tasks={"jsb": None, **MADE_UP})
    fresh.snakemake(*(f"results/small/corpora/{task}" for task in MADE_UP))
    features = [f"results/small/features/{task}.npz" for task in MADE_UP]
    for damages in DAMAGES:
        whole = {}
        for task, (pattern, content) in damages.items():
            files = sorted((fresh.results / "corpora" / task).rglob(pattern))
            # SA sentences are never read.
            file = next(file for file in files if not file.name.startswith("SA"))
            whole[file] = file.read_bytes()
            file.write_bytes(content)
        output = fresh.snakemake("--keep-going", *features, fails=True)
        errors = [line for line in output.splitlines() if line.startswith("Error:")]
        for file in whole:
            assert any(file.name in error for error in errors), (file, output)
        assert "Traceback" not in output
        assert list((fresh.results / "features").glob("*")) == []
        for file, content in whole.items():
            file.write_bytes(content)
