"""TIMIT: the corpus in, cepstral coefficients and the phone of each frame out."""

from odyssey.console import Progress, job
from odyssey.corpora import timit
from odyssey.features import mfcc
from odyssey.features.sequences import save

with job(snakemake.log[0]):
    show = Progress("timit: reading sentences")
    source, sizes = snakemake.params.source, snakemake.params.sizes
    speakers = (sizes["train"], sizes["validation"], sizes["test"])
    counts = tuple(8 * number for number in speakers) if source == "synthetic" else None
    utterances = timit.read(snakemake.input.corpus, source, counts)
    sequences = mfcc.sequences(
        utterances,
        source,
        processes=snakemake.threads,
        progress=lambda done, total: show(f"{done} of {total}"),
    )
    save(sequences, snakemake.output[0])
