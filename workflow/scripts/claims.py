"""Judge the paper's claims: the study's effects in, a verdict on each statement out."""

from odyssey.analysis import claims, effects, selection
from odyssey.analysis.files import read_csv, write_csv
from odyssey.console import job

with job(snakemake.log[0]):
    judged = claims.judge(
        read_csv(snakemake.input.effects, effects.COLUMNS),
        read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS),
        kinds=snakemake.params.kinds,
    )
    write_csv(judged, snakemake.output[0])
