"""The best trial of each cell with its hyperparameters, as CSV, Markdown and LaTeX."""

from odyssey.analysis import tables
from odyssey.analysis.collect import read_trials
from odyssey.console import job

with job(snakemake.log[0]):
    table = tables.best_trials(read_trials(snakemake.input.trials))
    tables.write(table, "The best trial of each cell, by validation", *snakemake.output)
