"""A trial and a shard: early stopping, divergence, and the same bits however they are run."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from odyssey.features.sequences import Description, Sequences
from odyssey.machine import processor
from odyssey.training import checkpoints, engines, trial
from odyssey.training.engine import Evaluation
from odyssey.training.shard import train_shard
from odyssey.training.trial import Plan, fingerprint, train

PLAN = Plan("jsb", "V", epochs=4, patience=15, engine="reference", device="cpu")
TIMES = "train_seconds"


def row(number=0, **changes):
    return {
        "trial": number,
        "seed": 100 + number,
        "hidden_size": 3,
        "learning_rate": 0.01,
        "momentum": 0.9,
        "input_noise": 0.1,
        **changes,
    }


@pytest.fixture
def sequences():
    generator = np.random.default_rng(0)
    lengths = np.array([4, 6, 3, 5, 4, 5])
    return Sequences(
        Description("jsb", "made up", True, "sigmoid", 4, 1, "nats"),
        generator.standard_normal((lengths.sum(), 3)).astype(np.float32),
        lengths,
        generator.integers(0, 2, (lengths.sum(), 4)).astype(np.uint8),
        lengths,
        np.array([0, 0, 0, 1, 1, 2], dtype=np.uint8),
        np.array(list("abcdef")),
    )


def run(plan, parameters, sequences, folder, report=lambda *_: None, kernel=None):
    digest = fingerprint(plan, parameters, "features")
    file, stopping = folder / "c.checkpoint", threading.Event()
    return train(plan, parameters, sequences, kernel, file, digest, report, stopping)


def shard(sequences, folder, trials, threads=1, name="0-2.jsonl", plan=PLAN, report=None):
    train_shard(
        plan,
        trials,
        sequences,
        "features",
        None,
        folder / name,
        folder / "state",
        threads,
        report or (lambda *_: None),
    )
    lines = (folder / name).read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != TIMES} for line in lines]


class Stubborn:
    """An engine whose validation results are given."""

    arithmetic = "none"

    def __init__(self, results, losses=None):
        self.results, self.losses, self.epoch = results, losses or [1.0] * len(results), 0
        self.tested = None

    def train_epoch(self, *_):
        self.epoch += 1
        return self.losses[self.epoch - 1]

    def evaluate(self, split):
        if split == "test":
            return Evaluation(self.tests(self.tested), 1.0)
        return Evaluation(self.results[self.epoch - 1], self.results[self.epoch - 1])

    def state(self):
        return {"epoch": np.array([self.epoch])}, {}

    def restore(self, weights, velocities):
        self.tested = weights.get("epoch", [0])[0]


@pytest.fixture
def stubborn(monkeypatch, sequences, tmp_path):
    def go(results, losses=None, tests=float, **plan):
        engine = Stubborn(results, losses)
        engine.tests = tests
        monkeypatch.setattr(trial, "open_engine", lambda *_: engine)
        monkeypatch.setattr(checkpoints, "save", lambda *_: None)
        return run(
            Plan("jsb", "V", **plan, engine="reference", device="cpu"), row(), sequences, tmp_path
        )

    return go


def test_a_trial_stops_once_validation_has_not_improved_for_more_epochs_than_patience(stubborn):
    record = stubborn([5, 4, 6, 6, 6, 6, 1, 1], epochs=150, patience=3)
    assert record["epochs"] == 6  # the best is epoch 2; 3, 4, 5 are patience, 6 is more
    assert record["best_epoch"] == 2
    assert record["validation"] == 4
    assert record["test"] == 2  # tested with the weights of epoch 2


def test_an_equal_result_is_no_improvement(stubborn):
    assert stubborn([5, 5, 5, 5], epochs=3, patience=9)["best_epoch"] == 1


def test_a_trial_takes_no_more_epochs_than_allowed(stubborn):
    assert stubborn([9, 8, 7, 6, 5, 4], epochs=5, patience=1)["epochs"] == 5


def test_a_diverged_trial_keeps_what_it_had(stubborn):
    record = stubborn([5, 4, 3], losses=[1.0, 1.0, float("nan")], epochs=9, patience=9)
    assert (record["status"], record["epochs"], record["best_epoch"]) == ("diverged", 2, 2)
    assert (record["validation"], record["test"]) == (4, 2)
    assert record["reason"] == "not finite in epoch 3"
    json.dumps(record, allow_nan=False)


def test_a_trial_that_diverges_at_once_has_no_result(stubborn):
    record = stubborn([float("inf")], epochs=9, patience=9)
    assert (record["status"], record["epochs"], record["test"]) == ("diverged", 0, None)


def test_a_trial_whose_test_result_is_not_finite_has_diverged(stubborn):
    record = stubborn([5, 4, 3], tests=lambda _: float("inf"), epochs=3, patience=9)
    assert (record["status"], record["epochs"], record["best_epoch"]) == ("diverged", 3, None)
    assert (record["validation"], record["test"]) == (None, None)
    assert record["reason"] == "its test result is not finite"
    assert record["curve"]["validation"] == [5, 4, 3]
    json.dumps(record, allow_nan=False)


def test_real_divergence_is_recorded_and_stops_no_other_trial(sequences, tmp_path):
    trials = [row(0), row(1, learning_rate=1e39), row(2)]
    records = shard(sequences, tmp_path, trials)
    assert [r["status"] for r in records] == ["completed", "diverged", "completed"]


def test_training_lowers_the_loss(sequences, tmp_path):
    plan = Plan("jsb", "V", epochs=30, patience=30, engine="reference", device="cpu")
    losses = run(plan, row(input_noise=0.0), sequences, tmp_path)["curve"]["train_loss"]
    assert losses[-1] < 0.9 * losses[0]


def test_interrupted_anywhere_a_trial_ends_with_the_same_bits(sequences, tmp_path):
    whole = run(PLAN, row(), sequences, tmp_path)
    for epoch in (1, 2, 3, 4):
        folder = tmp_path / str(epoch)

        def interrupt(_, reached, *__, epoch=epoch):
            if reached == epoch:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(PLAN, row(), sequences, folder, interrupt)
        trained = []
        resumed = run(PLAN, row(), sequences, folder, lambda _, e, *__: trained.append(e))  # noqa: B023
        assert trained == list(range(epoch + 1, 5))
        assert {**resumed, TIMES: 0} == {**whole, TIMES: 0}


@pytest.mark.parametrize("engine", ["reference", "fused"])
def test_interrupted_a_trial_of_layers_and_batches_ends_with_the_same_bits(
    sequences, tmp_path, kernel_of, engine
):
    plan, given = replace(PLAN, engine=engine), row(layers=3, batch=2)
    kernel = kernel_of(plan.cell) if engine == "fused" else None
    whole = run(plan, given, sequences, tmp_path, kernel=kernel)

    def interrupt(_, epoch, *__):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan, given, sequences, tmp_path / "again", interrupt, kernel)
    trained = []
    report = lambda _, epoch, *__: trained.append(epoch)  # noqa: E731
    resumed = run(plan, given, sequences, tmp_path / "again", report, kernel)
    assert trained == [3, 4]
    assert {**resumed, TIMES: 0} == {**whole, TIMES: 0}


def test_layers_and_batch_are_one_unless_the_trial_says_otherwise(sequences, tmp_path):
    results = {}
    for layers, batch in ((1, 1), (2, 1), (1, 2)):
        given = row(layers=layers, batch=batch)
        results[layers, batch] = run(PLAN, given, sequences, tmp_path / f"{layers}{batch}")
    plain = run(PLAN, row(), sequences, tmp_path / "plain")
    assert plain["curve"] == results[1, 1]["curve"]
    assert "layers" not in plain
    assert (results[2, 1]["layers"], results[1, 2]["batch"]) == (2, 2)
    assert results[2, 1]["parameters"] > plain["parameters"] == results[1, 2]["parameters"]
    curves = [result["curve"]["train_loss"] for result in results.values()]
    assert curves[0] != curves[1]
    assert curves[0] != curves[2]


def test_a_fingerprint_tells_layers_and_batches_apart_and_is_todays_without_them():
    given = [row(), row(layers=2), row(batch=2), row(layers=2, batch=2), row(layers=3)]
    found = [fingerprint(PLAN, one, "features") for one in given]
    assert len(set(found)) == len(given)
    plan = {k: v for k, v in vars(PLAN).items() if k != "file"}
    parts = json.dumps([plan, PLAN.cell.digest, row(), "features", 1], sort_keys=True)
    assert found[0] == hashlib.sha256(parts.encode()).hexdigest()[:32]


def test_a_shard_gives_the_same_bits_alone_together_or_in_threads(sequences, tmp_path):
    trials = [row(0), row(1), row(2)]
    together = shard(sequences, tmp_path / "a", trials)
    threads = shard(sequences, tmp_path / "b", trials, threads=2)
    alone = [shard(sequences, tmp_path / str(t["trial"]), [t])[0] for t in reversed(trials)]
    assert together == threads == alone[::-1]


def test_a_finished_trial_is_not_trained_again_when_shards_change(sequences, tmp_path):
    first = shard(sequences, tmp_path, [row(0), row(1)], name="0-1.jsonl")
    trained = set()
    report = lambda number, *_: trained.add(number)  # noqa: E731
    second = shard(sequences, tmp_path, [row(n) for n in range(4)], name="0-3.jsonl", report=report)
    assert trained == {2, 3}
    assert second[:2] == first


def test_a_changed_trial_is_trained_again(sequences, tmp_path):
    shard(sequences, tmp_path, [row(0)])
    trained = []
    report = lambda number, *_: trained.append(number)  # noqa: E731
    shard(sequences, tmp_path, [row(0, learning_rate=0.02)], report=report)
    longer = Plan("jsb", "V", epochs=5, patience=15, engine="reference", device="cpu")
    shard(sequences, tmp_path, [row(0, learning_rate=0.02)], plan=longer, report=report)
    assert len(trained) == 4 + 5


def test_a_line_stands_in_the_run_file_as_soon_as_a_trial_is_done(sequences, tmp_path):
    seen = []

    def report(number, epoch, *_):
        if epoch == 1:
            seen.append((tmp_path / "0-2.jsonl").read_text().count("\n"))

    shard(sequences, tmp_path, [row(0), row(1), row(2)], report=report)
    assert seen == [0, 1, 2]


def test_a_trial_that_fails_costs_one_line_and_is_tried_again(sequences, tmp_path, monkeypatch):
    whole = shard(sequences, tmp_path / "whole", [row(0), row(1), row(2)])

    def out_of_memory(name, network, *rest):
        if network.hidden_size == 4:
            raise MemoryError("cannot allocate\n4 GB")
        return engines.open_engine(name, network, *rest)

    monkeypatch.setattr(trial, "open_engine", out_of_memory)
    trials = [row(0), row(1, hidden_size=4), row(2)]
    first = shard(sequences, tmp_path, trials)
    assert [r["status"] for r in first] == ["completed", "failed", "completed"]
    assert first[1]["reason"] == "MemoryError: cannot allocate 4 GB"
    assert (first[1]["test"], first[1]["curve"]["validation"]) == (None, [])
    assert [first[0], first[2]] == [whole[0], whole[2]]
    assert set(first[0]) == set(first[1])
    assert not (tmp_path / "state/1.json").exists()
    monkeypatch.undo()
    trained = set()
    again = shard(sequences, tmp_path, trials, report=lambda number, *_: trained.add(number))
    assert trained == {1}
    assert again[1]["status"] == "completed"


def test_a_full_disk_ends_the_shard_and_is_no_fault_of_a_trial(sequences, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoints, "save", full)
    with pytest.raises(OSError, match="No space left"):
        shard(sequences, tmp_path, [row(0)])


@pytest.mark.parametrize("end", [MemoryError, KeyboardInterrupt])
def test_a_full_disk_is_told_whatever_else_ends_the_trial(sequences, tmp_path, monkeypatch, end):
    failing = threading.Event()

    def full(*_):
        failing.wait(10)  # until the next epoch is under way
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Failing(Stubborn):
        def train_epoch(self, *given):
            if self.epoch == 1:
                failing.set()
                raise end
            return super().train_epoch(*given)

    monkeypatch.setattr(checkpoints, "save", full)
    monkeypatch.setattr(trial, "open_engine", lambda *_: Failing([5, 4]))
    with pytest.raises(OSError, match="No space left"):
        run(PLAN, row(), sequences, tmp_path)


def test_a_trial_that_another_job_trains_is_waited_for_and_not_trained_twice(sequences, tmp_path):
    shard(sequences, tmp_path, [row(0)])
    finished = (tmp_path / "state/0.json").read_bytes()
    (tmp_path / "state/0.json").unlink()
    # Another process holds the trial, finishes it after a moment, and ends.
    other = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time\n"
            "claims = open('.claims', 'ab')\n"
            "fcntl.lockf(claims, fcntl.LOCK_EX, 1, 0)\n"
            "print('claimed', flush=True)\n"
            "time.sleep(1.5)\n"
            "open('0.json', 'wb').write(sys.stdin.buffer.read())\n",
        ],
        cwd=tmp_path / "state",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout.readline() == b"claimed\n"
    other.stdin.write(finished)
    other.stdin.close()
    trained = set()
    lines = shard(
        sequences, tmp_path, [row(0), row(1)], report=lambda number, *_: trained.add(number)
    )
    assert other.wait() == 0
    assert trained == {1}
    assert [line["trial"] for line in lines] == [0, 1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_job_told_to_end_leaves_no_half_file_and_exits_with_the_signals_number(tmp_path, number):
    code = """
        import time
        from odyssey.console import job
        from odyssey.files import write_atomically
        def write(file):
            file.write(b"half")
            print("at work", flush=True)
            time.sleep(60)
        with job("log"):
            write_atomically("whole", write)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"at work\n"
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert f"told to end by {number.name}" in (tmp_path / "log").read_text()


