"""JSB Chorales: the corpus in, piano-rolls to predict step by step out."""

from odyssey.console import Progress, job
from odyssey.corpora import jsb
from odyssey.features import pianoroll
from odyssey.features.sequences import save

with job(snakemake.log[0]):
    source = snakemake.params.source
    show = Progress("jsb: reading scores")
    if source == "music21":
        corpus = jsb.read_music21(
            workers=snakemake.threads,
            progress=lambda done, total: show(f"{done} of {total}"),
        )
    else:
        read = {"json": jsb.read_json, "pickle": jsb.read_pickle, "download": jsb.read_file}
        corpus = read[source](snakemake.input.corpus)
    save(pianoroll.sequences(corpus, source), snakemake.output[0])
