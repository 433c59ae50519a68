"""Train a shard of trials: features and drawn trials in, one JSON line a trial out."""

import logging
import os
import platform

# NumPy multiplies no matrices here: its threads would only spin.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.console import Progress, job
from odyssey.features.sequences import load_with_digest
from odyssey.training.shard import train_shard
from odyssey.training.trial import Plan

w, params = snakemake.wildcards, snakemake.params
first, last = int(w.first), int(w.last)
show = Progress(f"{w.task} {w.variant}")


def report(trial, epoch, loss, validation):
    """Show how far the shard is."""
    place = f"trial {trial} ({trial - first + 1} of {last - first + 1})"
    at_most = f"epoch {epoch} of at most {params.epochs}"
    show(f"{place}, {at_most}: training loss {loss:.4f}, validation {validation:.4f}")


with job(snakemake.log[0]):
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "as the machine has them")
    logging.info("process %d on %s, GPUs: %s", os.getpid(), platform.node(), gpus)
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
        params.trials,
        *load_with_digest(snakemake.input.features),
        snakemake.input.get("kernel") or None,
        snakemake.output[0],
        params.state,
        snakemake.threads,
        report,
        snakemake.resources.side_by_side,
    )
