"""Runs to tables: all trials in one, the best of each cell, and their comparison with vanilla."""

TABLE_FORMATS = ["csv", "md", "tex"]
TABLES = ["best_trials", "tests", "costs"]


rule collect:
    input:
        runs=rules.runs.input,
        module=f"{LIBRARY}/analysis/collect.py",
    output:
        trials=f"{RESULTS}/trials.csv",
        curves=f"{RESULTS}/curves.parquet",
    log:
        f"{LOGS}/collect.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=TASKS,
        variants=study.variants,
    script:
        "../workflow/scripts/collect.py"


rule select_best:
    input:
        trials=rules.collect.output.trials,
        module=f"{LIBRARY}/analysis/selection.py",
    output:
        trials=f"{RESULTS}/selection/trials.csv",
        distributions=f"{RESULTS}/selection/distributions.csv",
    log:
        f"{LOGS}/selection.log",
    conda:
        "../envs/analysis.yaml"
    params:
        best_fraction=study.analysis.best_fraction,
    script:
        "../workflow/scripts/select_best.py"


rule welch:
    input:
        trials=rules.select_best.output.trials,
        module=f"{LIBRARY}/analysis/welch.py",
    output:
        f"{RESULTS}/tests/welch.csv",
    log:
        f"{LOGS}/tests/welch.log",
    conda:
        "../envs/analysis.yaml"
    params:
        alpha=study.analysis.alpha,
        correction=study.analysis.correction,
    script:
        "../workflow/scripts/welch.py"


rule tables:
    input:
        trials=rules.select_best.output.trials,
        welch=rules.welch.output[0],
        module=f"{LIBRARY}/analysis/tables.py",
    output:
        expand(f"{RESULTS}/tables/{{table}}.{{ext}}", table=TABLES, ext=TABLE_FORMATS),
    log:
        f"{LOGS}/tables.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/tables.py"


rule analysis:
    input:
        rules.collect.output,
        rules.select_best.output,
        rules.welch.output,
        rules.tables.output,
