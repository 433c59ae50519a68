"""A wrong configuration is refused in one line that names the key and what is allowed."""

from pathlib import Path

import pytest
import yaml

from odyssey.checks import check_corpora
from odyssey.config import ConfigError, read_study
from odyssey.config_files import study_or_exit
from odyssey.config_reference import reference, schema
from odyssey.search_space import Search
from odyssey.tasks import settings_of

CONFIG = Path(__file__).parents[2] / "config"


def study(**changes):
    return {"study": "s", "tasks": {"jsb": {"source": "music21"}}, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sede": 1}, "sede: unknown key; did you mean seed?"),
        ({"training": {"epoch": 3}}, "training.epoch: unknown key; did you mean epochs? allowed: "),
        ({"training": {"batch": 8}}, "training.batch: unknown key; did you mean search.batch?"),
        (
            {"search": {"learning_rate": {"low": 1, "high": 2, "step": 3}}},
            "search.learning_rate.step: unknown key; allowed: low, high",
        ),
        ({"parts": ["NIG", "NOG"], "variants": ["V"]}, "variants and parts are both given"),
        ({"parts": ["NIG"]}, "parts: a single part has no combinations"),
        ({"parts": ["NIG", "NG"]}, "parts: NG is no change: allowed are CIFG, FGR, "),
        ({"parts": [["NIG"], "NOG"]}, "parts, entry 1: "),
        ({"parts": ["NIG", "NIG"]}, "parts: NIG is listed twice"),
        (
            {"parts": ["NIG", "NOG"], "analysis": {"reseed": 2}},
            "analysis.reseed trains the selected trials once more, and a study of parts selects",
        ),
        (
            {
                "parts": ["NIG", "NOG"],
                "search": {"learning_rate": {"low": 1e-3, "high": 1e-3}},
            },
            "parts are compared at the best learning rate of each cell",
        ),
        ({"training": {"epochs": 0}}, "training.epochs: must be greater than or equal to 1"),
        (
            {"training": {"epochs": "many"}},
            "training.epochs: must be a whole number (given: 'many')",
        ),
        ({"training": {"engine": "fast"}}, "must be 'auto', 'fused', 'stacked' or 'reference'"),
        (
            {"training": {"instruction_set": "mmx"}},
            "must be 'auto', 'baseline', 'avx2' or 'avx512'",
        ),
        (
            {"training": {"instruction_set": "avx2", "engine": "reference"}},
            "instruction_set is the engine fused's",
        ),
        (
            {"training": {"instruction_set": "avx2", "device": "cuda"}},
            "instruction_set is the engine fused's",
        ),
        (
            {"search": {"learning_rate": {"low": 1e-2, "high": 1e-6}}},
            "search.learning_rate: the range is empty",
        ),
        ({"search": {"learning_rate": {"low": 0, "high": 1}}}, "low: must be greater than 0"),
        ({"search": {"one_minus_momentum": {"low": 0.1, "high": 2}}}, "less than or equal to 1"),
        ({"variants": ["V", "XYZ"]}, "variants: unknown variant 'XYZ': allowed are V, CIFG"),
        ({"variants": ["V", "MINE"]}, "and the names under cells"),
        ({"variants": ["V", "GRU+NP"]}, "GRU is a cell of its own, and no part of a combination"),
        ({"cells": {"MINE": "/nowhere.py"}}, "cells: MINE: there is no file /nowhere.py"),
        ({"cells": {"GRU": "/nowhere.py"}}, "cells: GRU is the name of a cell that ships"),
        ({"cells": {"A+B": "/nowhere.py"}}, "cells.A+B"),
        ({"variants": ["NFG+NOAF", "NOAF+NFG"]}, "are the same variant"),
        ({"variants": ["V", "V"]}, "the same variant, listed twice"),
        ({"variants": []}, "variants: "),
        ({"tasks": {}}, "tasks: name at least one, such as timit, iam, jsb"),
        ({"tasks": {"jbs": {}}}, "tasks.jbs: there is no kind of task 'jbs'; did you mean jsb?"),
        ({"tasks": {"jsb": {"source": "json"}}}, "tasks.jsb: source json needs the key path"),
        ({"tasks": {"jsb": {"source": "music21", "path": "x"}}}, "has no use for the key path"),
        ({"tasks": {"jsb": {"sha256": "0" * 64}}}, "music21 has no use for the key sha256"),
        (
            {"tasks": {"jsb": {"source": "json", "path": "x", "sha256": "abc"}}},
            "tasks.jsb.sha256: must be 64 digits from 0 to 9 and a to f",
        ),
        (
            {"tasks": {"jsb": {"source": "json", "path": "/nowhere.json"}}},
            "tasks.jsb.path: there is no file /nowhere.json",
        ),
        ({"tasks": {"timit": {"source": "ldc93s1"}}}, "timit: source ldc93s1 needs the key path"),
        ({"tasks": {"iam": {"path": "x"}}}, "tasks.iam: source synthetic has no use for the key"),
        (
            {"tasks": {"timit": {"synthetic": {"train": 500}}}},
            "tasks.timit.synthetic.train: must be less than or equal to 462 (given: 500)",
        ),
        (
            {"tasks": {"timit": {"synthetic": {"words": {"low": 5, "high": 4}}}}},
            "tasks.timit.synthetic.words: the range is empty",
        ),
        (
            {"tasks": {"timit": {"synthetic": {"words": {"low": 1, "high": 2}}}}},
            "tasks.timit.synthetic.words: high must be at least 3 (given: 2)",
        ),
        (
            {"tasks": {"iam": {"source": "iam", "path": "/nowhere"}}},
            "tasks.iam.path: there is no folder /nowhere",
        ),
        ({"tasks": {"jsb": {"source": "json", "path": "/"}}}, "tasks.jsb.path: / is no file"),
        ({"tasks": {"jsb": {"source": "json", "path": ""}}}, "tasks.jsb.path: . is no file"),
        ({"tasks": {"jsb": {"source": "json", "path": "x" * 5000}}}, "cannot be looked at"),
        ({"tasks": {"timit": None, "jsb": {}}}, "tasks.timit: nothing stands under this task"),
        ({"search": {"hidden_size": {"low": 20, "high": 20.5}}}, "search.hidden_size.high: "),
        (
            {"tasks": {"jsb": {}}, "search": {"parameters": {"low": 100, "high": 9000}}},
            "search.parameters: the range must lie within 548 weights, which FGR on jsb has with a "
            "hidden size of 1, and ",
        ),
        (
            {"tasks": {"jsb": {}}, "search": {"parameters": {"low": 9000, "high": 10**10}}},
            "which CIFG on jsb has with 10,000 (given: 9,000 to 10,000,000,000)",
        ),
        (
            {"tasks": {"jsb": {"source": "download", "url": "x.json", "sha256": "0" * 64}}},
            "tasks.jsb: url must be an address",
        ),
        ({"study": "../up"}, "study: "),
        ({"training": {"stack": 9}}, "training: stack is the engine stacked's"),
        ({"seed": -1}, "seed: must be greater than or equal to 0"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(changes, message):
    with pytest.raises(ConfigError) as caught:
        check_corpora(read_study(study(**changes)))
    assert message in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        read_study(study(sede=1, training={"epochs": 0}))
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_key_is_named():
    with pytest.raises(ConfigError, match=r"^study: this key is missing$"):
        read_study({"tasks": {"jsb": {}}})


def test_a_further_combination_is_one_line():
    assert read_study(study(variants=["V", "NFG+NOAF"])).variants == ["V", "NFG+NOAF"]


TIED = '''"""A gate and a candidate with one matrix."""

from odyssey.cells.equations import State, sigmoid, tanh


def step(x, before, w):
    gate = sigmoid(w.W_g @ x + w.R @ before.y)
    return State(y=tanh(w.W_z @ x + w.R @ (gate * before.y)))
'''


@pytest.fixture
def tied(tmp_path):
    """A cell of one's own that the fused engine cannot train."""
    (tmp_path / "tied.py").write_text(TIED, encoding="utf-8")
    return {"MINE": str(tmp_path / "tied.py")}


def test_each_variant_has_the_engine_that_can_train_it_and_the_slow_one_is_said(tied):
    mixed = read_study(study(cells=tied, variants=["V", "GRU", "MINE", "NFG+NOAF"]))
    engines = {variant: mixed.engine(variant) for variant in mixed.variants}
    assert engines == {"V": "fused", "GRU": "fused", "MINE": "reference", "NFG+NOAF": "fused"}
    (notice,) = mixed.notices
    assert notice.startswith("MINE is trained by the readable engine, some seventy times slower: ")
    assert f"{tied['MINE']}:7: the matrix w.R acts on 2 vectors" in notice


def test_who_asks_for_the_fused_engine_is_told_of_a_cell_that_it_cannot_train(tied):
    with pytest.raises(ConfigError, match=r"tied\.py:7: the matrix w\.R acts on 2") as caught:
        read_study(study(cells=tied, variants=["V", "MINE"], training={"engine": "fused"}))
    assert "training.engine is fused, but MINE needs auto" in str(caught.value)
    assert "\n" not in str(caught.value)
    # Not a variant of the study, it is in nobody's way.
    assert read_study(study(cells=tied, training={"engine": "fused"})).notices == []


def test_on_a_gpu_trials_are_stacked_but_of_cells_that_cannot_be(tied):
    on_gpu = read_study(study(cells=tied, variants=["V", "MINE"], training={"device": "cuda"}))
    assert [on_gpu.engine(variant) for variant in on_gpu.variants] == ["stacked", "reference"]
    (notice,) = on_gpu.notices
    assert notice.startswith("MINE is trained by the readable engine, far slower: ")
    on_cpu = read_study(study(training={"engine": "stacked"}))
    assert on_cpu.engine("V") == "stacked"
    with pytest.raises(ConfigError, match="is stacked, but MINE needs auto"):
        read_study(study(cells=tied, variants=["MINE"], training={"engine": "stacked"}))


def test_who_has_chosen_the_readable_engine_is_told_nothing(tied):
    training = {"engine": "reference"}
    chosen = read_study(study(cells=tied, variants=["V", "MINE"], training=training))
    assert {chosen.engine(variant) for variant in chosen.variants} == {"reference"}
    assert chosen.notices == []


def test_a_task_may_have_its_own_number_of_epochs():
    own = read_study(study(tasks={"jsb": {"epochs": 7}}, training={"epochs": 9}))
    assert own.epochs("jsb") == 7
    assert read_study(study(training={"epochs": 9})).epochs("jsb") == 9


def test_numbers_as_yaml_reads_them_are_numbers():
    ranges = yaml.safe_load("{low: 1e-6, high: 1e-2}")  # YAML takes 1e-6 for text
    assert read_study(study(search={"learning_rate": ranges})).search.learning_rate.low == 1e-6


def test_the_generated_files_are_up_to_date():
    assert (CONFIG / "schema.json").read_text(encoding="utf-8") == schema()
    assert (CONFIG / "README.md").read_text(encoding="utf-8") == reference()


def test_the_papers_protocol_is_the_default_but_for_the_luck_of_selection():
    config = yaml.safe_load((CONFIG / "paper.yaml").read_text(encoding="utf-8"))
    assert (
        config["tasks"]["timit"].pop("also_search")
        == settings_of("timit")(kind="timit").also_search
    )
    config["tasks"] = {"jsb": {"source": "music21"}}
    paper, default = read_study(config), read_study(study())
    assert paper.search == default.search
    assert paper.training == default.training
    assert paper.analysis.model_copy(update={"selection_luck": True}) == default.analysis
    assert paper.variants == default.variants


def test_a_command_that_reads_the_corpora_says_where_one_is_missing(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study(tasks={"jsb": {"source": "json", "path": "absent.json"}})))
    assert study_or_exit([file]).tasks["jsb"].path == "absent.json"
    with pytest.raises(SystemExit, match=r"tasks\.jsb\.path: there is no file absent\.json"):
        study_or_exit([file], with_corpora=True)


def test_the_ranges_are_the_ends_of_what_is_searched():
    search = read_study(study(search={"trials": 3, "input_noise": {"low": 0, "high": 0.5}})).search
    assert search.ranges == {
        "hidden_size": (20, 200),
        "learning_rate": (1e-6, 1e-2),
        "one_minus_momentum": (0.01, 1),
        "input_noise": (0, 0.5),
        "layers": (1, 1),
        "batch": (1, 1),
    }
    budget = {
        "parameters": {"low": 5000, "high": 9000},
        "layers": {"low": 1, "high": 2},
        "batch": 4,
    }
    ranges = read_study(study(search=budget)).search.ranges
    assert "hidden_size" not in ranges
    assert (ranges["parameters"], ranges["layers"], ranges["batch"]) == (
        (5000, 9000),
        (1, 2),
        (4, 4),
    )


def test_a_search_reads_back_from_what_it_is_written_as():
    for changes in ({}, {"parameters": {"low": 5000, "high": 9000}, "layers": 2}):
        search = read_study(study(search=changes)).search
        assert Search.model_validate(search.model_dump()) == search


def test_a_command_refuses_a_budget_that_no_size_can_meet(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study(search={"parameters": {"low": 10, "high": 9000}})))
    with pytest.raises(SystemExit, match=r"search\.parameters: the range must lie within"):
        study_or_exit([file])
