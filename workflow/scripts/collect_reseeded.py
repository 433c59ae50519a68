"""Collect the selected trials' new seeds: all their run files in, one table out."""

from pathlib import Path

import pandas as pd

from odyssey.analysis.collect import read_records, trials_table
from odyssey.analysis.files import write_csv
from odyssey.console import job

with job(snakemake.log[0]):
    names = (snakemake.params.tasks, snakemake.params.variants)
    of_repeat = {}
    for path in snakemake.input.runs:
        of_repeat.setdefault(int(Path(path).stem), []).extend(read_records(path))
    tables = [
        trials_table(records, *names).assign(repeat=repeat)
        for repeat, records in sorted(of_repeat.items())
    ]
    write_csv(pd.concat(tables, ignore_index=True), snakemake.output[0])
