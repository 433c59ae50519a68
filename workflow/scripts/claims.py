"""Judge the paper's claims: the study's tables in, a verdict on each statement out."""

from odyssey.analysis import claims, fanova, selection, welch
from odyssey.analysis.files import read_csv, write_csv
from odyssey.console import job

with job(snakemake.log[0]):
    tables = claims.Tables(
        read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS),
        read_csv(snakemake.input.welch, welch.COLUMNS),
        read_csv(snakemake.input.importance, fanova.IMPORTANCE_COLUMNS),
        read_csv(snakemake.input.marginals, fanova.MARGINAL_COLUMNS),
    )
    write_csv(claims.judge(tables), snakemake.output[0])
