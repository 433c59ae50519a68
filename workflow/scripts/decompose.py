"""Decompose each search's results: all trials in; what surrogates say of them out."""

import os

# There is a process for each core: products in several threads would wait for one another.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.analysis import fanova
from odyssey.analysis.files import write_csv
from odyssey.analysis.surrogates import SURROGATES
from odyssey.console import job
from odyssey.results import read


def main():
    """Analyse all searches."""
    params, output = snakemake.params, snakemake.output
    tables = fanova.analyse(
        read("trials", snakemake.input.trials),
        params.ranges,
        params.seed % 2**31,
        params.trees,
        params.backend,
        snakemake.threads,
        fanova.ALL_SURROGATES if output.get("attribution") else SURROGATES,
    )
    made = dict(zip(fanova.KINDS, tables, strict=True))
    for name, path in output.items():
        write_csv(made[name], path)


if __name__ == "__main__":  # the processes that analyse searches import this file again
    with job(snakemake.log[0]):
        main()
