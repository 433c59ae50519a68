"""Make or fetch a task's corpus: its settings in, a folder out."""

from odyssey.console import Progress, job
from odyssey.tasks import read_settings

with job(snakemake.log[0]):
    show = Progress(f"{snakemake.wildcards.task}: making the corpus")
    read_settings(snakemake.params.settings).make_corpus(
        snakemake.output[0],
        snakemake.threads,
        lambda done, total: show(f"{done} of {total}"),
    )
