"""Figure 1: the block, a simple recurrent unit, what each variant changes, and all other cells."""

from odyssey.console import job
from odyssey.figures import figure_1, style

with job(snakemake.log[0]):
    drawn = figure_1.draw(snakemake.params.variants, snakemake.params.own)
    style.save(drawn, snakemake.output)
