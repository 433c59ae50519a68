"""Data of one's own: docs/your-own-data.md as it stands, and a study of every form it may have."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from project import REPOSITORY
from test_adding_a_cell import BLOCK, NEXT, shell, status

from odyssey.checks import check_corpora
from odyssey.config import ConfigError, read_study

PAGE = (REPOSITORY / "docs" / "your-own-data.md").read_text(encoding="utf-8")
COMMAND = "snakemake --cores all --snakefile ~/lstm-odyssey/Snakefile --configfile study.yaml"


@pytest.fixture
def home(tmp_path):
    """The reader's home, with the repository in it, which must not be touched."""
    before = status()
    (tmp_path / "lstm-odyssey").symlink_to(REPOSITORY)
    yield tmp_path
    assert status() == before


def test_the_page_takes_a_file_to_a_report(home):
    lines = ["set -e", "exec 2>&1"]
    for block in BLOCK.finditer(PAGE):
        if block["file"]:
            lines.append(f"cat > {block['file']} <<'END'\n{block['text']}END")
        else:
            lines += [f"echo '{NEXT}'", block["text"]]
    shown, made = shell("\n".join(lines), home, home).split(NEXT)[1:]
    head = re.search(r"(?:^    .*\n)+", PAGE, re.M)[0]
    assert shown.strip().splitlines() == [line.strip() for line in head.splitlines()]
    assert "Error" not in made
    assert "results/waves/report.html" in made
    trials = pd.read_csv(home / "my-data/results/waves/trials.csv")
    assert trials.groupby("variant", sort=False).size().to_dict() == {"V": 20, "GRU": 20}
    assert set(trials["source"]) == {"waves.csv"}
    assert not trials["synthetic"].any()
    best = trials.groupby("variant")["test"].min()
    assert (best < 40).all()  # two frames of three are wrong by chance
    report = (home / "my-data/results/waves/report.html").read_text(encoding="utf-8")
    assert "classification error (%)" in report


def test_a_fault_is_told_as_the_page_says_before_any_job(tmp_path):
    (message,) = re.findall(r"^    tasks\.waves: waves\.csv: (.*)$", PAGE, re.M)
    rows = (REPOSITORY / "docs/waves.csv").read_text(encoding="utf-8").splitlines()
    row = int(re.match(r"row (\d+)", message)[1]) - 1
    *fields, _ = rows[row].split(",")
    rows[row] = ",".join([*fields, "sinus"])
    path = tmp_path / "waves.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    task = {"kind": "sequences", "path": str(path), "loss": "softmax"}
    with pytest.raises(ConfigError) as caught:
        check_corpora(read_study({"study": "s", "tasks": {"waves": task}}))
    assert str(caught.value) == f"tasks.waves: {path}: {message}"


def frames(generator):
    """Make 24 short sequences of two inputs, and how far they have walked."""
    rows = []
    for number in range(24):
        split = ("train", "train", "validation", "test")[number % 4]
        steps = generator.normal(0, 1, (8, 2))
        for (x, y), walked in zip(steps, np.cumsum(steps[:, 0]), strict=True):
            rows.append((f"s{number:02d}", split, x, y, walked))
    return pd.DataFrame(rows, columns=["sequence", "split", "x", "y", "walked"])


def write_files(folder):
    """Write a file for each form of data."""
    generator = np.random.default_rng(0)
    table, keys = frames(generator), ["sequence", "split", "x", "y"]
    side = np.where(table["x"] > 0, "right", "left")
    table[keys].assign(target=side).to_csv(folder / "sides.csv", index=False)
    table.to_parquet(folder / "walks.parquet")
    last = table.groupby("sequence").cumcount() == 7
    where = pd.Series(np.where(table["walked"] > 0, 1, 0)).where(last)
    table[keys].assign(target=where).to_csv(folder / "ends.csv", index=False)
    table[keys].to_csv(folder / "frames.csv", index=False)
    labels = table[table.groupby("sequence").cumcount() % 4 == 0]
    labels = labels.assign(label=np.where(labels["x"] > 0, "r", "l"))[["sequence", "label"]]
    labels.to_csv(folder / "labels.csv", index=False)
    np.savez(
        folder / "notes.npz",
        inputs=generator.integers(0, 2, (48, 3)),
        lengths=np.full(12, 4),
        names=np.array([f"tune {number}" for number in range(12)]),
    )
    (folder / "nottingham.pickle").write_bytes(pickle.dumps(nottingham(generator), protocol=0))
    (folder / "prose.txt").write_text("the cat sat on the mat, and the rat ran. " * 60, "utf-8")


