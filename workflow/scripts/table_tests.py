"""Each variant's comparison with vanilla, as CSV, Markdown and LaTeX."""

from odyssey.analysis import tables, welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job

with job(snakemake.log[0]):
    tests = read_csv(snakemake.input.welch, welch.COLUMNS)
    table = tables.tests(tests, read_trials(snakemake.input.trials))
    tables.write(table, "The best trials against vanilla's", *snakemake.output)
