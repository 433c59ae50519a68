"""What both surrogates make of vanilla's trials, side by side."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import style, surrogates

with job(snakemake.log[0]):
    importance = read_csv(snakemake.input.importance, fanova.IMPORTANCE_COLUMNS)
    marginals = read_csv(snakemake.input.marginals, fanova.MARGINAL_COLUMNS)
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    style.save(
        surrogates.draw(importance, marginals, distributions, snakemake.params.tasks),
        snakemake.output,
    )
