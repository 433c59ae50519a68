"""Compare each variant with vanilla under other choices: all trials in, a row a choice out."""

from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.analysis.robustness import analyse
from odyssey.console import job

with job(snakemake.log[0]):
    params = snakemake.params
    rule = (params.best_fraction, params.alpha, params.correction, params.seed)
    write_csv(analyse(read_trials(snakemake.input.trials), *rule), snakemake.output[0])
