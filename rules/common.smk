"""Functions that rules take inputs and parameters from."""


def timit_corpus(wildcards):
    """The folder of speech, the user's own or one made up."""
    made_up = study.tasks.timit.source == "synthetic"
    return {"corpus": rules.make_timit.output[0] if made_up else study.tasks.timit.path}


def iam_corpus(wildcards):
    """The folder of handwriting, the user's own or one made up."""
    made_up = study.tasks.iam.source == "synthetic"
    return {"corpus": rules.make_iam.output[0] if made_up else study.tasks.iam.path}


def jsb_corpus(wildcards):
    """The chorales' file; music21 carries its scores itself."""
    if study.tasks.jsb.source == "download":
        return {"corpus": rules.download_jsb.output[0]}
    return {"corpus": study.tasks.jsb.path} if study.tasks.jsb.path else {}


def drawn(wildcards):
    """The trials of a shard, as the cell's table has them: both are drawn from the same seeds."""
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


def drawn_by(name):
    """The modules that draw a figure."""
    return [f"{LIBRARY}/figures/{module}.py" for module in (name, "style")]
