"""A shard trained as a stack: each trial by the protocol of a single one, whatever befalls it."""

import dataclasses
import json
import threading

import numpy as np
import pytest
from standard import make

from odyssey.cells.variants import cell
from odyssey.training import checkpoints, stack
from odyssey.training.networks import Network
from odyssey.training.shard import train_shard
from odyssey.training.trial import Plan

RATES = (1e-3, 1e-2, 0.3, 1e25)  # the last diverges
PLAN = Plan("task", "V", 8, 2, "stacked", "cpu")
OF_MACHINE = {"train_seconds", "engine", "machine", "fingerprint"}


@pytest.fixture
def sequences():
    network = Network(cell("V"), 7, 5, 9, 2, "squared")
    made = make(network, (5, 20, 3, 1, 12, 8, 9, 4, 4, 6), training=5)
    split = np.array([0] * 5 + [1] * 3 + [2] * 2, dtype=np.uint8)
    return dataclasses.replace(made, split=split)


def rows(count=9, **changes):
    """Trials of several sizes, layers, batches; some stop early, one in four diverges."""
    return [
        {
            "trial": k,
            "seed": k + 5,
            "hidden_size": 3 + k % 5,
            "learning_rate": RATES[k % 4],
            "momentum": 0.9,
            "input_noise": 0.3 * (k % 2),
            "layers": 1 + k % 2,
            "batch": 1 + k % 3,
            **changes,
        }
        for k in range(count)
    ]


def shard(sequences, folder, trials, plan=PLAN, at_once=4, report=lambda *_: None):
    folder.mkdir(exist_ok=True)
    file, state = folder / "0-8.jsonl", folder / "state"
    train_shard(plan, trials, sequences, "f", None, file, state, 1, report, at_once)
    return [json.loads(line) for line in file.read_text().splitlines()]


def without(record, keys=OF_MACHINE):
    return {k: v for k, v in record.items() if k not in keys}


def equal_but_for_rounding(one, other):
    one, other = without(one), without(other)
    curve, wanted = one.pop("curve"), other.pop("curve")
    for name, values in wanted.items():
        np.testing.assert_allclose(curve[name], values, rtol=1e-4)
    for name in ("validation", "test"):
        measured, value = one.pop(name), other.pop(name)
        assert measured == (value and pytest.approx(value, rel=1e-4))
    assert one == other


def test_a_stack_has_the_records_of_single_trials(sequences, tmp_path):
    found = shard(sequences, tmp_path / "stack", rows())
    readable = dataclasses.replace(PLAN, engine="reference")
    wanted = shard(sequences, tmp_path / "alone", rows(), readable)
    assert [r["trial"] for r in found] == list(range(9))
    assert {r["status"] for r in found} == {"completed", "diverged"}
    assert len({r["epochs"] for r in found}) > 2  # some stop early
    for one, other in zip(found, wanted, strict=True):
        equal_but_for_rounding(one, other)
        assert one["engine"] == "stacked"
        assert "PyTorch" in one["machine"]
    assert sorted(p.name for p in (tmp_path / "stack" / "state").iterdir()) == [
        ".claims",
        *(f"{k}.json" for k in range(9)),
    ]


def test_those_that_wait_take_the_places_of_those_that_have_ended(sequences, tmp_path, monkeypatch):
    seen, engine = [], stack._engine
    monkeypatch.setattr(
        stack,
        "_engine",
        lambda plan, members, s: (
            seen.append([m.trial for m in members]) or engine(plan, members, s)
        ),
    )
    shard(sequences, tmp_path, rows(layers=1))
    assert max(map(len, seen)) == 4
    assert len(seen) > 3
    sizes = [trial["hidden_size"] for trial in seen[0]]
    assert sizes == sorted((t["hidden_size"] for t in rows()), reverse=True)[:4]


def test_the_width_of_a_stack_changes_no_result(sequences, tmp_path):
    found = [shard(sequences, tmp_path / str(k), rows(), at_once=k) for k in (1, 3, 9)]
    for several in zip(*found, strict=True):
        assert len({(r["status"], r["epochs"], r["best_epoch"]) for r in several}) == 1
        if several[0]["test"] is not None:
            np.testing.assert_allclose([r["test"] for r in several], several[0]["test"], rtol=1e-4)


