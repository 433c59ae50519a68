"""How the best trial of each cell learned."""

import pandas as pd

from odyssey.analysis import selection, tables
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import learning_curves, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    best = read_csv(snakemake.input.best, tables.BEST_COLUMNS)
    curves = pd.read_parquet(snakemake.input.curves)
    style.save(
        learning_curves.draw(curves, best, distributions, snakemake.params.tasks), snakemake.output
    )
