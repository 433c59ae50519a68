"""What results cost: all trials in; the best to expect of k trials, and Pareto fronts, out."""

from odyssey.analysis.budget import expected_best, fronts
from odyssey.analysis.files import write_csv
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    trials = read("trials", snakemake.input.trials)
    expected = expected_best(trials, snakemake.params.seed, snakemake.params.alpha)
    write_csv(expected, snakemake.output.expected)
    write_csv(fronts(trials), snakemake.output.fronts)