def test_a_second_signal_does_not_cut_short_what_the_first_has_begun(tmp_path):
    code = """
        import time
        from odyssey.console import job
        with job("log"):
            try:
                print("at work", flush=True)
                time.sleep(60)
            finally:
                print("ending", flush=True)
                time.sleep(0.5)
                open("ended", "w").close()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"at work\n"
    process.send_signal(signal.SIGUSR1)
    assert process.stdout.readline() == b"ending\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 128 + signal.SIGUSR1
    assert (tmp_path / "ended").exists()


def test_the_record_names_processor_and_arithmetic(sequences, tmp_path):
    machine = shard(sequences, tmp_path, [row()])[0]["machine"]
    assert machine.startswith(processor())
    assert machine.endswith(f"PyTorch {torch.__version__}")


def test_a_checkpoint_that_cannot_be_read_is_not_taken_for_damaged(sequences, tmp_path):
    (tmp_path / "c.checkpoint").mkdir()
    with pytest.raises(IsADirectoryError):
        run(PLAN, row(), sequences, tmp_path)
    assert (tmp_path / "c.checkpoint").exists()


def test_no_checkpoint_is_left_behind(sequences, tmp_path):
    shard(sequences, tmp_path, [row(0), row(1)])
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [".claims", "0.json", "1.json"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "text", "foreign", "empty"])
def test_an_unusable_checkpoint_is_set_aside_with_a_warning(sequences, tmp_path, damage, caplog):
    whole = run(PLAN, row(), sequences, tmp_path / "whole")
    folder = tmp_path / "damaged"
    run(PLAN, row(7) if damage == "foreign" else row(), sequences, folder)
    path = folder / "c.checkpoint"
    content = path.read_bytes()
    flipped = content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    damaged = {"truncated": content[:-200], "flipped": flipped, "text": b"none", "empty": b""}
    path.write_bytes(damaged.get(damage, content))
    again = run(PLAN, row(), sequences, folder)
    assert {**again, TIMES: 0} == {**whole, TIMES: 0}
    assert (folder / "c.checkpoint.unusable").exists()
    assert "set aside" in caplog.text


def test_an_interruption_ends_the_other_trials_after_the_epoch_they_are_in(sequences, tmp_path):
    plan = Plan("jsb", "V", epochs=10_000, patience=10_000, engine="reference", device="cpu")
    interrupted = threading.Event()

    def report(number, *_):
        if number == 1 and not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    # Ten thousand epochs would take an hour: that it ends is the test.
    with pytest.raises(KeyboardInterrupt):
        shard(sequences, tmp_path, [row(0), row(1)], threads=2, plan=plan, report=report)
    kept = sorted(p.name for p in (tmp_path / "state").iterdir())
    assert kept == [".claims", "0.checkpoint", "1.checkpoint"]
