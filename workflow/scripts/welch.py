"""Compare each variant with vanilla: marked trials in, one test a cell out."""

from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import write_csv
from odyssey.analysis.welch import compare
from odyssey.console import job

with job(snakemake.log[0]):
    marked = read_trials(snakemake.input.trials)
    params = snakemake.params
    rule = (params.alpha, params.correction, params.selection_luck)
    tests = compare(marked, *rule, seed=params.seed)
    write_csv(tests, snakemake.output[0])
