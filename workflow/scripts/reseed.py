"""Train a search's selected trials with a new seed: marked trials in, one JSON line a trial out."""

import os

# NumPy multiplies no matrices here: its threads would only spin.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.analysis.files import read_csv
from odyssey.analysis.reseeding import with_new_seed
from odyssey.analysis.selection import MARK_COLUMNS
from odyssey.console import Progress, job
from odyssey.features.sequences import load_with_digest
from odyssey.training.shard import train_shard
from odyssey.training.trial import Plan

w, params = snakemake.wildcards, snakemake.params
show = Progress(f"{w.task} {w.variant}, seed {w.repeat}")


def report(trial, epoch, loss, validation):
    """Show how far the job is."""
    at_most = f"epoch {epoch} of at most {params.epochs}"
    show(f"trial {trial}, {at_most}: training loss {loss:.4f}, validation {validation:.4f}")


with job(snakemake.log[0]):
    marks = read_csv(snakemake.input.selection, MARK_COLUMNS)
    own = marks[(marks["task"] == w.task) & (marks["variant"] == w.variant)]
    train_shard(
        Plan(
            w.task,
            w.variant,
            params.epochs,
            params.patience,
            params.engine,
            params.device,
            snakemake.input.get("cell") or None,
        ),
        with_new_seed(params.trials, set(own.loc[own["selected"], "trial"]), int(w.repeat)),
        *load_with_digest(snakemake.input.features),
        snakemake.input.get("kernel") or None,
        snakemake.output[0],
        params.state,
        snakemake.threads,
        report,
        snakemake.resources.side_by_side,
    )
