"""Differences from vanilla under other choices, drawn."""

from odyssey.analysis import robustness as analysis
from odyssey.analysis import selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import robustness, style

with job(snakemake.log[0]):
    found = read_csv(snakemake.input.robustness, analysis.COLUMNS)
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    style.save(robustness.draw(found, distributions, snakemake.params.tasks), snakemake.output)
