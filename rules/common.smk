"""Functions that rules take inputs, parameters and resources from, and that the hooks call."""

import math
import os
from functools import cache

from snakemake.exceptions import WorkflowError


def corpus_of(wildcards):
    """What a task's features are made of: files of the user's, or a corpus that is made first."""
    task = wildcards.task
    made = {"made": f"{RESULTS}/corpora/{task}"} if task in TO_BE_MADE else {}
    return made | {"files": list(study.tasks[task].paths().values())}


@cache
def digests(task):
    """What tells a task's files from those before; a corpus may have 25,000."""
    return study.tasks[task].digests()


def files_of(wildcards):
    """Their digests: of a folder Snakemake sees no more than its own date."""
    return digests(wildcards.task)


@cache
def drawn_trials(task, variant):
    """A search's trials, which its shards and what is expected of them share."""
    return draw_trials(study, task, variant)


@cache
def seconds_of(task, variant):
    """What each of a search's trials takes if it uses all its epochs."""
    if task in UNKNOWN:
        return [0.0] * study.search.trials
    return expected_seconds(study, task, variant, drawn_trials(task, variant))


@cache
def shards_of(task, variant):
    """First and last trial of each of a search's jobs."""
    if task in UNKNOWN:
        return [(0, study.search.trials - 1)]
    return search_shards(study, task, variant, seconds_of(task, variant))


def drawn(wildcards):
    """The trials that a run file's name asks for: one of the study's shards, or any others."""
    first, last = int(wildcards.first), int(wildcards.last)
    if first > last:
        raise WorkflowError(
            f"{first}-{last}.jsonl: the first trial comes after the last"
        )
    if last >= study.search.trials:
        raise WorkflowError(
            f"{first}-{last}.jsonl: a search's last trial is {study.search.trials - 1}"
        )
    return drawn_trials(wildcards.task, wildcards.variant)[first : last + 1]


def width_of(wildcards):
    """How many trials a stack of theirs has side by side; 1 with the other engines."""
    return stack_width(study, wildcards.task, wildcards.variant)


def train_minutes(wildcards, attempt):
    """What a shard is allowed: three times what is expected, and a start, for slower nodes."""
    task, variant = wildcards.task, wildcards.variant
    trials = drawn(wildcards)
    shard = [] if task in UNKNOWN else expected_seconds(study, task, variant, trials)
    return attempt * math.ceil(10 + 3 * job_seconds(shard, study.training.threads) / 60)


def train_megabytes(wildcards, attempt):
    """What a shard is allowed to take of the memory."""
    training = study.training
    return attempt * job_megabytes(
        study.tasks[wildcards.task],
        study.cell(wildcards.variant),
        drawn(wildcards),
        study.engine(wildcards.variant),
        training.threads,
        width_of(wildcards),
        training.device,
    )


def dearest(task, variant):
    """As many trials of a search as are selected, were they the dearest of all."""
    # It brings pandas along, which no other job should wait for.
    from odyssey.analysis.selection import number_selected

    selected = number_selected(study.search.trials, study.analysis.best_fraction)
    seconds = seconds_of(task, variant)
    return sorted(drawn_trials(task, variant), key=lambda t: seconds[t["trial"]])[
        -selected:
    ]


def reseed_minutes(wildcards, attempt):
    """What a job of new seeds is allowed, as a shard is."""
    task, variant = wildcards.task, wildcards.variant
    trials = [] if task in UNKNOWN else dearest(task, variant)
    seconds = expected_seconds(study, task, variant, trials)
    return attempt * math.ceil(
        10 + 3 * job_seconds(seconds, study.training.threads) / 60
    )


def reseed_megabytes(wildcards, attempt):
    """What a job of new seeds is allowed to take of the memory."""
    training = study.training
    return attempt * job_megabytes(
        study.tasks[wildcards.task],
        study.cell(wildcards.variant),
        dearest(wildcards.task, wildcards.variant),
        study.engine(wildcards.variant),
        training.threads,
        width_of(wildcards),
        training.device,
    )


def own_cell(wildcards):
    """The file of a variant's equations, if it is the user's own."""
    return study.cells.get(wildcards.variant, [])


def kernel_of(wildcards):
    """The compiled cell, for variants that the fused engine trains."""
    fused = study.engine(wildcards.variant) == "fused"
    return f"{RESULTS}/engine/{wildcards.variant}.so" if fused else []


def own_code(script, *modules):
    """A script, and modules of the library, as an input: what it made is made anew with them."""
    files = [f"{LIBRARY}/../{script}.py", *(f"{LIBRARY}/{m}.py" for m in modules)]
    # There are no scripts where the workflow is hosted elsewhere, and nobody edits them.
    return [os.path.relpath(file) for file in files if os.path.exists(file)]


def code_of(script, *modules):
    """The same, and all that they import of the library."""

    def files(wildcards):
        own = own_code(script, *modules)
        return own + [os.path.relpath(module) for module in imported(*own)]

    return files


def named(names):
    """The files of results that an entry of the catalogue names."""
    task = SHOWN[0] if SHOWN else ""
    return {name: results.files(name, RESULTS, task) for name in names}


def settings_of(name):
    """What a figure is drawn by, beside results."""
    drawing = DRAWINGS[name]
    return {key: SETTINGS[key] for key in drawing.figure.settings} | drawing.own


def labels_of(name):
    """What stands beside a figure in Snakemake's own report."""
    drawing = DRAWINGS[name]
    variant = {"variant": ", ".join(drawing.own.values())} if drawing.own else {}
    return {"figure": drawing.module} | variant


def reported(path, name_of):
    """Show a figure in Snakemake's own report; wildcards say its name."""
    return report(
        path,
        caption="../workflow/captions/entry.rst",
        category=lambda w: "Supplement" if DRAWINGS[name_of(w)].own else "Figures",
        labels=lambda w: labels_of(name_of(w)),
    )


def tell_of_lost(jobs):
    """Say on the last lines what is lost, and end with an error unless that is allowed."""
    if not any(job.name == "complete" for job in jobs):
        return  # a figure, say, was asked for, or something else is wrong
    allowed = study.training.allow_failures
    words = last_words(RESULTS, allowed)
    if words and not allowed:
        sys.exit(f"Error: {words}")
    if words:
        print(words, file=sys.stderr)
