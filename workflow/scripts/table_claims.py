"""A verdict on each statement of the paper, as CSV, Markdown and LaTeX."""

from odyssey.analysis import claims, tables
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job

with job(snakemake.log[0]):
    judged = read_csv(snakemake.input.claims, claims.COLUMNS)
    table = tables.claims(judged, read_trials(snakemake.input.trials))
    tables.write(table, "The paper's statements and their verdicts", *snakemake.output)
