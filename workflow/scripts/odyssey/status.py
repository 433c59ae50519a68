"""How far a study is: `odyssey status`, while it runs or afterwards."""

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table

from odyssey.catalogue import EVOLUTION
from odyssey.config import Study
from odyssey.config_files import study_or_exit
from odyssey.evolution.progress import said
from odyssey.files import file_digest
from odyssey.lost import all_failed
from odyssey.quantities import duration
from odyssey.search import draw_trials
from odyssey.training.checkpoints import epochs_done
from odyssey.training.cost import expected_seconds
from odyssey.training.shard import being_trained, finished_line
from odyssey.training.trial import Plan, fingerprint


@dataclass
class Progress:
    """How far the trials of a search are.

    Parameters
    ----------
    task, variant : str
    trials : int
        That the study asks for.
    statuses : collections.Counter
        Finished trials by status: completed, diverged, failed.
    running, waiting : int
        Trials at work now, and trials begun that nothing is working on.
    best : float or None
        Lowest validation measure of the finished trials.
    spent, expected : float
        Seconds that finished trials have taken, and that all their epochs would be expected to.
    left : float
        Seconds that the others are expected to take with all their epochs.
    """

    task: str
    variant: str
    trials: int
    statuses: Counter[str] = field(default_factory=Counter)
    running: int = 0
    waiting: int = 0
    best: float | None = None
    spent: float = 0.0
    expected: float = 0.0
    left: float = 0.0


def look(study: Study, folder: Path) -> list[Progress]:
    """Look at what a study's folder holds.

    Parameters
    ----------
    study : Study
    folder : Path
        ``results/<study>``.

    Returns
    -------
    list of Progress
    """
    digests = {task: _digest(folder / "features" / f"{task}.npz") for task in study.tasks}
    return [
        _look_at(study, folder, task, variant, digests[task])
        for task in study.tasks
        for variant in study.variants
    ]


def _digest(path: Path) -> str:
    """Digest a task's features; without them, none of its trials counts as done."""
    if not path.is_file():
        return ""
    state = path.stat()
    return _digest_of(path, state.st_mtime_ns, state.st_size)


@cache  # for `--watch`: features may be large
def _digest_of(path: Path, _changed: int, _size: int) -> str:
    return file_digest(path)


def _look_at(study: Study, folder: Path, task: str, variant: str, features_digest: str) -> Progress:
    progress = Progress(task, variant, study.search.trials)
    state, engine = folder / "state" / task / variant, study.engine(variant)
    failed = _failed(folder / "runs" / task / variant)
    training = study.training
    plan = Plan(
        task,
        variant,
        study.epochs(task),
        training.patience,
        engine,
        training.device,
        study.cells.get(variant),
    )
    at_work = being_trained(state, progress.trials)
    trials = draw_trials(study, task, variant)
    expected = expected_seconds(study, task, variant, trials)
    for trial, seconds in zip(trials, expected, strict=True):
        number = trial["trial"]
        digest = fingerprint(plan, trial, features_digest)
        line = finished_line(state / f"{number}.json", digest)
        if line is not None:
            record = json.loads(line)
            progress.statuses[record["status"]] += 1
            progress.spent += record["train_seconds"]
            progress.expected += seconds
            if record["validation"] is not None:
                found = record["validation"]
                progress.best = found if progress.best is None else min(found, progress.best)
            continue
        done = epochs_done(state / f"{number}.checkpoint")
        if number in at_work:
            progress.running += 1
        elif number in failed:
            progress.statuses["failed"] += 1
            continue
        elif done:
            progress.waiting += 1
        progress.left += max(0, 1 - done / study.epochs(task)) * seconds
    return progress


def _failed(runs: Path) -> set[int]:
    """Find the trials whose last run failed; failures stand in run files only."""
    numbers = set()
    for path in runs.glob("*.jsonl"):
        # A job may be writing the file, or taking it away.
        with suppress(OSError, ValueError, KeyError):
            for line in path.read_text(encoding="utf-8").splitlines():
                if '"status": "failed"' in line:
                    numbers.add(json.loads(line)["trial"])
    return numbers


def table(study: Study, searches: list[Progress]) -> Table:
    """Lay the searches out for a terminal.

    Parameters
    ----------
    study : Study
    searches : list of Progress

    Returns
    -------
    rich.table.Table
    """
    done, spent = sum(one.statuses.total() for one in searches), sum(one.spent for one in searches)
    expected, running = sum(one.expected for one in searches), sum(one.running for one in searches)
    # Trials stop early, and this machine is not the one that the estimate was measured on.
    correction = spent / expected if spent and expected else 1.0
    left = correction * sum(one.left for one in searches)
    caption = f"{done:,} of {sum(one.trials for one in searches):,} trials done"
    if left:
        caption += f", {duration(left, 2)} of one core left" + ("" if expected else " at most")
        if running:
            caption += f": {duration(left / running, 2)} with the {running} at work now"
    for progress in searches:
        if progress.statuses["failed"] == progress.trials:
            caption += f"\n{all_failed(progress.trials, progress.variant, progress.task)}"
    made = Table(
        title=study.study, caption=caption, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for name in ("task", "variant"):
        made.add_column(name, no_wrap=True)
    for name in ("trials", "done", "running", "waiting", "diverged", "failed", "best", "left"):
        made.add_column(name, justify="right", no_wrap=True)
    for number, progress in enumerate(searches):
        s = progress.statuses
        made.add_row(
            progress.task,
            progress.variant,
            *map(str, (progress.trials, s.total(), progress.running, progress.waiting)),
            *map(str, (s["diverged"], s["failed"])),
            "" if progress.best is None else f"{progress.best:.2f}",
            duration(correction * progress.left, 2) if progress.left else "",
            end_section=number + 1 < len(searches) and searches[number + 1].task != progress.task,
        )
    return made


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0.1 to 86400")
    return seconds


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table once, or again and again."""
    parser = argparse.ArgumentParser(prog="odyssey status", description=__doc__)
    parser.add_argument("--configfile", nargs="+", default=["config/config.yaml"])
    parser.add_argument(
        "--watch",
        type=_seconds,
        nargs="?",
        const=5.0,
        metavar="SECONDS",
        help="look again every so many seconds, until interrupted",
    )
    arguments = parser.parse_args(argv)
    study = study_or_exit(arguments.configfile)
    folder = Path("results") / study.study
    if not folder.is_dir():
        sys.exit(f"Error: there is no folder {folder}: the study has not begun")

    def seen() -> Table | str:
        if study.kind == EVOLUTION:
            return said(study, folder)
        return table(study, look(study, folder))

    if arguments.watch is None:
        Console().print(seen())
        return
    try:
        with Live(auto_refresh=False) as live:
            while True:
                live.update(seen(), refresh=True)
                time.sleep(arguments.watch)
    except KeyboardInterrupt:
        pass
