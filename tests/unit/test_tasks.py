"""Tasks: each kind says all of itself in one place, and a user's file is a kind like any other."""

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

from odyssey.checks import check_corpora
from odyssey.config import ConfigError, read_study
from odyssey.config_reference import schema
from odyssey.corpora.errors import CorpusError
from odyssey.features.sequences import load, save
from odyssey.tasks import KINDS, features, kind_digest, read_settings, settings_of
from odyssey.tasks.base import Shape

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
(REBER,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(YAML,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def silent(*_):
    """Tell nobody of progress."""


def study(**tasks):
    return read_study({"study": "s", "tasks": tasks})


def message(**tasks):
    with pytest.raises(ConfigError) as caught:
        check_corpora(study(**tasks))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def reber(tmp_path):
    (tmp_path / "reber.py").write_text(REBER, encoding="utf-8")
    return str(tmp_path / "reber.py")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_named_after_its_module_and_has_its_words(kind):
    settings = settings_of(kind)
    assert settings.__module__ == f"odyssey.tasks.{kind}"
    assert settings.__doc__
    assert settings.TITLE or kind == "sequences"  # the user's data, shown by the user's name
    assert settings.MEASURE
    assert settings.UNIT is not None  # empty where the measure has no unit


def test_a_tasks_kind_is_its_name_unless_it_says_another():
    tasks = study(bach={"kind": "jsb", "epochs": 3}, jsb={}).tasks
    assert {name: settings.kind for name, settings in tasks.items()} == {
        "jsb": "jsb",
        "bach": "jsb",
    }
    assert tasks["bach"].shape() == tasks["jsb"].shape() == Shape(88, 88, 1, "sigmoid")


def test_the_papers_tasks_come_in_its_order_and_others_as_they_are_written():
    assert list(study(z={"kind": "jsb"}, jsb={}, a={"kind": "iam"}, timit={}).tasks) == [
        *("timit", "jsb"),
        *("z", "a"),
    ]


def test_two_tasks_of_one_kind_have_titles_of_their_own():
    described = study(jsb={}, bach={"kind": "jsb"}, iam={}, mine={"kind": "jsb", "title": "Mine"})
    assert {name: words["title"] for name, words in described.descriptions.items()} == {
        "iam": "IAM-OnDB",
        "jsb": "JSB Chorales: jsb",
        "bach": "JSB Chorales: bach",
        "mine": "Mine",
    }


def test_settings_that_decide_what_features_are_leave_out_how_long_to_train():
    plain, longer = study(iam={}).tasks["iam"], study(iam={"epochs": 9, "title": "x"}).tasks["iam"]
    assert plain.of_features() == longer.of_features() == {"kind": "iam"}
    changed = study(iam={"standardised": True, "synthetic": {"train": 9}}).tasks["iam"]
    assert read_settings(changed.of_features()) == changed
    assert changed.of_features() != plain.of_features()
    # A corpus is not made again for the sake of its features.
    assert changed.of_corpus() == study(iam={"synthetic": {"train": 9}}).tasks["iam"].of_corpus()
    assert read_settings(changed.of_corpus()).synthetic == changed.synthetic


def test_a_corpus_of_the_users_is_not_made():
    assert study(timit={}).tasks["timit"].corpus_keys() == ("synthetic",)
    assert study(timit={"source": "nltk", "path": "x"}).tasks["timit"].corpus_keys() == ()


@pytest.mark.parametrize("name", ["a b", "1st", "a/b", "a.", "-a", "ä", ""])
def test_the_name_of_a_task_is_one_of_files(name):
    said = message(**{name: {"kind": "jsb"}})
    assert "the name of a task must be made of letters, digits and . _ -" in said


@pytest.mark.parametrize("name", ["b-1.2_c", "Bach"])
def test_a_name_of_files_is_free(name):
    assert list(study(**{name: {"kind": "jsb"}}).tasks) == [name]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ({"jsb": {}, "JSB": {"kind": "jsb"}}, "tasks: jsb and JSB differ by case alone"),
        ({"all": {"kind": "jsb"}}, "tasks: the name all is taken"),
        (
            {"iam": {}, "iam_line": {"kind": "jsb"}},
            "tasks: the name iam_line is taken by a file of",
        ),
        ({"mine": {}}, "tasks.mine: there is no kind of task 'mine'; kinds: timit, iam, jsb, "),
        (
            {"mine": {"kind": "timti"}},
            "tasks.mine: there is no kind of task 'timti'; did you mean t",
        ),
        ({"mine": {"kind": 3}}, "tasks.mine.kind: must be text"),
        ({"mine": {"kind": None}}, "tasks.mine.kind: nothing stands under this key"),
        (
            {"mine": {"kind": "jsb", "sorce": "json"}},
            "tasks.mine.sorce: unknown key; did you mean ",
        ),
        ({"mine": {"kind": "jsb", "title": ""}}, "tasks.mine.title: "),
        ({"mine": {"kind": "no/where.py"}}, "tasks.mine: there is no file no/where.py"),
    ],
)
def test_a_mistake_in_a_task_is_one_line(tasks, said):
    assert message(**tasks).startswith(said)