def nottingham(generator):
    """Tunes over chords, of the lengths and in the form of the genuine file."""

    def tune():
        return [[60 - 12 * (n % 4 == 0), 60 + int(generator.integers(12))] for n in range(16)]

    return {key: [tune() for _ in range(n)] for key, n in (("train", 9), ("valid", 4), ("test", 4))}


STUDY = {
    "study": "mine",
    "tasks": {
        "sides": {"kind": "sequences", "path": "sides.csv", "loss": "softmax"},
        "walks": {
            "kind": "sequences",
            "path": "walks.parquet",
            "loss": "squared",
            "target": "walked",
            "title": "Random walks",
            "measure": "squared distance",
            "unit": "m²",
            "directions": 2,
        },
        "ends": {"kind": "sequences", "path": "ends.csv", "loss": "softmax", "standardised": True},
        "signs": {
            "kind": "sequences",
            "path": "frames.csv",
            "labels": "labels.csv",
            "loss": "ctc",
        },
        "tunes": {
            "kind": "sequences",
            "path": "notes.npz",
            "loss": "sigmoid",
            "predict": "next",
            "splits": {"train": 0.5, "validation": 0.25, "test": 0.25},
        },
        "nottingham": {"kind": "pianorolls", "path": "nottingham.pickle"},
        "prose": {"kind": "text", "path": "prose.txt", "length": 40},
        "alice": {"kind": "text", "characters": 4000, "length": 40},
        "sums": {"kind": "adding", "length": 8, "train": 60, "validation": 20, "test": 20},
    },
    "variants": ["V", "NP"],
    "search": {"trials": 3, "hidden_size": {"low": 3, "high": 6}},
    "training": {"epochs": 3},
    "analysis": {"best_fraction": 0.7, "trees": 5},
}


def made(home, *targets):
    """Make something of a study of all forms, outside the repository; return its folder."""
    folder = home / "study"
    folder.mkdir()
    write_files(folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False), encoding="utf-8")
    said = shell(f"{COMMAND} -- {' '.join(targets)}", home, folder)
    assert "Error" not in said
    return folder


def test_every_form_of_data_runs_to_tables_and_a_figure_in_one_study(home):
    folder = made(home, "analysis", "results/mine/figures/figure_3.pdf")
    trials = pd.read_csv(folder / "results/mine/trials.csv")
    assert trials.groupby(["task", "variant"]).size().eq(3).all()
    assert list(dict.fromkeys(trials["task"])) == list(STUDY["tasks"])
    assert (trials["status"] == "completed").all()
    assert (folder / "results/mine/figures/figure_3.pdf").stat().st_size
    best = (folder / "results/mine/tables/best_trials.md").read_text(encoding="utf-8")
    for task in STUDY["tasks"]:
        assert task in best
    sources = trials.groupby("task")["source"].first()
    assert sources["sums"] == "made on the spot"
    assert sources["alice"] == "Lewis Carroll, 4000 characters"

    table = (folder / "walks.parquet").read_bytes()
    (folder / "walks.parquet").write_bytes(table[:-100])
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["study"] = "again"
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    said = shell(f"! {COMMAND} --dry-run", home, folder)
    lines = [line for line in said.splitlines() if not line.startswith("Using")]
    assert lines[0] == "Error in the configuration:"
    assert lines[1].startswith("tasks.walks: walks.parquet: is not a complete Parquet file")
    assert len(lines) == 2


@pytest.mark.slow
def test_every_form_of_data_stands_in_the_report(home):
    folder = made(home, "results/mine/report.html")
    report = (folder / "results/mine/report.html").read_text(encoding="utf-8")
    for words in ("Random walks", "squared distance (m²)", "label error rate (%)"):
        assert words in report
    for words in ("nottingham", "prose", "Alice", "next-character error", "made on the spot"):
        assert words in report
