"""Short trials of cells that have been bred: each compiled, trained a few times, and forgotten."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from odyssey.cells.build import build
from odyssey.cells.variants import cell as cell_named
from odyssey.config import Study
from odyssey.evolution.breeding import BRED, Bred
from odyssey.evolution.genome import from_plain
from odyssey.evolution.outcome import equations
from odyssey.features.sequences import Sequences
from odyssey.files import write_atomically
from odyssey.search import draw_trial
from odyssey.training.shard import train_shard
from odyssey.training.sizes import network
from odyssey.training.trial import Plan, fingerprint
from odyssey.trials import Record, Trial

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
        With `validation`, `finished` (trials), `parameters`, `hidden_size`, `source`, `synthetic`
        and `train_seconds`.
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
    file = None
    if "genome" in cell:
        file = folder / "cell.py"
        text = equations(from_plain(cell["genome"]), cell["name"])
        write_atomically(file, lambda written: written.write(text.encode()))
    plan = Plan(
        task,
        cell["name"],
        study.epochs(task),
        study.training.patience,
        "fused",
        "cpu",
        str(file) if file else None,
    )
    trials = trials_of(study, task, plan)
    digests = [fingerprint(plan, trial, features_digest) for trial in trials]
    done = folder / "tried.json"
    if done.exists() and (earlier := json.loads(done.read_text()))["fingerprints"] == digests:
        return {**cell, **earlier["result"]}
    kernel, runs = folder / "kernel.so", folder / "runs.jsonl"
    build(cell_named(plan.variant, plan.file), kernel, study.training.instruction_set)
    train_shard(
        plan, trials, sequences, features_digest, str(kernel), runs, folder / "state", 1, _unheard
    )
    records = [json.loads(line) for line in runs.read_text(encoding="utf-8").splitlines()]
    result = _summed_up(records)
    text = json.dumps({"fingerprints": digests, "result": result}, allow_nan=False)
    write_atomically(done, lambda written: written.write(text.encode()))
    # Of two thousand cells they would be many files, and each trial is made again in seconds.
    for path in (folder / "state", kernel, kernel.with_suffix(".h"), runs):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return cell | result


def _unheard(*_: object) -> None:
    """Be told of an epoch of a trial that takes seconds."""


def _summed_up(records: Sequence[Record]) -> Bred:
    reached = [
        record["validation"]
        for record in records
        if record["status"] == "completed" and record["validation"] is not None
    ]
    return {
        "validation": min(reached, default=None),
        "finished": len(reached),
        **{key: records[0][key] for key in ("parameters", "hidden_size", "source", "synthetic")},
        "train_seconds": round(sum(record["train_seconds"] for record in records), 3),
    }
