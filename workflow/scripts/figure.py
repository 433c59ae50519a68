"""Draw a figure: the results that its entry in odyssey/catalogue.py names, in; pictures out."""

from importlib import import_module

from odyssey.console import job
from odyssey.figures import style
from odyssey.results import read

with job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    results = {name: read(name, given[name]) for name in params.results}
    figure = import_module(f"odyssey.figures.{params.module}")
    style.save(figure.draw(**results, **params.settings), snakemake.output)
