"""A shard: the consecutive trials that one job trains, each kept as soon as it is done."""

import errno
import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from odyssey.features.sequences import Sequences
from odyssey.files import write_atomically
from odyssey.training.engines import check_engine
from odyssey.training.trial import Plan, Report, failure, fingerprint, train

CLAIMS = ".claims"  # in a cell's state folder: a job locks the byte at the trial's number

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
    report: Report,
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
        Folder of the cell's finished trials (``<trial>.json``) and of begun ones
        (``<trial>.checkpoint``). It outlives the job, so that neither a restart nor another
        division into shards trains a trial again. A trial that another job is training is waited
        for.
    threads : int
        Trials at the same time.
    report : callable
        See `odyssey.training.trial.Report`.

    Raises
    ------
    OSError
        If a file cannot be read or written. Any other error of a trial costs that trial alone: it
        gets a line with ``status`` ``"failed"``, and is trained again if its shard is.
    ValueError
        If the engine cannot work on this machine.
    """
    check_engine(plan.engine, plan.device, kernel)
    state, output = Path(state), Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("")
    state.mkdir(parents=True, exist_ok=True)
    appending, stopping = threading.Lock(), threading.Event()

    def run(trial: dict) -> str:
        with _claimed(claims, trial["trial"], stopping):
            line = _line(plan, trial, sequences, features_digest, kernel, state, report, stopping)
        with appending, open(output, "a", encoding="utf-8") as file:
            file.write(line)
        return line

    with open(state / CLAIMS, "ab") as claims, ThreadPoolExecutor(threads) as pool:
        try:
            jobs = [pool.submit(run, trial) for trial in trials]
            ended, _ = wait(jobs, return_when=FIRST_EXCEPTION)
            for job in ended:
                job.result()  # raises what the trial has raised
            lines = [job.result() for job in jobs]
        except BaseException:
            stopping.set()  # the others end after the epoch they are in, which is kept
            pool.shutdown(cancel_futures=True, wait=False)
            raise
    write_atomically(output, lambda file: file.write("".join(lines).encode()))


def being_trained(state: str | os.PathLike, trials: int) -> set[int]:
    """Find the trials of a cell that jobs are training now, on any node.

    Parameters
    ----------
    state : path-like
        See `train_shard`.
    trials : int
        Of the cell.

    Returns
    -------
    set of int
        Empty on a file system without locks.
    """
    numbers = set()
    try:
        with open(Path(state) / CLAIMS, "rb") as claims:
            for trial in range(trials):
                try:
                    fcntl.lockf(claims, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, trial)
                except OSError as error:
                    if error.errno not in (errno.EAGAIN, errno.EACCES):
                        return set()
                    numbers.add(trial)
    except FileNotFoundError:
        pass
    return numbers


def _line(
    plan: Plan,
    trial: dict,
    sequences: Sequences,
    features_digest: str,
    kernel: str | None,
    state: Path,
    report: Report,
    stopping: threading.Event,
) -> str:
    """Return a trial's line, trained now or by an earlier job."""
    digest = fingerprint(plan, trial, features_digest)
    done, checkpoint = state / f"{trial['trial']}.json", state / f"{trial['trial']}.checkpoint"
    line = finished_line(done, digest)
    if line is None:
        try:
            record = train(plan, trial, sequences, kernel, checkpoint, digest, report, stopping)
        except OSError as error:  # the disk's fault: the next trial would meet the same
            log.error("trial %d ends here: %s", trial["trial"], error)
            raise
        except Exception as error:
            log.exception("trial %d failed", trial["trial"])
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            record = failure(plan, trial, sequences, digest, reason)
        line = json.dumps(record, allow_nan=False) + "\n"
        if record["status"] == "failed":
            return line  # and keep the epochs, which serve the next attempt
        write_atomically(done, lambda file: file.write(line.encode()))
        log.info("trial %d %s: test %s", trial["trial"], record["status"], record["test"])
    checkpoint.unlink(missing_ok=True)
    return line


@contextmanager
def _claimed(claims: BinaryIO, trial: int, stopping: threading.Event) -> Iterator[None]:
    """Keep a trial from other jobs, such as those that a killed Snakemake has left at work.

    The claim ends with the job however that ends, for the system gives up its locks.
    """
    waiting = False
    while True:
        try:
            fcntl.lockf(claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, trial)
            break
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                log.warning("no locks on this file system (%s): trial %d goes on", error, trial)
                yield
                return
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        if not waiting:
            log.info("trial %d is being trained by another job, which is waited for", trial)
            waiting = True
        if stopping.wait(1.0):
            raise KeyboardInterrupt
    try:
        yield
    finally:
        fcntl.lockf(claims, fcntl.LOCK_UN, 1, trial)


def finished_line(path: Path, digest: str) -> str | None:
    """Read the line of a trial that is done.

    Parameters
    ----------
    path : Path
        In a cell's state folder.
    digest : str
        The trial's fingerprint.

    Returns
    -------
    str or None
        None if the trial is not done, or was another trial or configuration.
    """
    try:
        line = path.read_text(encoding="utf-8")
        return line if json.loads(line)["fingerprint"] == digest else None
    except (FileNotFoundError, IsADirectoryError):
        return None
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read and is trained again: %s", path, error)
        return None
