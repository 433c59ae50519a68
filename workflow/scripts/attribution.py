"""Share the variance out by other methods: all trials in, nine shares a hyperparameter out."""

import os

# There is a process for each core: products in several threads would wait for one another.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.analysis import attribution
from odyssey.analysis.files import write_csv
from odyssey.console import job
from odyssey.results import read


def main():
    """Analyse all searches."""
    params = snakemake.params
    table = attribution.analyse(
        read("trials", snakemake.input.trials),
        params.ranges,
        params.seed % 2**31,
        params.trees,
        params.backend,
        snakemake.threads,
    )
    write_csv(table, snakemake.output[0])


if __name__ == "__main__":  # the processes that analyse searches import this file again
    with job(snakemake.log[0]):
        main()
