"""Take the first test line of a task's corpus, to be shown: its arrays out."""

import numpy as np

from odyssey.console import job
from odyssey.tasks import read_settings

with job(snakemake.log[0]):
    settings = read_settings(snakemake.params.settings)
    np.savez(snakemake.output[0], **settings.example(snakemake.input.get("made")))
