"""Figure 4: marginal predictions along each hyperparameter of vanilla, by fANOVA."""

from odyssey.analysis import fanova, selection
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.figures import figure_4, style

with job(snakemake.log[0]):
    distributions = read_csv(snakemake.input.distributions, selection.DISTRIBUTION_COLUMNS)
    marginals = read_csv(snakemake.input.marginals, fanova.MARGINAL_COLUMNS)
    engine = selection.engines(read_trials(snakemake.input.trials)).get("V", "")
    params = snakemake.params
    drawn = figure_4.draw(
        marginals, distributions, params.tasks, surrogate=params.surrogate, engine=engine
    )
    style.save(drawn, snakemake.output)
