"""Short trials of cells that have been bred: each compiled, trained a few times, and forgotten."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from odyssey.cells.build import build
from odyssey.config import Study
from odyssey.evolution.breeding import BRED, Bred
from odyssey.evolution.genome import from_plain
from odyssey.evolution.outcome import equations
from odyssey.features.sequences import Sequences
from odyssey.files import write_atomically
from odyssey.search import draw_trial
from odyssey.training.shard import claimed, train_shard
from odyssey.training.sizes import network
from odyssey.training.trial import NO_TEST, Plan, fingerprint
from odyssey.trials import Record, Trial

# What a cell's row has of its best trial; of the first, if none has a result.
OF_BEST = ("trial", "parameters", "hidden_size", "learning_rate", "momentum", "source", "synthetic")

Told = Callable[[str, int, int], None]
"""Told of each cell once it is tried: its name, its place from 1, and how many there are."""


def trials_of(study: Study, task: str, plan: Plan) -> list[Trial]:
    """Draw the trials of a cell: the same for all, but for the size that its weights make."""
    settings = study.tasks[task]
    of = network(settings, plan.cell, 1)
    return [
        draw_trial(study.search, settings.also_search, study.seed, task, BRED, number, of)
        for number in range(study.search.trials)
    ]


def try_cells(
    study: Study,
    task: str,
    cells: Sequence[Bred],
    sequences: Sequences,
    features_digest: str,
    state: str | os.PathLike[str],
    told: Told,
) -> list[Bred]:
    """Train the trials of each cell, or take from `state` what an earlier job has finished.

    Parameters
    ----------
    study : Study
        Its search and training.
    task : str
    cells : sequence of Bred
        Those without a `genome` are known ones, by their `name`.
    sequences : Sequences
    features_digest : str
        SHA-256 of the features file.
    state : path-like
        Folder of what is done; it outlives the job.
    told : callable

    Returns
    -------
    list of Bred
        With `validation`, the best of all epochs of all trials, or None; `finished` (trials), what
        `OF_BEST` names, and `train_seconds`.

    Raises
    ------
    ValueError
        If an error has ended a trial, which may go better another time.
    """
    found = []
    for place, cell in enumerate(cells, 1):
        folder = Path(state) / cell["name"]
        folder.mkdir(parents=True, exist_ok=True)
        found.append(_tried(study, task, cell, sequences, features_digest, folder))
        told(cell["name"], place, len(cells))
    return found


def _tried(
    study: Study, task: str, cell: Bred, sequences: Sequences, features_digest: str, folder: Path
) -> Bred:
    file = study.cells.get(cell["name"])
    if "genome" in cell:
        file = str(folder / "cell.py")
        text = equations(from_plain(cell["genome"]), cell["name"])
        write_atomically(Path(file), lambda written: written.write(text.encode()))
    settings = study.training
    plan = Plan(task, cell["name"], study.epochs(task), settings.patience, "fused", "cpu", file)
    trials = trials_of(study, task, plan)
    digests = [fingerprint(plan, trial, features_digest) for trial in trials]
    done = folder / "tried.json"
    # A job that a killed Snakemake has left at work may be trying the same cell.
    with open(folder / "claim", "ab") as claim, claimed(claim, 0, threading.Event()):
        if done.exists() and (earlier := json.loads(done.read_text()))["fingerprints"] == digests:
            return {**cell, **earlier["result"]}
        kernel, runs, state = folder / "kernel.so", folder / "runs.jsonl", folder / "state"
        build(plan.cell, kernel, settings.instruction_set)
        train_shard(plan, trials, sequences, features_digest, str(kernel), runs, state, 1, _unheard)
        records = [json.loads(line) for line in runs.read_text(encoding="utf-8").splitlines()]
        result = _summed_up(cell["name"], records)
        text = json.dumps({"fingerprints": digests, "result": result}, allow_nan=False)
        write_atomically(done, lambda written: written.write(text.encode()))
        # Of two thousand cells they would be many files, and each trial is made again in seconds.
        for path in (state, kernel, kernel.with_suffix(".h"), runs):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return {**cell, **result}


def _unheard(*_: object) -> None:
    """Be told of an epoch of a trial that takes seconds."""


def _summed_up(name: str, records: Sequence[Record]) -> Bred:
    """Sum up the trials of a cell; the test result, which is not for choosing by, is not read."""
    for record in records:
        if record["status"] == "failed":
            raise ValueError(f"trial {record['trial']} of {name} failed: {record['reason']}")
    able = [each for each in records if each["status"] == "completed" or each["reason"] == NO_TEST]
    best = min(able, key=lambda each: min(each["curve"]["validation"]), default=None)
    shown = best or records[0]
    return {
        "validation": min(best["curve"]["validation"]) if best else None,
        "finished": len(able),
        **{key: shown[key] for key in OF_BEST},
        "train_seconds": round(sum(record["train_seconds"] for record in records), 3),
    }
