"""Corpora to features: one file of sequences a task, parsed once."""

# Of those tasks whose corpora have something to be looked at.
SHOWN = [task for task in TASKS if study.tasks[task].example]
# What decides, beside code, what is made of a corpus.
DECIDING = {
    "preparation": PREPARATION,
    "kind": lambda w: kind_digest(study.tasks[w.task].kind),
    "files": files_of,
    "settings": lambda w: study.tasks[w.task].of_features(),
}


rule features_of_task:
    input:
        unpack(corpus_of),
    output:
        f"{RESULTS}/features/{{task}}.npz",
    log:
        f"{LOGS}/features/{{task}}.log",
    conda:
        "../envs/features.yaml"
    threads: 8
    params:
        **DECIDING,
    script:
        "../workflow/scripts/features.py"


if SHOWN:

    rule example:
        input:
            unpack(corpus_of),
        output:
            f"{RESULTS}/features/{{task}}_line.npz",
        log:
            f"{LOGS}/features/{{task}}_line.log",
        wildcard_constraints:
            task="|".join(map(re.escape, SHOWN)),
        conda:
            "../envs/features.yaml"
        params:
            **DECIDING,
        script:
            "../workflow/scripts/example.py"


rule features:
    input:
        expand(f"{RESULTS}/features/{{task}}.npz", task=TASKS),
