"""Complete a study: all its trials in; refused where a search is lost, unless that is allowed."""

from pathlib import Path

from odyssey.console import job
from odyssey.lost import last_words

with job(snakemake.log[0]):
    allowed = snakemake.params.allowed
    words = last_words(Path(snakemake.input.trials).parent, allowed)
    if words and not allowed:
        raise ValueError(words)
