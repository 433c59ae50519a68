"""Print a table, as CSV, Markdown and LaTeX: what its entry in odyssey/catalogue.py names, in."""

from odyssey.analysis import tables
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    results = [read(name, given[name]) for name in params.results]
    table = getattr(tables, params.function)(*results)
    beware = "; seconds of different engines do not compare" if "trained_by" in table else ""
    tables.write(table, params.title + beware, *snakemake.output)