def test_a_number_is_no_name_of_a_task():
    with pytest.raises(ConfigError, match=r"^tasks: 1 is no name of a task"):
        read_study({"study": "s", "tasks": {1: {"kind": "jsb"}}})


def test_margins_are_of_the_studys_tasks():
    config = {"study": "s", "tasks": {"bach": {"kind": "jsb"}, "iam": {}}}
    assert read_study(config | {"analysis": {"margins": {"bach": 0.1}}}).analysis.margins == {
        "bach": 0.1
    }
    with pytest.raises(
        ConfigError, match="margins names jsb, no task of the study, which has iam, b"
    ):
        read_study(config | {"analysis": {"margins": {"jsb": 0.1}}})
    with pytest.raises(ConfigError, match=r"^analysis\.margins\.bach: must be greater than 0"):
        read_study(config | {"analysis": {"margins": {"bach": 0}}})


def test_the_documented_kind_makes_the_features_that_it_says(reber, tmp_path):
    settings = study(reber={"kind": reber, "strings": 50, "title": "Letters"}).tasks["reber"]
    made = features("reber", settings, None, 1, silent)
    save(made, tmp_path / "reber.npz")
    read = load(tmp_path / "reber.npz")
    assert read.description == settings.description("reber")
    assert read.description.measure == "letters wrong (%)"
    assert [len(read.indices(split)) for split in ("train", "validation", "test")] == [30, 10, 10]
    # From each letter but the last to the next.
    ends = np.cumsum(read.lengths)
    assert (read.values.argmax(1)[1 : ends[0]] == read.targets[: ends[0] - 1]).all()
    assert settings.heading == "Letters"
    expected, found = settings.frames()[0], read.lengths[read.indices("train")].sum()
    assert 0.5 < expected / found < 2


def test_the_documented_study_is_one(reber, tmp_path, monkeypatch):
    (tmp_path / "tasks").mkdir()
    Path(reber).rename(tmp_path / "tasks" / "reber.py")
    monkeypatch.chdir(tmp_path)
    documented = study(**yaml.safe_load(YAML)["tasks"])
    check_corpora(documented)
    titles = {name: words["title"] for name, words in documented.descriptions.items()}
    assert titles == {
        "jsb": "JSB Chorales",
        "bach-again": "Bach again",
        "reber": "Reber's grammar",
    }


def test_the_home_folder_is_found_in_the_path_of_a_kind(reber, monkeypatch):
    monkeypatch.setenv("HOME", str(Path(reber).parent))
    assert study(reber={"kind": "~/reber.py"}).tasks["reber"].strings == 200


def test_a_users_file_has_a_digest_and_what_ships_has_none(reber):
    before = kind_digest(reber)
    Path(reber).write_text(REBER + "\n# more", encoding="utf-8")
    assert "" != before != kind_digest(reber) != ""
    assert kind_digest("jsb") == ""


def test_a_changed_file_is_read_again(reber):
    assert study(reber={"kind": reber}).tasks["reber"].TITLE == "Reber's grammar"
    Path(reber).write_text(REBER.replace('TITLE = "Reber', 'TITLE = "Rober'), encoding="utf-8")
    assert study(reber={"kind": reber}).tasks["reber"].TITLE == "Rober's grammar"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("def shape(self):", "def shape(self:"), "def shape", "'(' was never closed"),
        (("import numpy", "import nunpy"), "import numpy", "ModuleNotFoundError: No module named"),
        (("class Settings(", "class Sittings("), "", "defines no class Settings(TaskSettings)"),
        (("class Settings(TaskSettings)", "class Settings"), "", "defines no class Settings"),
        (('MEASURE = "letters wrong"', ""), "", "its class Settings lacks MEASURE"),
        (("def frames(", "def fremes("), "", "its class Settings lacks frames"),
        (("strings: int =", "strings ="), "class Settings", "PydanticUserError: "),
        (("inputs=7, out", "input=7, out"), "return Shape", "TypeError: Shape"),
        (("return 4 * self", "return self.no * self"), "return 4", "AttributeError: "),
        (("LETTERS =", "raise SystemExit\nLETTERS ="), "LETTERS =", "SystemExit"),
    ],
)
def test_a_mistake_in_a_users_file_is_one_line_with_file_and_line(change, line, said, reber):
    assert change[0] in REBER
    Path(reber).write_text(REBER.replace(*change), encoding="utf-8")
    number = REBER[: REBER.index(line)].count("\n") + 1
    assert message(mine={"kind": reber}).startswith(f"tasks.mine: {reber}:{number}: {said}")


