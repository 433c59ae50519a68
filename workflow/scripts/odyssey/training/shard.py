"""A shard: the consecutive trials that one job trains, each kept as soon as it is done."""

import errno
import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from odyssey.features.sequences import Sequences
from odyssey.files import write_atomically
from odyssey.training.engines import check_engine
from odyssey.training.trial import Plan, Report, failure, fingerprint, train
from odyssey.trials import Record, Trial

CLAIMS = ".claims"  # in a search's state folder: a job locks the byte at the trial's number

log = logging.getLogger(__name__)


def train_shard(
    plan: Plan,
    trials: list[Trial],
    sequences: Sequences,
    features_digest: str,
    kernel: str | None,
    output: str | os.PathLike[str],
    state: str | os.PathLike[str],
    threads: int,
    report: Report,
    at_once: int = 1,
) -> None:
    """Train a shard's trials, or take from `state` what an earlier job has finished.

    Parameters
    ----------
    trials : list of Trial
        Rows of the trials table.
    features_digest : str
        SHA-256 of the features file.
    kernel : str or None
        Path of the fused engine's compiled kernel.
    output : path-like
        Gets a JSON line a trial as soon as it is done; in the order of their numbers at the end.
    state : path-like
        Folder of the search's finished trials (``<trial>.json``) and of begun ones
        (``<trial>.checkpoint``). It outlives the job, so that neither a restart nor another
        division into shards trains a trial again. A trial that another job is training is waited
        for.
    threads : int
        Trials at the same time; with the stacked engine, threads of all of them together.
    report : callable
        See `odyssey.training.trial.Report`.
    at_once : int
        With the stacked engine, trials side by side at most.

    Raises
    ------
    OSError
        If a file cannot be read or written. Any other error of a trial costs that trial alone: it
        gets a line with ``status`` ``"failed"``, and is trained again if its shard is; an error of
        a stack costs those of its trials that have not ended.
    ValueError
        If the engine cannot work on this machine, or a stack does not fit into it.
    """
    check_engine(plan.engine, plan.device, kernel)
    state, output = Path(state), Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("")
    state.mkdir(parents=True, exist_ok=True)
    appending, stopping = threading.Lock(), threading.Event()

    def append(line: str) -> None:
        with appending, open(output, "a", encoding="utf-8") as file:
            file.write(line)

    job = _Job(plan, sequences, features_digest, kernel, state, report, stopping, append)
    with open(state / CLAIMS, "ab") as claims, ThreadPoolExecutor(threads) as pool:
        try:
            if plan.engine == "stacked":
                work = [pool.submit(_side_by_side, job, trials, claims, threads, at_once)]
            else:
                work = [pool.submit(_alone, job, trial, claims) for trial in trials]
            ended, _ = wait(work, return_when=FIRST_EXCEPTION)
            for done in ended:
                done.result()  # raises what the trial has raised
            lines = [line for done in work for line in done.result()]
        except BaseException:
            stopping.set()  # the others end where they are, which is kept
            pool.shutdown(cancel_futures=True, wait=False)
            raise
    write_atomically(output, lambda file: file.write("".join(lines).encode()))


@dataclass(frozen=True)
class _Job:
    """What the trials of a shard have in common."""

    plan: Plan
    sequences: Sequences
    features_digest: str
    kernel: str | None
    state: Path
    report: Report
    stopping: threading.Event
    append: Callable[[str], None]

    def digest(self, trial: Trial) -> str:
        return fingerprint(self.plan, trial, self.features_digest)

    def result(self, trial: Trial) -> Path:
        return self.state / f"{trial['trial']}.json"

    def checkpoint(self, trial: Trial) -> Path:
        return self.state / f"{trial['trial']}.checkpoint"

    def earlier(self, trial: Trial) -> str | None:
        """Return the line of a trial that an earlier job has finished."""
        line = finished_line(self.result(trial), self.digest(trial))
        if line is not None:
            self.checkpoint(trial).unlink(missing_ok=True)
            self.append(line)
        return line

    def failed(self, trial: Trial, digest: str, error: Exception) -> Record:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return failure(self.plan, trial, self.sequences, digest, reason)

    def finish(self, record: Record) -> str:
        """Keep what a trial has come to; return its line."""
        line = json.dumps(record, allow_nan=False) + "\n"
        if record["status"] != "failed":  # its epochs are kept, and serve the next attempt
            write_atomically(self.result(record), lambda file: file.write(line.encode()))
            self.checkpoint(record).unlink(missing_ok=True)
            log.info("trial %d %s: test %s", record["trial"], record["status"], record["test"])
        self.append(line)
        return line


def _alone(job: _Job, trial: Trial, claims: BinaryIO) -> list[str]:
    """Return a trial's line, trained now or by an earlier job."""
    with claimed(claims, trial["trial"], job.stopping):
        return [job.earlier(trial) or job.finish(_trained(job, trial))]


def _trained(job: _Job, trial: Trial) -> Record:
    """Train a trial; an error costs this trial alone."""
    digest = job.digest(trial)
    try:
        return train(
            job.plan,
            trial,
            job.sequences,
            job.kernel,
            job.checkpoint(trial),
            digest,
            job.report,
            job.stopping,
        )
    except OSError as error:  # the disk's fault: the next trial would meet the same
        log.error("trial %d ends here: %s", trial["trial"], error)
        raise
    except Exception as error:
        log.exception("trial %d failed", trial["trial"])
        return job.failed(trial, digest, error)


def _side_by_side(
    job: _Job, trials: list[Trial], claims: BinaryIO, threads: int, at_once: int
) -> list[str]:
    """Return the lines of all trials, trained by the stacked engine or by an earlier job."""
    # Imported here, because PyTorch takes seconds and other jobs need none.
    from odyssey.training.stack import train_stack

    with ExitStack() as taken:
        for trial in trials:
            taken.enter_context(claimed(claims, trial["trial"], job.stopping))
        found = {trial["trial"]: job.earlier(trial) for trial in trials}
        lines = {number: line for number, line in found.items() if line is not None}
        left = [
            (trial, job.digest(trial), job.checkpoint(trial))
            for trial in trials
            if trial["trial"] not in lines
        ]
        try:
            for record in train_stack(
                job.plan, left, job.sequences, at_once, threads, job.report, job.stopping
            ):
                lines[record["trial"]] = job.finish(record)
        except (OSError, ValueError):  # the disk's fault, or the GPU's memory
            raise
        except Exception as error:
            log.exception("the stack failed")
            for trial, digest, _ in left:
                if trial["trial"] not in lines:
                    lines[trial["trial"]] = job.finish(job.failed(trial, digest, error))
        return [lines[trial["trial"]] for trial in trials]


def being_trained(state: str | os.PathLike[str], trials: int) -> set[int]:
    """Find the trials of a search that jobs are training now, on any node.

    Parameters
    ----------
    state : path-like
        See `train_shard`.
    trials : int
        Of the search.

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


@contextmanager
def claimed(claims: BinaryIO, trial: int, stopping: threading.Event) -> Iterator[None]:
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
        In a search's state folder.
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
