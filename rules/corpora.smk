"""Corpora that have to be fetched or made before they can be read."""

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
