"""The search space to trials: one table a cell."""


rule draw_trials:
    output:
        f"{RESULTS}/trials/{{task}}/{{variant}}.csv",
    log:
        f"{LOGS}/trials/{{task}}/{{variant}}.log",
    conda:
        "../envs/training.yaml"
    params:
        trials=lambda w: drawn_trials(w.task, w.variant),
    script:
        "../workflow/scripts/draw_trials.py"


rule trials:
    input:
        expand(
            f"{RESULTS}/trials/{{task}}/{{variant}}.csv",
            task=TASKS,
            variant=study.variants,
        ),
