"""Breed a generation of cells: all cells that have been tried, in; their children out."""

from odyssey.console import job
from odyssey.evolution import breeding

how, generation = snakemake.params.breeding, int(snakemake.wildcards.generation)
with job(snakemake.log[0]):
    generator = breeding.generator_of(how["seed"], how["task"], generation)
    if generation == 0:
        cells = breeding.first(how["population"], generator)
    else:
        tried = breeding.read_lines(snakemake.input)
        cells = breeding.children(
            tried, how["population"], how["tournament"], generation, generator
        )
    breeding.write_lines(cells, snakemake.output[0])
