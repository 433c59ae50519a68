"""Runs to tables: all trials in one, the best of each cell, and their comparison with vanilla."""

TABLE_TEXTS = ["md", "tex"]


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
        modules=expand(
            f"{LIBRARY}/analysis/{{module}}.py", module=["permutation", "welch"]
        ),
    output:
        f"{RESULTS}/tests/welch.csv",
    log:
        f"{LOGS}/tests/welch.log",
    conda:
        "../envs/analysis.yaml"
    params:
        alpha=study.analysis.alpha,
        correction=study.analysis.correction,
        selection_luck=study.analysis.selection_luck,
        seed=study.seed,
    script:
        "../workflow/scripts/welch.py"


rule fanova:
    input:
        trials=rules.collect.output.trials,
        modules=expand(
            f"{LIBRARY}/analysis/{{module}}.py",
            module=[
                "boxes",
                "effects",
                "fanova",
                "forests",
                "gp",
                "readings",
                "surrogates",
            ],
        ),
        hyperparameters=f"{LIBRARY}/hyperparameters.py",
    output:
        importance=f"{RESULTS}/fanova/importance.csv",
        marginals=f"{RESULTS}/fanova/marginals.csv",
        interactions=f"{RESULTS}/fanova/interactions.csv",
        diagnostics=f"{RESULTS}/fanova/diagnostics.csv",
        effects=f"{RESULTS}/fanova/effects.csv",
    log:
        f"{LOGS}/fanova.log",
    conda:
        "../envs/analysis.yaml"
    threads: 8
    params:
        ranges=study.search.ranges,
        seed=study.seed,
        trees=study.analysis.trees,
        backend=study.analysis.fanova_backend,
    script:
        "../workflow/scripts/fanova_cells.py"


rule budget:
    input:
        trials=rules.collect.output.trials,
        module=f"{LIBRARY}/analysis/budget.py",
    output:
        expected=f"{RESULTS}/budget/expected_best.csv",
        fronts=f"{RESULTS}/budget/fronts.csv",
    log:
        f"{LOGS}/budget.log",
    conda:
        "../envs/analysis.yaml"
    params:
        seed=study.seed,
        alpha=study.analysis.alpha,
    script:
        "../workflow/scripts/budget.py"


rule robustness:
    input:
        trials=rules.collect.output.trials,
        effects=f"{RESULTS}/effects.csv",
        modules=expand(
            f"{LIBRARY}/analysis/{{module}}.py",
            module=["permutation", "robustness", "selection", "verdicts", "welch"],
        ),
    output:
        f"{RESULTS}/tests/robustness.csv",
    log:
        f"{LOGS}/tests/robustness.log",
    conda:
        "../envs/analysis.yaml"
    params:
        best_fraction=study.analysis.best_fraction,
        alpha=study.analysis.alpha,
        correction=study.analysis.correction,
        seed=study.seed,
    script:
        "../workflow/scripts/robustness.py"


rule effects:
    input:
        distributions=rules.select_best.output.distributions,
        welch=rules.welch.output[0],
        fanova=rules.fanova.output.effects,
        reseeded=[f"{RESULTS}/tests/reseeded.csv"] if study.analysis.reseed else [],
        module=f"{LIBRARY}/analysis/effects.py",
    output:
        f"{RESULTS}/effects.csv",
    log:
        f"{LOGS}/effects.log",
    conda:
        "../envs/analysis.yaml"
    params:
        margins=study.analysis.margins,
    script:
        "../workflow/scripts/effects.py"


rule claims:
    input:
        distributions=rules.select_best.output.distributions,
        effects=rules.effects.output[0],
        coverage=f"{LIBRARY}/analysis/coverage.csv",
        modules=expand(
            f"{LIBRARY}/analysis/{{module}}.py",
            module=["claims", "statements", "verdicts"],
        ),
    output:
        f"{RESULTS}/claims.csv",
    log:
        f"{LOGS}/claims.log",
    conda:
        "../envs/analysis.yaml"
    params:
        kinds={task: settings.kind for task, settings in study.tasks.items()},
    script:
        "../workflow/scripts/claims.py"


if study.analysis.reseed:

    rule luck_of_seeds:
        input:
            trials=rules.select_best.output.trials,
            reseeded=f"{RESULTS}/reseed/trials.csv",
            modules=expand(
                f"{LIBRARY}/analysis/{{module}}.py", module=["reseeding", "welch"]
            ),
        output:
            f"{RESULTS}/tests/reseeded.csv",
        log:
            f"{LOGS}/tests/reseeded.log",
        conda:
            "../envs/analysis.yaml"
        params:
            alpha=study.analysis.alpha,
        script:
            "../workflow/scripts/luck_of_seeds.py"


rule table_best_trials:
    input:
        trials=rules.select_best.output.trials,
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/best_trials.csv",
            caption="../workflow/captions/best_trials.rst",
            category="Tables",
            labels={"table": "best trials"},
        ),
        expand(f"{RESULTS}/tables/best_trials.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/best_trials.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_best_trials.py"


rule table_tests:
    input:
        trials=rules.select_best.output.trials,
        welch=rules.welch.output[0],
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/tests.csv",
            caption="../workflow/captions/tests.rst",
            category="Tables",
            labels={"table": "tests"},
        ),
        expand(f"{RESULTS}/tables/tests.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/tests.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_tests.py"


rule table_importance:
    input:
        trials=rules.select_best.output.trials,
        importance=rules.fanova.output.importance,
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/importance.csv",
            caption="../workflow/captions/importance.rst",
            category="Tables",
            labels={"table": "importance"},
        ),
        expand(f"{RESULTS}/tables/importance.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/importance.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_importance.py"


rule table_robustness:
    input:
        trials=rules.select_best.output.trials,
        robustness=rules.robustness.output[0],
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/robustness.csv",
            caption="../workflow/captions/robustness.rst",
            category="Tables",
            labels={"table": "robustness"},
        ),
        expand(f"{RESULTS}/tables/robustness.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/robustness.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_robustness.py"


rule table_claims:
    input:
        trials=rules.select_best.output.trials,
        claims=rules.claims.output[0],
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/claims.csv",
            caption="../workflow/captions/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
        expand(f"{RESULTS}/tables/claims.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/claims.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_claims.py"


rule table_costs:
    input:
        trials=rules.select_best.output.trials,
        modules=expand(f"{LIBRARY}/analysis/{{module}}.py", module=["markup", "tables"]),
    output:
        report(
            f"{RESULTS}/tables/costs.csv",
            caption="../workflow/captions/costs.rst",
            category="Tables",
            labels={"table": "costs"},
        ),
        expand(f"{RESULTS}/tables/costs.{{ext}}", ext=TABLE_TEXTS),
    log:
        f"{LOGS}/tables/costs.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/table_costs.py"


rule analysis:
    input:
        rules.collect.output,
        rules.select_best.output,
        rules.welch.output,
        rules.fanova.output,
        rules.budget.output,
        rules.robustness.output,
        rules.effects.output,
        rules.claims.output,
        rules.luck_of_seeds.output if study.analysis.reseed else [],
        rules.table_best_trials.output,
        rules.table_tests.output,
        rules.table_importance.output,
        rules.table_robustness.output,
        rules.table_claims.output,
        rules.table_costs.output,
