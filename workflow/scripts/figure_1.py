"""Figure 1: the block, a simple recurrent unit, and what each variant changes."""

from odyssey.console import job
from odyssey.figures import figure_1, style

with job(snakemake.log[0]):
    style.save(figure_1.draw(snakemake.params.variants), snakemake.output)
