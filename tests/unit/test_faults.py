"""What an operator may write wrongly is refused at once, in words that name what to write."""

import datetime
import math
import re
from itertools import product
from pathlib import Path

import pytest
from pydantic import BaseModel

from odyssey.checks import check_corpora, planning_note
from odyssey.config import ConfigError, Study, read_study
from odyssey.config_files import load_study, study_or_exit
from odyssey.tasks import KINDS, settings_of

REPOSITORY = Path(__file__).parents[2]
CONFIG = REPOSITORY / "config"
GRU = REPOSITORY / "workflow/scripts/odyssey/cells/kin/gru.py"


def study(**changes):
    return {"study": "s", "tasks": {"jsb": {"source": "music21"}}, **changes}


def message(**changes):
    with pytest.raises(ConfigError) as caught:
        read_study(study(**changes))
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"search": {"hidden_size": 50}},
            "search.hidden_size: must be a section such as {low: 20, high: 200} (given: 50)",
        ),
        (
            {"search": {"hidden_size": {"low": 5, "high": 9}, "parameters": {"low": 1, "high": 9}}},
            "search: hidden_size and parameters are both given, but the size follows from the ",
        ),
        ({"search": {"hidden_size": None}}, "nor is there a range of parameters; give one of them"),
        (
            {"search": {"parameters": {"low": 900, "high": 100}}},
            "search.parameters: the range is empty: low 900 is above high 100",
        ),
        (
            {"search": {"parameters": {"low": 900.5, "high": 1000}}},
            "search.parameters.low: must be a whole number (given: 900.5)",
        ),
        ({"search": {"parameters": 5000}}, "search.parameters: must be a section "),
        *(
            (
                {"search": {"layers": wrong}},
                "search.layers: must be a whole number of 1 to 8, or a range such as {low: 1, ",
            )
            for wrong in (0, 9, 1.5, "two", [1, 2])
        ),
        ({"search": {"layers": True}}, "search.layers: cannot be true or false (given: true)"),
        ({"search": {"layers": None}}, "search.layers: nothing stands under this key"),
        ({"search": {"layers": {"low": 1, "high": 9}}}, "search.layers.high: must be less than "),
        ({"search": {"layers": {"low": 1.5, "high": 2}}}, "search.layers.low: must be a whole "),
        ({"search": {"layers": {"low": 1}}}, "search.layers.high: this key is missing"),
        ({"search": {"layers": {"low": 3, "high": 2}}}, "search.layers: the range is empty: low 3"),
        ({"search": {"batch": 0}}, "search.batch: must be a whole number of 1 to 1,024, or a "),
        ({"search": {"batch": 2000}}, "search.batch: must be a whole number of 1 to 1,024, or a "),
        ({"search": {"batch": {"low": 0, "high": 4}}}, "search.batch.low: must be greater than or"),
        (
            {"search": {"learning_rate": [1e-6, 1e-2]}},
            "search.learning_rate: must be a section such as {low: 1e-06, high: 0.01}",
        ),
        (
            {"analysis": "plain"},
            "analysis: must be a section with the keys best_fraction, alpha, correction, ",
        ),
        ({"tasks": {"jsb": "music21"}}, "tasks.jsb: must be a section with the keys kind, title, "),
        ({"training": None}, "training: nothing stands under this key; give it a value or remove"),
        ({"training": {"epochs": 1.5}}, "training.epochs: must be a whole number (given: 1.5)"),
        ({"training": {"job_minutes": "an hour"}}, "training.job_minutes: must be a number"),
        ({"training": {"job_minutes": math.inf}}, "training.job_minutes: must be a finite number"),
        ({"analysis": {"selection_luck": "maybe"}}, "selection_luck: must be true or false"),
        (
            {"cells": {"1st cell": "cell.py"}},
            "cells.1st cell: the name of a cell must be made of letters, digits and . _ - and",
        ),
        ({"cells": "cell.py"}, "cells: must be a section such as {name: value}"),
        ({"cells": {"mine": 5}}, "cells.mine: must be text"),
        ({"variants": []}, "variants: name at least one"),
        ({"variants": "V"}, "variants: must be a list such as [V]"),
        ({"variants": ["V", 1]}, "variants, entry 2: must be text"),
        ({"study": 2024}, "study: must be text; in quotes, a number or a date is text too"),
        (
            {
                "tasks": {
                    "jsb": {"source": "download", "url": "http://a.org/b.json", "sha256": "abc"}
                }
            },
            "tasks.jsb.sha256: must be 64 digits from 0 to 9 and a to f (given: 'abc')",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_to_be(changes, words):
    assert words in message(**changes)


def places(model, above=()):
    """List the keys of a configuration, each with those above it."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from places(kind, (*above, name))


WRONG = ["some text", "", 1.5, 10**30, -1, math.nan, [], ["a", 1], {}, {"a": 1}, {1: 2}, None, True]
WRONG.append(datetime.date(2026, 1, 2))
PYDANTICS = re.compile(
    r"Input|should|\bvalid\b|instance|dictionary|pattern|pars|unable|\d item|List|String|None"
    r"|[A-Z]\w+Range"
)


def test_no_fault_is_told_in_the_words_of_the_library():
    told = []
    of_tasks = [("tasks", kind) for kind in KINDS]
    of_tasks += [place for kind in KINDS for place in places(settings_of(kind), ("tasks", kind))]
    for place, wrong in product([*places(Study), *of_tasks], WRONG):
        config = study()
        section = config
        for name in place[:-1]:
            section = section.setdefault(name, {})
        section[place[-1]] = wrong
        try:
            read_study(config)
        except ConfigError as error:
            told += str(error).splitlines()
    assert len(told) > 700
    # What was given is the user's own.
    assert [line for line in told if PYDANTICS.search(line.partition(" (given: ")[0])] == []


@pytest.mark.parametrize("name", ["../up", "a b", "a/", "/a", "-a", ".a", "ä", "a\n"])
def test_a_name_that_is_no_folders_is_told_of_what_to_be_made(name):
    assert message(study=name).startswith(
        "study: must be made of letters, digits and . _ - (and / between folders)"
    )


@pytest.mark.parametrize("name", ["a.", "a..", "reference..", "reference./jsb", "x/a."])
def test_a_name_does_not_end_in_a_dot(name):
    assert "not end in ." in message(study=name)


def test_a_name_has_a_length_that_a_folder_may_have():
    assert read_study(study(study="x" * 100)).study == "x" * 100
    for name in ("x" * 101, "x" * 5000, "a/" * 100 + "a"):
        assert message(study=name).startswith("study: must have at most 100 characters (given: '")
        assert len(message(study=name)) < 200


@pytest.mark.parametrize("name", ["reference", "reference/jsb/tables", "reference/a/b/c"])
def test_what_git_keeps_is_no_place_for_another_study(name):
    assert message(study=name).startswith("study: results/reference holds the studies that git")


@pytest.mark.parametrize("name", ["jsb", "jsb-music21", "jsb-seed2"])
def test_the_kept_studies_keep_their_names(name):
    assert load_study([CONFIG / f"{name}.yaml"]).study == f"reference/{name}"


@pytest.mark.parametrize("name", ["references", "my/reference", "a.b_c-1", "2024.v2"])
def test_a_name_that_only_resembles_a_reserved_one_is_free(name):
    assert read_study(study(study=name)).study == name


@pytest.mark.parametrize(
    ("task", "source", "is_file"),
    [("jsb", "json", True), ("timit", "ldc93s1", False), ("iam", "iam", False)],
)
def test_the_home_folder_is_found_in_the_path_of_a_corpus(
    task, source, is_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    corpus = tmp_path / "corpus"
    corpus.touch() if is_file else corpus.mkdir()
    read = read_study(study(tasks={task: {"source": source, "path": "~/corpus"}}))
    assert read.tasks[task].path == str(corpus)
    check_corpora(read)
    missing = read_study(study(tasks={task: {"source": source, "path": "~/none"}}))
    with pytest.raises(ConfigError, match=f"there is no .* {tmp_path}/none"):
        check_corpora(missing)


def test_the_home_folder_is_found_in_the_path_of_a_cell(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert f"mine: there is no file {tmp_path}/cell.py" in message(cells={"mine": "~/cell.py"})
    (tmp_path / "cell.py").write_text(GRU.read_text(encoding="utf-8"), encoding="utf-8")
    read = read_study(study(cells={"mine": "~/cell.py"}, variants=["V", "mine"]))
    assert read.cells == {"mine": f"{tmp_path}/cell.py"}


def test_a_corpus_in_the_home_of_nobody_is_not_there():
    read = read_study(study(tasks={"jsb": {"source": "json", "path": "~nobody-of-that-name/x"}}))
    with pytest.raises(ConfigError, match="there is no file ~nobody-of-that-name/x"):
        check_corpora(read)


@pytest.mark.parametrize("trials", [100_001, 1_000_000, 10**12])
def test_more_trials_than_can_be_planned_are_refused_with_the_reason(trials):
    told = message(search={"trials": trials})
    assert told.startswith("search.trials: must be 100,000 or less: all trials are drawn, and")
    assert told.endswith(f"(given: {trials})")


def test_who_has_to_wait_for_the_planning_of_a_study_is_told_how_long(tmp_path, capsys):
    assert planning_note(read_study(study())) == ""  # the paper's nine searches of 200
    large = study(search={"trials": 100_000}, variants=["V", "NP"])
    note = "200,000 trials are drawn and planned first, which takes some 26 seconds"
    assert planning_note(read_study(large)) == note
    large["variants"] = ["V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF"]
    assert planning_note(read_study(large)).endswith("takes some 2 minutes")
    file = tmp_path / "study.yaml"
    file.write_text("{study: s, tasks: {jsb: {}}, search: {trials: 100000}}")
    study_or_exit([file])
    assert "900,000 trials" in capsys.readouterr().err
