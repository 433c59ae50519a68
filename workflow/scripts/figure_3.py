"""Figure 3: test results of all trials and of the best, from distributions and tests."""

from odyssey.analysis import selection, welch
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_3, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    tests = read_csv(snakemake.input.welch, welch.COLUMNS)
    style.save(figure_3.draw(distributions, tests, snakemake.params.tasks), snakemake.output)
