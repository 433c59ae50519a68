"""Lay out the study's tables: marked trials and tests in, CSV, Markdown and LaTeX out."""

from pathlib import Path

from odyssey.analysis import tables, welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job

with job(snakemake.log[0]):
    marked = read_trials(snakemake.input.trials)
    tests = read_csv(snakemake.input.welch, welch.COLUMNS)
    folder = Path(snakemake.output[0]).parent
    for name, (table, caption) in {
        "best_trials": (tables.best_trials(marked), "The best trial of each cell, by validation"),
        "tests": (
            tables.tests(tests, marked),
            "Welch's t-tests of the best trials against vanilla",
        ),
        "costs": (tables.costs(marked), "What the trials cost"),
    }.items():
        files = (folder / f"{name}.{ext}" for ext in ("csv", "md", "tex"))
        tables.write(table, caption, *files)
