"""Try cells in a few short trials each: cells that were bred, or known ones, in; results out."""

import os

# NumPy multiplies no matrices here: its threads would only spin.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from odyssey.config import read_study
from odyssey.console import Progress, job
from odyssey.evolution.breeding import read_lines, write_lines
from odyssey.evolution.outcome import KNOWN
from odyssey.evolution.trying import try_cells
from odyssey.features.sequences import load_with_digest

w, params, task = snakemake.wildcards, snakemake.params, snakemake.params.trying["task"]
if known := params.get("known"):
    cells = [{"generation": KNOWN, "name": name} for name in known]
else:
    cells = read_lines([snakemake.input.cells])[int(w.first) : int(w.last) + 1]
show = Progress(f"{task} {w.get('generation', 'known')}")

with job(snakemake.log[0]):
    tried = try_cells(
        read_study(snakemake.config),
        task,
        cells,
        *load_with_digest(snakemake.input.features),
        params.state,
        lambda name, place, count: show(f"{name} ({place} of {count})"),
    )
    write_lines(tried, snakemake.output[0])
