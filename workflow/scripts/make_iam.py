"""Make up handwriting: sizes and a seed in, a corpus in IAM-OnDB's format on disk out."""

from odyssey.console import job
from odyssey.corpora import synthetic_handwriting

with job(snakemake.log[0]):
    sizes = snakemake.params.sizes
    synthetic_handwriting.write(
        snakemake.output[0],
        sizes["seed"],
        sizes["train"],
        sizes["validation"],
        sizes["test"],
        (sizes["words"]["low"], sizes["words"]["high"]),
        sizes["pen_speed"],
    )
