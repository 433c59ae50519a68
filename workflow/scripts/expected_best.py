"""The best result to expect of k trials, for each variant."""

from odyssey.analysis import budget, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import expected_best, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    expected = read_csv(snakemake.input.expected, budget.COLUMNS)
    style.save(
        expected_best.draw(expected, distributions, snakemake.params.tasks), snakemake.output
    )
