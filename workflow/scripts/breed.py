"""Breed a generation of cells: all cells that have been tried, in; their children out."""

from odyssey.console import job
from odyssey.evolution import breeding

params, generation = snakemake.params, int(snakemake.wildcards.generation)
with job(snakemake.log[0]):
    generator = breeding.generator_of(params.seed, params.task, generation)
    if generation == 0:
        cells = breeding.first(params.population, generator)
    else:
        tried = breeding.read_lines(snakemake.input)
        cells = breeding.children(
            tried, params.population, params.tournament, generation, generator
        )
    breeding.write_lines(cells, snakemake.output[0])
