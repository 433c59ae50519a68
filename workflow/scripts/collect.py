"""Collect a study: all run files in, one table of trials and one of learning curves out."""

from odyssey.analysis.collect import curves_table, read_records, trials_table
from odyssey.analysis.files import write_csv, write_curves
from odyssey.console import job

with job(snakemake.log[0]):
    records = [record for path in snakemake.input.runs for record in read_records(path)]
    names = (snakemake.params.tasks, snakemake.params.variants)
    write_csv(trials_table(records, *names), snakemake.output.trials)
    write_curves(curves_table(records, *names), snakemake.output.curves)
