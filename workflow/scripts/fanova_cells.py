"""Decompose each cell's results: all trials in; importances, marginals and interactions out."""

import os

# There is a process for each core: products in several threads would wait for one another.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.analysis import fanova
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.console import job


def main():
    """Analyse all cells."""
    params, output = snakemake.params, snakemake.output
    importance, marginals, interactions = fanova.analyse(
        read_trials(snakemake.input.trials),
        params.ranges,
        params.seed % 2**31,
        params.trees,
        params.backend,
        snakemake.threads,
    )
    write_csv(importance, output.importance)
    write_csv(marginals, output.marginals)
    write_csv(interactions, output.interactions)
    write_csv(fanova.main_shares(importance), output.shares)


if __name__ == "__main__":  # the processes that analyse cells import this file again
    with job(snakemake.log[0]):
        main()
