"""Compare each variant with vanilla: marked trials in, one test a search out."""

from odyssey.analysis.files import write_csv
from odyssey.analysis.welch import compare
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    params = snakemake.params
    rule = (params.alpha, params.correction, params.selection_luck)
    tests = compare(read("marked", snakemake.input.marked), *rule, seed=params.seed)
    write_csv(tests, snakemake.output[0])
