"""Where the variants differ from vanilla, as one map."""

from odyssey.analysis import selection, welch
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import significance, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    tests = read_csv(snakemake.input.welch, welch.COLUMNS)
    style.save(significance.draw(tests, distributions, snakemake.params.tasks), snakemake.output)
