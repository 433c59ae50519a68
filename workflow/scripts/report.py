"""The report: marked trials, curves, tests, and what else the study has, in; one page out."""

import pandas as pd

from odyssey.analysis import budget, claims, effects, fanova, welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.console import job
from odyssey.files import write_atomically
from odyssey.machine import machine
from odyssey.report.files import read_pictures, read_tables, versions
from odyssey.report.page import Contents, render

TABLES = {
    "importance": fanova.IMPORTANCE_COLUMNS,
    "effects": effects.COLUMNS,
    "claims": claims.COLUMNS,
    "budget": budget.COLUMNS,
}

with job(snakemake.log[0]):
    given = snakemake.input
    page = render(
        Contents(
            configuration=snakemake.params.configuration,
            tasks=snakemake.params.tasks,
            trials=read_trials(given.trials),
            curves=pd.read_parquet(given.curves),
            welch=read_csv(given.welch, welch.COLUMNS),
            pictures=read_pictures(given.figures),
            tables=read_tables(given.tables),
            versions=versions(),
            machine=machine(),
            **{name: read_csv(given[name], types) for name, types in TABLES.items()},
        )
    )
    write_atomically(snakemake.output[0], lambda file: file.write(page.encode()))
