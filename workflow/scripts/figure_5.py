"""Figure 5: shares of the hyperparameters in the variance of vanilla, by fANOVA."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_5, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    importance = read_csv(snakemake.input.importance, fanova.IMPORTANCE_COLUMNS)
    params = snakemake.params
    drawn = figure_5.draw(importance, distributions, params.tasks, surrogate=params.surrogate)
    style.save(drawn, snakemake.output)
