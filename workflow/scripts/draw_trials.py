"""Write a cell's trials, which the rule has drawn, as a table."""

from odyssey.console import job
from odyssey.trials import write_trials

with job(snakemake.log[0]):
    write_trials(snakemake.output[0], snakemake.params.trials)
