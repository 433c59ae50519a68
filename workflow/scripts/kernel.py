"""Compile a cell's kernel: its equations and odyssey/cells/fused.cpp in, a library out."""

from pathlib import Path

from odyssey.cells.build import build
from odyssey.cells.variants import cell
from odyssey.console import job

with job(snakemake.log[0]):
    link, w = Path(snakemake.output[0]), snakemake.wildcards
    library = link.with_name(f"{w.variant}-{snakemake.params.digest}.so")
    build(cell(w.variant, snakemake.input.get("cell") or None), library, snakemake.params.instruction_set)
    link.unlink(missing_ok=True)
    link.symlink_to(library.name)
