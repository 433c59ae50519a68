"""Tell the luck of seeds from hyperparameters: marked trials and new seeds in, a table out."""

from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.reseeding import RESEEDED_COLUMNS, compare
from odyssey.console import job
from odyssey.results import read

with job(snakemake.log[0]):
    marked = read("marked", snakemake.input.marked)
    reseeded = read_csv(snakemake.input.reseeded, RESEEDED_COLUMNS)
    write_csv(compare(marked, reseeded, snakemake.params.alpha), snakemake.output[0])
