"""Compare each variant with vanilla under other choices: all trials in, a row a choice out."""

from odyssey.analysis import effects
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.robustness import analyse
from odyssey.console import job

with job(snakemake.log[0]):
    params = snakemake.params
    rule = (params.best_fraction, params.alpha, params.correction, params.seed)
    margins = effects.margins(read_csv(snakemake.input.effects, effects.COLUMNS))
    write_csv(analyse(read_trials(snakemake.input.trials), *rule, margins), snakemake.output[0])
