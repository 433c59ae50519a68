"""Functions that rules take inputs and parameters from."""


def jsb_corpus(wildcards):
    """The chorales' file; music21 carries its scores itself."""
    if study.tasks.jsb.source == "download":
        return {"corpus": rules.download_jsb.output[0]}
    return {"corpus": study.tasks.jsb.path} if study.tasks.jsb.path else {}


def drawn(wildcards):
    """The shard's trials, so that Snakemake trains again what a new range or seed has changed."""
    return [
        draw_trial(
            study.search,
            study.tasks.chosen[wildcards.task].also_search,
            study.seed,
            wildcards.task,
            wildcards.variant,
            trial,
        )
        for trial in range(int(wildcards.first), int(wildcards.last) + 1)
    ]
