"""Compile the fused engine's kernel, once a study: odyssey/cells/fused.cpp in, a library out."""

from odyssey.cells.build import build
from odyssey.console import job

with job(snakemake.log[0]):
    build(snakemake.output[0], snakemake.wildcards.instruction_set)
