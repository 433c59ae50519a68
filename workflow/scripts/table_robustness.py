"""What other choices would have found, as CSV, Markdown and LaTeX."""

from odyssey.analysis import robustness, tables
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job

with job(snakemake.log[0]):
    found = read_csv(snakemake.input.robustness, robustness.COLUMNS)
    table = tables.robustness(found, read_trials(snakemake.input.trials))
    tables.write(table, "Differences from vanilla under other choices", *snakemake.output)
