"""Mark each cell's best trials by validation: trials in, marked trials and distributions out."""

from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.analysis.selection import distributions, select
from odyssey.console import job

with job(snakemake.log[0]):
    marked = select(read_trials(snakemake.input.trials), snakemake.params.best_fraction)
    write_csv(marked, snakemake.output.trials)
    write_csv(distributions(marked), snakemake.output.distributions)
