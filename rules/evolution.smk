"""Cells bred from random ones, generation by generation, to the best of them and its equations."""

import json

# The task by which cells are judged.
(JUDGE,) = TASKS


def shards_of_generation(generation):
    """The files of what its cells have come to; how many cells there are, breeding decides."""
    bred = checkpoints.breed.get(generation=generation).output[0]
    with open(bred, encoding="utf-8") as file:
        cells = sum(1 for _ in file)
    per_job = study.evolution.cells_per_job
    return [
        f"{RESULTS}/tried/{generation}/{first}-{min(first + per_job, cells) - 1}.jsonl"
        for first in range(0, cells, per_job)
    ]


def tried_before(generation):
    """All that has been tried before a generation."""
    return [file for g in range(generation) for file in shards_of_generation(g)]


wildcard_constraints:
    generation=r"0|[1-9]\d*",


localrules:
    breed,
    collect_bred,


checkpoint breed:
    input:
        lambda w: tried_before(int(w.generation)),
    output:
        f"{RESULTS}/bred/{{generation}}.jsonl",
    log:
        f"{LOGS}/bred/{{generation}}.log",
    conda:
        "../envs/training.yaml"
    params:
        # In one: Snakemake compares parameters without their names, as a set.
        breeding={
            "version": BREEDING,
            "seed": study.seed,
            "task": JUDGE,
            "population": study.evolution.population,
            "tournament": study.evolution.tournament,
        },
    script:
        "../workflow/scripts/breed.py"


# What the trials of all cells follow from, in one for the same reason.
TRYING = {
    "task": JUDGE,
    "seed": study.seed,
    "search": study.search.model_dump(),
    "also_search": study.tasks[JUDGE].also_search,
    "epochs": study.epochs(JUDGE),
    "patience": study.training.patience,
    "procedure": PROCEDURE,
}


rule try_bred:
    input:
        cells=f"{RESULTS}/bred/{{generation}}.jsonl",
        features=f"{RESULTS}/features/{JUDGE}.npz",
    output:
        f"{RESULTS}/tried/{{generation}}/{{first}}-{{last}}.jsonl",
    log:
        f"{LOGS}/tried/{{generation}}/{{first}}-{{last}}.log",
    conda:
        "../envs/training.yaml"
    params:
        trying=TRYING,
        state=f"{RESULTS}/state/tried",
    script:
        "../workflow/scripts/try_cells.py"


rule try_known:
    input:
        features=f"{RESULTS}/features/{JUDGE}.npz",
        own=ancient(list(study.cells.values())),
    output:
        f"{RESULTS}/tried/known.jsonl",
    log:
        f"{LOGS}/tried/known.log",
    conda:
        "../envs/training.yaml"
    params:
        trying=TRYING,
        state=f"{RESULTS}/state/known",
        known={variant: study.cell(variant).digest for variant in study.variants},
        # Of what waits for a checkpoint Snakemake sees no changed parameter: so more generations
        # are asked for here, where what is known is tried again at no cost.
        generations=("generations", study.evolution.generations),
    script:
        "../workflow/scripts/try_cells.py"


rule collect_bred:
    input:
        known=rules.try_known.output[0],
        bred=lambda w: tried_before(study.evolution.generations),
        code=own_code("collect_bred", "evolution/outcome"),
    output:
        generations=f"{RESULTS}/generations.csv",
        winner=f"{RESULTS}/winner.py",
    log:
        f"{LOGS}/generations.log",
    conda:
        "../envs/training.yaml"
    params:
        task=JUDGE,
    script:
        "../workflow/scripts/collect_bred.py"


COLLECTED, ESTIMATES = [], list(rules.collect_bred.output)
