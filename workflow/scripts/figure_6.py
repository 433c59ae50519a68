"""Figure 6: pairs of hyperparameters of vanilla, by fANOVA."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_6, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    interactions = read_csv(snakemake.input.interactions, fanova.INTERACTION_COLUMNS)
    params = snakemake.params
    drawn = figure_6.draw(interactions, distributions, params.tasks, surrogate=params.surrogate)
    style.save(drawn, snakemake.output)
