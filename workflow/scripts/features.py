"""Make a task's features: its corpus and settings in, sequences of frames and targets out."""

from odyssey.console import Progress, job
from odyssey.features.sequences import save
from odyssey.tasks import features, read_settings

with job(snakemake.log[0]):
    task, settings = snakemake.wildcards.task, read_settings(snakemake.params.settings)
    show = Progress(f"{task}: reading {settings.ITEMS}")
    made = features(
        task,
        settings,
        snakemake.input.get("made"),
        snakemake.threads,
        lambda done, total: show(f"{done} of {total}"),
    )
    save(made, snakemake.output[0])
