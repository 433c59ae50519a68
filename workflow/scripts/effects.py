"""Bring all estimates together: comparisons, spreads and what surrogates say, in; effects out."""

from odyssey.analysis import effects, reseeding, selection, welch
from odyssey.analysis.files import read_csv, write_csv
from odyssey.console import job

with job(snakemake.log[0]):
    given = snakemake.input
    distributions = read_csv(given.distributions, selection.DISTRIBUTION_COLUMNS)
    rows = [
        *effects.of_comparisons(read_csv(given.welch, welch.COLUMNS)),
        *effects.of_distributions(distributions, snakemake.params.margins),
        *read_csv(given.fanova, effects.COLUMNS).to_dict("records"),
    ]
    for path in given.get("reseeded", []):
        rows += effects.of_reseeded(read_csv(path, reseeding.COLUMNS))
    write_csv(effects.table(rows), snakemake.output[0])
