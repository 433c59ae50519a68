"""The supplement: figures 4 to 6 again, for one variant and one surrogate."""

from functools import partial

from odyssey.analysis import fanova, selection
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_4, figure_5, figure_6, style

with job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    variant = snakemake.wildcards.variant
    engine = selection.engines(read_trials(given.trials)).get(variant, "")
    distributions = read_csv(given.distributions, selection.DISTRIBUTION_COLUMNS)
    for name, draw, table in (
        (
            "figure_4",
            partial(figure_4.draw, engine=engine),
            read_csv(given.marginals, fanova.MARGINAL_COLUMNS),
        ),
        ("figure_5", figure_5.draw, read_csv(given.importance, fanova.IMPORTANCE_COLUMNS)),
        ("figure_6", figure_6.draw, read_csv(given.interactions, fanova.INTERACTION_COLUMNS)),
    ):
        drawn = draw(table, distributions, params.tasks, variant, params.surrogate)
        style.save(drawn, [path for path in snakemake.output if f"{name}_" in path])
