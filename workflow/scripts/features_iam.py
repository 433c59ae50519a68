"""IAM-OnDB: the corpus in, pen strokes and the characters of each line out."""

from odyssey.console import Progress, job
from odyssey.corpora import iam
from odyssey.features import strokes
from odyssey.features.sequences import save

with job(snakemake.log[0]):
    show = Progress("iam: reading boards")
    source = snakemake.params.source
    lines = iam.read(
        snakemake.input.corpus,
        paper_counts=source == "iam",
        processes=snakemake.threads,
        progress=lambda done, total: show(f"{done} of {total}"),
    )
    sequences = strokes.sequences(
        lines,
        f"{source}, standardised" if snakemake.params.standardised else source,
        source == "synthetic",
        snakemake.params.standardised,
    )
    save(sequences, snakemake.output[0])
