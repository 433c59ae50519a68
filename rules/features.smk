"""Corpora to features: one file of sequences a task, parsed once."""

if study.tasks.jsb:

    rule features_jsb:
        input:
            unpack(jsb_corpus),
        output:
            f"{RESULTS}/features/jsb.npz",
        log:
            f"{LOGS}/features/jsb.log",
        conda:
            "../envs/features.yaml"
        threads: 8
        params:
            source=study.tasks.jsb.source,
        script:
            "../workflow/scripts/features_jsb.py"


rule features:
    input:
        expand(f"{RESULTS}/features/{{task}}.npz", task=TASKS),