class StruckError(OSError):
    """What ends a job in a test."""


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_job_that_was_struck_goes_on_where_it_was(sequences, tmp_path, epoch):
    """Between epochs; some are then one behind, and in other company."""
    trials = rows(4, layers=1)
    wanted = shard(sequences, tmp_path / "whole", trials)

    def strike(_trial, at, *_):
        if at == epoch:
            raise StruckError

    with pytest.raises(StruckError):
        shard(sequences, tmp_path / "struck", trials, report=strike)
    kept = list((tmp_path / "struck" / "state").glob("*.checkpoint"))
    assert kept
    reported = []
    again = shard(
        sequences, tmp_path / "struck", trials, report=lambda *of: reported.append(of[:2])
    )
    assert min(at for _, at in reported) >= epoch
    for one, other in zip(again, wanted, strict=True):
        equal_but_for_rounding(one, other)


def test_a_long_epoch_is_kept_in_parts(sequences, tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "CHECKPOINT_MINUTES", 0)
    trials = rows(4, layers=1)
    presented, save = [], checkpoints.save

    def saved(path, progress, fingerprint):
        presented.append(progress.presented)
        save(path, progress, fingerprint)

    monkeypatch.setattr(checkpoints, "save", saved)
    in_parts = shard(sequences, tmp_path / "parts", trials)
    assert set(presented) == {0, 1, 2, 3, 4}
    monkeypatch.undo()
    whole = shard(sequences, tmp_path / "whole", trials)
    for one, other in zip(in_parts, whole, strict=True):
        assert without(one, {"train_seconds"}) == without(other, {"train_seconds"})


def test_a_job_that_is_told_to_end_keeps_what_it_has_of_an_epoch(sequences, tmp_path, monkeypatch):
    trials = rows(4, layers=1, learning_rate=1e-3)
    wanted = shard(sequences, tmp_path / "whole", trials)
    stopping = threading.Event()
    updates, update = [], stack.StackedEngine._update

    def counted(engine, *of):
        updates.append(update(engine, *of))
        if len(updates) == 12:  # the second sequence of the third epoch
            stopping.set()

    monkeypatch.setattr(stack.StackedEngine, "_update", counted)
    state = tmp_path / "told"
    state.mkdir()
    files = [(t, str(t["trial"]), state / f"{t['trial']}.checkpoint") for t in trials]
    with pytest.raises(KeyboardInterrupt):
        list(stack.train_stack(PLAN, files, sequences, 4, 1, lambda *_: None, stopping))
    monkeypatch.undo()
    stopping.clear()
    records = list(stack.train_stack(PLAN, files, sequences, 4, 1, lambda *_: None, stopping))
    found = sorted(records, key=lambda record: record["trial"])
    for one, other in zip(found, wanted, strict=True):
        assert without(one) == without(other)


def test_one_that_stopped_within_an_epoch_is_joined_at_its_end(sequences, tmp_path, monkeypatch):
    """A job of fewer trials was told to end; the next one has more."""
    monkeypatch.setattr(stack, "CHECKPOINT_MINUTES", 0)

    def strike(path, progress, fingerprint):
        save(path, progress, fingerprint)
        if progress.presented == 3:
            raise StruckError

    save = checkpoints.save
    monkeypatch.setattr(checkpoints, "save", strike)
    with pytest.raises(StruckError):
        shard(sequences, tmp_path, rows(1))
    monkeypatch.undo()
    assert checkpoints.epochs_done(tmp_path / "state" / "0.checkpoint") == 0
    found = shard(sequences, tmp_path, rows(5, layers=1))
    whole = shard(sequences, tmp_path / "whole", rows(5, layers=1))
    for one, other in zip(found, whole, strict=True):
        equal_but_for_rounding(one, other)


def test_a_gpu_that_is_too_small_is_told_of(sequences, tmp_path, monkeypatch):
    def full(*_):
        raise stack.torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(stack.StackedEngine, "train_epoch", full)
    with pytest.raises(
        ValueError, match=r"4 trials side by side do not fit .*: set training.stack"
    ):
        shard(sequences, tmp_path, rows(layers=1))


def test_an_error_of_a_stack_costs_those_that_have_not_ended(sequences, tmp_path, monkeypatch):
    validated, evaluate = [], stack.StackedEngine.evaluate

    def fail(engine, split):
        validated.append(split)
        if validated.count("validation") == 4:
            raise RuntimeError("no more of that")
        return evaluate(engine, split)

    monkeypatch.setattr(stack.StackedEngine, "evaluate", fail)
    found = shard(sequences, tmp_path, rows(4, layers=1))
    monkeypatch.undo()
    statuses = {record["trial"]: record["status"] for record in found}
    assert statuses == {0: "failed", 1: "failed", 2: "failed", 3: "diverged"}
    assert found[0]["reason"] == "RuntimeError: no more of that"
    again = shard(sequences, tmp_path, rows(4, layers=1))
    assert {record["status"] for record in again} == {"completed", "diverged"}
