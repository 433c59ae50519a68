"""The search space to trials: one table a cell."""


rule draw_trials:
    output:
        f"{RESULTS}/trials/{{task}}/{{variant}}.csv",
    log:
        f"{LOGS}/trials/{{task}}/{{variant}}.log",
    conda:
        "../envs/training.yaml"
    params:
        search=study.search.model_dump(),
        also_search=lambda w: study.tasks[w.task].also_search,
        seed=study.seed,
    script:
        "../workflow/scripts/draw_trials.py"


rule trials:
    input:
        expand(
            f"{RESULTS}/trials/{{task}}/{{variant}}.csv",
            task=TASKS,
            variant=study.variants,
        ),
