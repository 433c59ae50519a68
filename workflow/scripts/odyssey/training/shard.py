"""A shard: the consecutive trials that one job trains, each kept as soon as it is done."""

import json
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from odyssey.features.sequences import Sequences
from odyssey.files import write_atomically
from odyssey.training.trial import Plan, fingerprint, train

log = logging.getLogger(__name__)


def train_shard(
    plan: Plan,
    trials: list[dict],
    sequences: Sequences,
    features_digest: str,
    kernel: str | None,
    output: str | os.PathLike,
    state: str | os.PathLike,
    threads: int,
    report: Callable,
) -> None:
    """Train a shard's trials, or take from `state` what an earlier job has finished.

    Parameters
    ----------
    plan : Plan
    trials : list of dict
        Rows of the trials table.
    sequences : Sequences
    features_digest : str
        SHA-256 of the features file.
    kernel : str or None
        Path of the fused engine's compiled kernel.
    output : path-like
        Gets a JSON line a trial as soon as it is done; in the order of their numbers at the end.
    state : path-like
        Folder of the cell's finished trials (``<trial>.json``) and checkpoints (``<trial>.npz``).
        It outlives the job, so that neither a restart nor another division into shards
        trains a trial again.
    threads : int
        Trials at the same time.
    report : callable
        See `odyssey.training.trial.Report`.
    """
    state, output = Path(state), Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("")
    appending, stopping = threading.Lock(), threading.Event()

    def after_epoch(*progress) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        report(*progress)

    def run(trial: dict) -> str:
        digest = fingerprint(plan, trial, features_digest)
        done = state / f"{trial['trial']}.json"
        checkpoint = state / f"{trial['trial']}.npz"
        line = _finished(done, digest)
        if line is None:
            record = train(plan, trial, sequences, kernel, checkpoint, digest, after_epoch)
            line = json.dumps(record, allow_nan=False) + "\n"
            write_atomically(done, lambda file: file.write(line.encode()))
            log.info("trial %d %s: test %s", trial["trial"], record["status"], record["test"])
        checkpoint.unlink(missing_ok=True)
        with appending, open(output, "a", encoding="utf-8") as file:
            file.write(line)
        return line

    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(run, trial) for trial in trials]
        try:
            ended, _ = wait(jobs, return_when=FIRST_EXCEPTION)
            for job in ended:
                job.result()  # raises what the trial has raised
            lines = [job.result() for job in jobs]
        except BaseException:
            stopping.set()  # the others end after the epoch they are in, which is kept
            pool.shutdown(cancel_futures=True, wait=False)
            raise
    write_atomically(output, lambda file: file.write("".join(lines).encode()))


def _finished(path: Path, digest: str) -> str | None:
    """Return the line of a trial that is done, unless it was another trial or configuration."""
    try:
        line = path.read_text(encoding="utf-8")
        return line if json.loads(line)["fingerprint"] == digest else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read and is trained again: %s", path, error)
        return None
