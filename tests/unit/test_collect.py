"""The tables made of the runs."""

import json
import math

import pandas as pd
import pytest

from odyssey.analysis.collect import (
    COLUMNS,
    OPTIONAL,
    curves_table,
    read_records,
    read_trials,
    trials_table,
)
from odyssey.analysis.files import write_csv, write_curves


def record(**changes) -> dict:
    """Make the record of a trial."""
    return {
        "task": "jsb",
        "variant": "V",
        "trial": 0,
        "seed": 2**62 + 1,
        "hidden_size": 33,
        "learning_rate": 0.1 + 0.2,
        "momentum": 0.9,
        "input_noise": 1 / 3,
        "parameters": 12345,
        "status": "completed",
        "reason": "",
        "epochs": 2,
        "best_epoch": 2,
        "validation": 8.7,
        "test": 8.6,
        "train_seconds": 1.25,
        "engine": "fused",
        "device": "cpu",
        "machine": "a processor, avx2",
        "source": "music21",
        "synthetic": False,
        "fingerprint": "abc",
        "curve": {"train_loss": [10.0, 9.0], "validation": [9.5, 8.7]},
    } | changes


def failed(**changes) -> dict:
    """Make the record of a trial that has no result."""
    nothing = {"validation": None, "test": None, "best_epoch": None, "epochs": 0}
    curve = {"train_loss": [], "validation": []}
    return record(status="failed", reason='out, of "memory"', curve=curve, **nothing) | changes


def test_trials_are_sorted_by_the_order_of_the_study():
    records = [
        record(variant=variant, task=task, trial=trial)
        for trial in (10, 9)
        for variant in ("NFG+NOAF", "CIFG", "V")
        for task in ("jsb", "timit")
    ]
    table = trials_table(records, ["timit", "jsb"], ["V", "CIFG", "NFG+NOAF"])
    assert list(table[["task", "variant", "trial"]].itertuples(index=False, name=None)) == [
        (task, variant, trial)
        for task in ("timit", "jsb")
        for variant in ("V", "CIFG", "NFG+NOAF")
        for trial in (9, 10)
    ]


def test_the_table_does_not_depend_on_the_order_of_the_records(tmp_path):
    records = [record(trial=trial, test=trial / 7) for trial in range(5)]
    for name, rows in (("a", records), ("b", records[::-1])):
        write_csv(trials_table(rows, ["jsb"], ["V"]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_is_written_reads_back_unchanged(tmp_path):
    table = trials_table([record(), failed(trial=1), record(trial=2)], ["jsb"], ["V"])
    write_csv(table, tmp_path / "trials.csv")
    again = read_trials(tmp_path / "trials.csv")
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    assert again["learning_rate"][0] == 0.1 + 0.2
    assert again["seed"][0] == 2**62 + 1
    assert list(again["reason"]) == ["", 'out, of "memory"', ""]
    assert math.isnan(again["test"][1])
    assert again["best_epoch"].isna().tolist() == [False, True, False]


def test_numbers_are_written_with_the_digits_that_identify_them(tmp_path):
    write_csv(trials_table([record()], ["jsb"], ["V"]), tmp_path / "trials.csv")
    line = (tmp_path / "trials.csv").read_text().splitlines()[1]
    assert line == (
        "jsb,V,0,4611686018427387905,33,0.30000000000000004,0.9,0.3333333333333333,12345,"
        'completed,,2,2,8.7,8.6,1.25,fused,cpu,"a processor, avx2",music21,False'
    )


def test_the_two_extra_hyperparameters_appear_only_where_a_task_has_them():
    plain = record()
    assert set(trials_table([plain], ["jsb"], ["V"])) == set(COLUMNS) - set(OPTIONAL)
    speech = record(task="timit", nesterov=True, clip=False)
    table = trials_table([plain, speech], ["timit", "jsb"], ["V"])
    assert list(table) == [c for c in COLUMNS if c not in ("layers", "batch")]
    assert table["nesterov"].tolist() == [True, pd.NA]
    assert table["clip"].tolist() == [False, pd.NA]


def test_a_trial_that_is_there_twice_is_named():
    with pytest.raises(ValueError, match=r"trial 3 of jsb/V is in the runs twice"):
        trials_table([record(trial=3), record(trial=3)], ["jsb"], ["V"])


def test_a_trial_of_a_search_that_the_study_does_not_have_is_named():
    with pytest.raises(ValueError, match="the runs hold the variant NP, the study does not"):
        trials_table([record(variant="NP")], ["jsb"], ["V"])


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('{"task": "jsb", "var', r"0-9\.jsonl, line 2: not JSON"),
        ("[1, 2]", r"0-9\.jsonl, line 2: not a JSON object"),
        (
            json.dumps({k: v for k, v in record().items() if k not in ("seed", "test")}),
            r"0-9\.jsonl, line 2: no seed, test$",
        ),
    ],
)
def test_a_bad_line_is_named_with_its_file(tmp_path, second, message):
    path = tmp_path / "0-9.jsonl"
    path.write_text(f"{json.dumps(record())}\n{second}\n")
    with pytest.raises(ValueError, match=message):
        read_records(path)


def test_a_value_of_the_wrong_kind_is_named_with_its_column():
    with pytest.raises(ValueError, match="the runs' hidden_size is not int64"):
        trials_table([record(hidden_size="many")], ["jsb"], ["V"])


def test_records_are_read_as_they_were_written(tmp_path):
    records = [record(), failed(trial=1)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    assert read_records(tmp_path / "a.jsonl") == records


def test_curves_hold_one_row_an_epoch(tmp_path):
    records = [failed(trial=2), record(trial=1), record(trial=0, variant="NP")]
    table = curves_table(records, ["jsb"], ["V", "NP"])
    assert table.to_dict("list") == {
        "task": ["jsb"] * 4,
        "variant": ["V", "V", "NP", "NP"],
        "trial": [1, 1, 0, 0],
        "epoch": [1, 2, 1, 2],
        "train_loss": [10.0, 9.0, 10.0, 9.0],
        "validation": [9.5, 8.7, 9.5, 8.7],
    }
    write_curves(table, tmp_path / "curves.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "curves.parquet"), table)


def test_curves_that_do_not_fit_together_are_named():
    curve = {"train_loss": [1.0], "validation": []}
    with pytest.raises(ValueError, match="trial 4 of jsb/V: 1 training losses, but 0 validation"):
        curves_table([record(trial=4, curve=curve)], ["jsb"], ["V"])


def test_a_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "trials.csv").write_text("")
    with pytest.raises(ValueError, match=r"trials\.csv is not the table"):
        read_trials(tmp_path / "trials.csv")
