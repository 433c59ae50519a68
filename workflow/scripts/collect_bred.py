"""Bring all cells that were tried together: their results in; a table, and the best cell, out."""

from pathlib import Path

from odyssey.analysis.files import write_csv
from odyssey.console import job
from odyssey.evolution import breeding, outcome

with job(snakemake.log[0]):
    bred = breeding.read_lines(snakemake.input.bred)
    known = breeding.read_lines([snakemake.input.known])
    write_csv(outcome.table(snakemake.params.task, known + bred), snakemake.output.generations)
    Path(snakemake.output.winner).write_text(outcome.winner(bred), encoding="utf-8")
