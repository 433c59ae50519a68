"""What the trials of each cell cost, as CSV, Markdown and LaTeX."""

from odyssey.analysis import tables
from odyssey.analysis.collect import read_trials
from odyssey.console import job

with job(snakemake.log[0]):
    table = tables.costs(read_trials(snakemake.input.trials))
    tables.write(table, "What the trials cost", *snakemake.output)
