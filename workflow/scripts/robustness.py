"""Compare each variant with vanilla under other choices: all trials in, a row a choice out."""

from odyssey.analysis.effects import margins
from odyssey.analysis.files import write_csv
from odyssey.analysis.robustness import analyse
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    trials, effects = (read(name, snakemake.input[name]) for name in ("trials", "effects"))
    params = snakemake.params
    rule = (params.best_fraction, params.alpha, params.correction, params.seed)
    write_csv(analyse(trials, *rule, margins(effects)), snakemake.output[0])
