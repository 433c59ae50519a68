"""Corpora that have to be fetched or made before they can be read."""

if study.tasks.timit and study.tasks.timit.source == "synthetic":

    rule make_timit:
        output:
            directory(f"{RESULTS}/corpora/timit"),
        log:
            f"{LOGS}/corpora/timit.log",
        conda:
            "../envs/features.yaml"
        threads: 8
        params:
            preparation=PREPARATION,
            sizes=study.tasks.timit.synthetic.model_dump(),
        script:
            "../workflow/scripts/make_timit.py"


if study.tasks.iam and study.tasks.iam.source == "synthetic":

    rule make_iam:
        output:
            directory(f"{RESULTS}/corpora/iam"),
        log:
            f"{LOGS}/corpora/iam.log",
        conda:
            "../envs/features.yaml"
        params:
            preparation=PREPARATION,
            sizes=study.tasks.iam.synthetic.model_dump(),
        script:
            "../workflow/scripts/make_iam.py"


if study.tasks.jsb and study.tasks.jsb.source == "download":

    rule download_jsb:
        output:
            f"{RESULTS}/corpora/{Path(study.tasks.jsb.url).name}",
        log:
            f"{LOGS}/corpora/jsb.log",
        conda:
            "../envs/features.yaml"
        params:
            url=study.tasks.jsb.url,
            sha256=study.tasks.jsb.sha256,
        script:
            "../workflow/scripts/download_jsb.py"
