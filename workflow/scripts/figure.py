"""Draw a figure, or that of several variants: the results that its entry names in; pictures out.

The entry is that of odyssey/catalogue.py.
"""

from importlib import import_module

from odyssey.console import job
from odyssey.figures import style
from odyssey.results import read

with job(snakemake.log[0]):
    given, params, paths = snakemake.input, snakemake.params, list(snakemake.output)
    results = {name: read(name, given[name]) for name in params.results}
    draw = import_module(f"odyssey.figures.{params.module}").draw
    for place, settings in enumerate(params.settings):
        # All that are of one format stand together.
        style.save(draw(**results, **settings), paths[place :: len(params.settings)])
