"""Figure 5: shares of the hyperparameters in the variance of vanilla, by fANOVA."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_5, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    shares = read_csv(snakemake.input.shares, fanova.SHARE_COLUMNS)
    style.save(figure_5.draw(shares, distributions), snakemake.output)
