"""Corpora that have to be fetched or made before they can be read."""

TO_BE_MADE = [task for task in TASKS if study.tasks[task].corpus_keys()]

if TO_BE_MADE:

    rule corpus:
        output:
            directory(f"{RESULTS}/corpora/{{task}}"),
        log:
            f"{LOGS}/corpora/{{task}}.log",
        wildcard_constraints:
            task="|".join(map(re.escape, TO_BE_MADE)),
        conda:
            "../envs/features.yaml"
        threads: 8
        params:
            preparation=PREPARATION,
            kind=lambda w: kind_digest(study.tasks[w.task].kind),
            settings=lambda w: study.tasks[w.task].of_corpus(),
        script:
            "../workflow/scripts/corpus.py"
