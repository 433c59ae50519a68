"""What share of the variance each hyperparameter has, as CSV, Markdown and LaTeX."""

from odyssey.analysis import fanova, tables
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job

with job(snakemake.log[0]):
    importance = read_csv(snakemake.input.importance, fanova.IMPORTANCE_COLUMNS)
    table = tables.importances(importance, read_trials(snakemake.input.trials))
    tables.write(
        table,
        "Shares of the hyperparameters in the variance of results and of training time",
        *snakemake.output,
    )
