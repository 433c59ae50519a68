"""Train a shard of trials: features and trials table in, one JSON line a trial out."""

from odyssey.console import Progress, job
from odyssey.features.sequences import load
from odyssey.training.shard import file_digest, train_shard
from odyssey.training.trial import Plan
from odyssey.trials import read_trials

w, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]):
    show = Progress(f"{w.task} {w.variant} {w.first}-{w.last}")
    train_shard(
        Plan(w.task, w.variant, params.epochs, params.patience, params.engine),
        read_trials(snakemake.input.trials, int(w.first), int(w.last)),
        load(snakemake.input.features),
        file_digest(snakemake.input.features),
        snakemake.input.get("kernel"),
        snakemake.output[0],
        params.state,
        snakemake.threads,
        report=lambda trial, epoch, loss, validation: show(
            f"trial {trial}, epoch {epoch}: loss {loss:.4f}, validation {validation:.4f}"
        ),
    )
