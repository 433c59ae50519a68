"""Corpora to features: one file of sequences a task, parsed once."""

if study.tasks.timit:

    rule features_timit:
        input:
            unpack(timit_corpus),
        output:
            f"{RESULTS}/features/timit.npz",
        log:
            f"{LOGS}/features/timit.log",
        conda:
            "../envs/features.yaml"
        threads: 8
        params:
            preparation=PREPARATION,
            source=study.tasks.timit.source,
            sizes=study.tasks.timit.synthetic.model_dump(),
        script:
            "../workflow/scripts/features_timit.py"


if study.tasks.iam:

    rule features_iam:
        input:
            unpack(iam_corpus),
        output:
            f"{RESULTS}/features/iam.npz",
        log:
            f"{LOGS}/features/iam.log",
        conda:
            "../envs/features.yaml"
        threads: 8
        params:
            preparation=PREPARATION,
            source=study.tasks.iam.source,
            standardised=study.tasks.iam.standardised,
        script:
            "../workflow/scripts/features_iam.py"

    rule line_of_handwriting:
        input:
            unpack(iam_corpus),
        output:
            f"{RESULTS}/features/iam_line.npz",
        log:
            f"{LOGS}/features/iam_line.log",
        conda:
            "../envs/features.yaml"
        params:
            synthetic=study.tasks.iam.source == "synthetic",
        script:
            "../workflow/scripts/line_of_handwriting.py"


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
            preparation=PREPARATION,
            source=study.tasks.jsb.source,
        script:
            "../workflow/scripts/features_jsb.py"


rule features:
    input:
        expand(f"{RESULTS}/features/{{task}}.npz", task=TASKS),