def test_bytes_that_are_no_text_are_one_line(reber):
    Path(reber).write_bytes(b"\xff\xfe\x00")
    assert "reber.py" in message(mine={"kind": reber})


def test_the_keys_of_a_users_file_are_checked_like_any(reber):
    assert message(mine={"kind": reber, "strngs": 9}).startswith(
        "tasks.mine.strngs: unknown key; did you mean strings? allowed: kind, title, "
    )
    assert message(mine={"kind": reber, "strings": 3}).startswith("tasks.mine.strings: must be gre")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("inputs=7", "inputs=8"), "mine: its features have inputs 7, where shape() says 8"),
        (("outputs=7", "outputs=5"), "mine: a target is 6, but classes are 0 to 4"),
        (("(0, 0, 0, 1, 2)[n % 5]", "0"), "mine: no sequence is in the split validation, test"),
        (("return Sequences(", "return dict("), "mine: features() returns no Sequences"),
    ],
)
def test_features_that_are_others_than_the_file_says_are_refused(change, said, reber):
    Path(reber).write_text(REBER.replace(*change), encoding="utf-8")
    settings = study(mine={"kind": reber}).tasks["mine"]
    with pytest.raises(CorpusError) as caught:
        features("mine", settings, None, 1, silent)
    assert str(caught.value) == said


def test_what_a_users_file_raises_while_it_makes_features_is_one_line(reber):
    Path(reber).write_text(REBER.replace("return Sequences(", "return Sequence("), encoding="utf-8")
    settings = study(mine={"kind": reber}).tasks["mine"]
    with pytest.raises(CorpusError, match=r"reber\.py:\d+: NameError: name 'Sequence' is not def"):
        features("mine", settings, None, 1, silent)


@pytest.mark.parametrize(
    ("tasks", "valid"),
    [
        ({"jsb": {}}, True),
        ({"bach": {"kind": "jsb", "source": "music21"}}, True),
        ({"jsb": {"kind": "timit", "source": "nltk", "path": "x"}}, True),
        ({"mine": {"kind": "tasks/mine.py", "strings": 3}}, True),
        ({"bach": {}}, False),
        ({"bach": {"kind": "bach"}}, False),
        ({"bach": {"kind": "jsb", "sorce": "music21"}}, False),
        ({"jsb": {"source": "nltk"}}, False),
        ({"jsb": None}, False),
        ({"a b": {"kind": "jsb"}}, False),
        ({}, False),
    ],
)
def test_the_schema_knows_the_kinds(tasks, valid):
    validator = jsonschema.validators.validator_for(rules := json.loads(schema()))(rules)
    assert validator.is_valid({"study": "s", "tasks": tasks}) == valid


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("directions=1", "directions=3"), "directions must be 1 or 2, not 3"),
        (("outputs=7", "outputs=0"), "outputs must be a whole number of 1 or more, not 0"),
        (("inputs=7", 'inputs="7"'), "inputs must be a whole number of 1 or more, not '7'"),
        (('loss="softmax"', 'loss="hinge"'), "loss must be one of softmax, sigmoid, ctc, squared"),
        (("return 4 * self.strings, 2 * self.strings", "return 7"), "frames() returns 7, and no"),
        (
            ("return 4 * self.strings, 2 * self.strings", 'return float("nan"), 1'),
            "frames() returns (nan, 1), and no two numbers",
        ),
        (('MEASURE = "letters wrong"', "MEASURE = 7"), "MEASURE is 7, and no text"),
        (
            (
                "    def shape(self):",
                "    def paths(self):\n        return 3\n\n    def shape(self):",
            ),
            "paths() returns 3, and not a path for each key",
        ),
        (("TITLE =", "TITEL ="), "A non-annotated attribute was detected: `TITEL = "),
    ],
)
def test_an_answer_that_is_none_is_one_line_before_any_job(change, said, reber):
    Path(reber).write_text(REBER.replace(*change), encoding="utf-8")
    told = message(mine={"kind": reber})
    assert said in told
    assert "pydantic.dev" not in told


@pytest.mark.parametrize(
    "task",
    [
        {"kind": "adding", "length": 10**9},
        {"kind": "copy", "train": 10**9},
        {"kind": "capacity", "items": 10**8, "inputs": 40},
    ],
)
def test_what_is_made_on_the_spot_fits_into_memory(task):
    assert "GB are allowed: make fewer or shorter sequences" in message(mine=task)
