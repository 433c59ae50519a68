"""The supplement: figures 4 to 6 again, for one variant and one surrogate."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_4, figure_5, figure_6, style

with job(snakemake.log[0]):
    given, variant = snakemake.input, snakemake.wildcards.variant
    distributions = read_csv(given.distributions, selection.DISTRIBUTION_COLUMNS)
    for name, module, table in (
        ("figure_4", figure_4, read_csv(given.marginals, fanova.MARGINAL_COLUMNS)),
        ("figure_5", figure_5, read_csv(given.importance, fanova.IMPORTANCE_COLUMNS)),
        ("figure_6", figure_6, read_csv(given.interactions, fanova.INTERACTION_COLUMNS)),
    ):
        drawn = module.draw(table, distributions, variant, snakemake.params.surrogate)
        style.save(drawn, [path for path in snakemake.output if f"{name}_" in path])
