"""Accuracy against number of parameters and against training time."""

from odyssey.analysis import budget, selection
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import pareto, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    fronts = read_csv(snakemake.input.fronts, budget.FRONT_COLUMNS)
    trials = read_trials(snakemake.input.trials)
    style.save(pareto.draw(trials, fronts, distributions, snakemake.params.tasks), snakemake.output)
