"""A key that stands twice in a configuration is an error that names both lines."""

import pytest

from odyssey.config import ConfigError
from odyssey.config_files import check_keys, load_study
from odyssey.yaml_keys import repeated

TWICE = """study: s
tasks:
  jsb: {}
training:
  epochs: 3
  patience: 1
search: {trials: 4}
training:
  epochs: 9
"""


def test_a_key_that_stands_twice_is_named_with_both_lines():
    assert repeated(TWICE) == ["the key training stands in line 4 and again in line 8"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "the key a.b stands in line 2 and again in line 4"),
        ("{a: 1, b: 2, a: 3}", "the key a stands in line 1 and again in line 1"),
        ('a: 1\n"a": 2\n', "the key a stands in line 1 and again in line 2"),
        ("a:\n- {b: 1}\n- b: 1\n  b: 2\n", "the key a.b stands in line 3 and again in line 4"),
        ('{\t"a": 1,\n\t"a": 2}', "the key a stands in line 1 and again in line 2"),
    ],
)
def test_wherever_it_stands(text, told):
    assert repeated(text) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- a\n",
        "a: {c: 1}\nb: {c: 1}\n",
        "a: &x {c: 1}\nb: *x\nd: *x\n",
        "a: &x {c: 1}\nb: {<<: *x, c: 2}\n",
        "a: &x [*x]\n",
        "1: a\n'1': b\n",
    ],
)
def test_the_same_name_elsewhere_is_another_key(text):
    assert repeated(text) == []


def test_three_times_are_two_faults():
    assert len(repeated("a: 1\na: 2\na: 3\n")) == 2


@pytest.mark.parametrize("read", [load_study, check_keys])
def test_a_configuration_with_a_key_twice_is_refused_in_one_line(tmp_path, read):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("study: s\ntasks: {jsb: {}}\n")
    bad.write_text(TWICE)
    read([good])
    with pytest.raises(ConfigError) as caught:
        read([good, bad])
    assert str(caught.value) == (
        f"{bad}: the key training stands in line 4 and again in line 8: keep one of them"
    )
