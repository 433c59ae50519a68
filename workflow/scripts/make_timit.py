"""Make up speech: sizes and a seed in, a corpus in TIMIT's format on disk out."""

from odyssey.console import Progress, job
from odyssey.corpora import synthetic_speech

with job(snakemake.log[0]):
    show = Progress("timit: synthesising speakers")
    sizes = snakemake.params.sizes
    synthetic_speech.write(
        snakemake.output[0],
        sizes["seed"],
        sizes["train"],
        sizes["validation"],
        sizes["test"],
        (sizes["words"]["low"], sizes["words"]["high"]),
        processes=snakemake.threads,
        progress=lambda done, total: show(f"{done} of {total}"),
    )
