"""Trials to comparisons with vanilla: the best of each search, tests, fANOVA, verdicts."""


localrules:
    select_best,
    welch,
    budget,
    effects,
    claims,


# The trials with their marks.
MARKED = results.files("marked", RESULTS)


rule select_best:
    input:
        trials=rules.collect.output.trials,
        # No more: new seeds are trained of what is selected.
        code=own_code("select_best", "analysis/selection"),
    output:
        marks=f"{RESULTS}/selection/trials.csv",
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
        marked=MARKED,
        code=code_of("welch"),
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
        code=code_of("decompose"),
    output:
        **(
            {"attribution": f"{RESULTS}/fanova/attribution.csv"}
            if study.analysis.attribution
            else {}
        ),
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
        "../workflow/scripts/decompose.py"


rule budget:
    input:
        trials=rules.collect.output.trials,
        code=code_of("budget"),
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
        code=code_of("robustness"),
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
        runs=[f"{RESULTS}/reseed/trials.csv"] if study.random_labels else [],
        code=code_of("effects"),
    output:
        f"{RESULTS}/effects.csv",
    log:
        f"{LOGS}/effects.log",
    conda:
        "../envs/analysis.yaml"
    params:
        margins=study.analysis.margins,
        labels=study.random_labels,
        alpha=study.analysis.alpha,
    script:
        "../workflow/scripts/effects.py"


rule claims:
    input:
        distributions=rules.select_best.output.distributions,
        effects=rules.effects.output[0],
        coverage=f"{LIBRARY}/analysis/coverage.csv",
        code=code_of("claims"),
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
            marked=MARKED,
            reseeded=f"{RESULTS}/reseed/trials.csv",
            code=code_of("luck_of_seeds"),
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


ESTIMATES = [
    *rules.select_best.output,
    *rules.welch.output,
    *rules.fanova.output,
    *rules.budget.output,
    *rules.robustness.output,
    *rules.effects.output,
    *rules.claims.output,
    *(rules.luck_of_seeds.output if study.analysis.reseed else []),
]
