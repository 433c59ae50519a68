"""Estimate what changes of the block do, alone and together: all trials in; effects out."""

from odyssey.analysis import parts
from odyssey.analysis.files import write_csv
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    params = snakemake.params
    trials = read("trials", snakemake.input.trials)
    found = parts.analyse(trials, params.parts, params.ranges, params.seed % 2**31, params.alpha)
    write_csv(found, snakemake.output[0])
