"""Draw a cell's trials: the study's seed and search ranges in, a trials table out."""

from odyssey.config import Search
from odyssey.console import job
from odyssey.search import draw_trial
from odyssey.trials import write_trials

with job(snakemake.log[0]):
    search = Search.model_validate(snakemake.params.search)
    cell = (snakemake.wildcards.task, snakemake.wildcards.variant)
    trials = [
        draw_trial(search, snakemake.params.also_search, snakemake.params.seed, *cell, trial)
        for trial in range(search.trials)
    ]
    write_trials(snakemake.output[0], trials)
