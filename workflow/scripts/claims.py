"""Judge the paper's claims: the study's effects in, a verdict on each statement out."""

from odyssey.analysis.claims import judge
from odyssey.analysis.files import write_csv
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    effects, distributions = (read(n, snakemake.input[n]) for n in ("effects", "distributions"))
    write_csv(judge(effects, distributions, kinds=snakemake.params.kinds), snakemake.output[0])
