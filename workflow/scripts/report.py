"""The report: marked trials, curves, tests, and what else the study has, in; one page out."""

from odyssey.console import job
from odyssey.files import write_atomically
from odyssey.machine import machine
from odyssey.report.files import read_pictures, read_tables, versions
from odyssey.report.page import Contents, render
from odyssey.results import read

PARTS = {"trials": "marked", "budget": "expected"}
PARTS |= {name: name for name in ("curves", "welch", "importance", "effects", "claims")}

with job(snakemake.log[0]):
    given = snakemake.input
    page = render(
        Contents(
            configuration=snakemake.params.configuration,
            tasks=snakemake.params.tasks,
            pictures=read_pictures(given.figures),
            tables=read_tables(given.tables),
            versions=versions(),
            machine=machine(),
            **{part: read(name, given[name]) for part, name in PARTS.items()},
        )
    )
    write_atomically(snakemake.output[0], lambda file: file.write(page.encode()))
