"""Compile a cell's kernel: its equations and odyssey/cells/fused.cpp in, a library out."""

from pathlib import Path

from odyssey.cells.build import build, kernel_file
from odyssey.config import read_study
from odyssey.console import job

with job(snakemake.log[0]):
    study, link = read_study(snakemake.config), Path(snakemake.output[0])
    cell, instruction_set = study.cell(snakemake.wildcards.variant), study.training.instruction_set
    library = kernel_file(link, cell, instruction_set)
    build(cell, library, instruction_set)
    link.unlink(missing_ok=True)
    link.symlink_to(library.name)
