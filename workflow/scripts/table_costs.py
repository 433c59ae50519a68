"""What the trials of each cell cost, as CSV, Markdown and LaTeX."""

from odyssey.analysis import tables
from odyssey.analysis.collect import read_trials
from odyssey.console import job

with job(snakemake.log[0]):
    table = tables.costs(read_trials(snakemake.input.trials))
    beware = "; seconds of different engines do not compare" if "trained_by" in table else ""
    tables.write(table, f"What the trials cost{beware}", *snakemake.output)
