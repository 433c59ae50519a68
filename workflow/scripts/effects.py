"""Bring all estimates together: comparisons, spreads and what surrogates say, in; effects out."""

from odyssey.analysis import capacity, effects, reseeding
from odyssey.analysis.files import read_csv, write_csv
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    given = snakemake.input
    of_surrogates = read_csv(given.fanova, effects.COLUMNS).to_dict("records")
    rows = [
        *effects.of_comparisons(read("welch", given.welch)),
        *effects.of_distributions(
            read("distributions", given.distributions), snakemake.params.margins
        ),
        *of_surrogates,
        *effects.between(of_surrogates),
    ]
    for path in given.get("reseeded", []):
        rows += effects.of_reseeded(read_csv(path, reseeding.COLUMNS))
    for path in given.get("runs", []):
        runs = read_csv(path, reseeding.RESEEDED_COLUMNS)
        rows += capacity.of_runs(runs, snakemake.params.labels, snakemake.params.alpha)
    write_csv(effects.table(rows), snakemake.output[0])
