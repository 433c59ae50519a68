"""Mark each search's best trials by validation: trials in, their marks and distributions out."""

from odyssey.analysis.files import write_csv
from odyssey.analysis.selection import MARK_COLUMNS, distributions, select
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    marked = select(read("trials", snakemake.input.trials), snakemake.params.best_fraction)
    write_csv(marked[list(MARK_COLUMNS)], snakemake.output.marks)
    write_csv(distributions(marked), snakemake.output.distributions)
