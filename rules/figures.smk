"""Tables to figures: one rule a figure, from tables only."""

FORMATS = ["pdf", "png", "svg"]
OF_VANILLA = ["figure_4", "figure_5", "figure_6"]
FIGURES = [
    "figure_1",
    *(["figure_2"] if study.tasks.iam else []),
    "figure_3",
    *(OF_VANILLA if "V" in study.variants else []),
    "expected_best",
    "learning_curves",
    "pareto",
    "significance",
    *(
        f"supplement/{figure}_{variant}"
        for figure in OF_VANILLA
        for variant in study.variants
        if variant != "V"
    ),
]


rule figure_1:
    input:
        modules=drawn_by("figure_1"),
    output:
        expand(f"{RESULTS}/figures/figure_1.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_1.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variants=study.variants,
    script:
        "../workflow/scripts/figure_1.py"


if study.tasks.iam:

    rule figure_2:
        input:
            line=rules.line_of_handwriting.output[0],
            modules=drawn_by("figure_2"),
        output:
            expand(f"{RESULTS}/figures/figure_2.{{ext}}", ext=FORMATS),
        log:
            f"{LOGS}/figures/figure_2.log",
        conda:
            "../envs/analysis.yaml"
        script:
            "../workflow/scripts/figure_2.py"


rule figure_3:
    input:
        distributions=rules.select_best.output.distributions,
        welch=rules.welch.output[0],
        modules=drawn_by("figure_3"),
    output:
        expand(f"{RESULTS}/figures/figure_3.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_3.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/figure_3.py"


rule figure_4:
    input:
        marginals=rules.fanova.output.marginals,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_4"),
    output:
        expand(f"{RESULTS}/figures/figure_4.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_4.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant="V",
    script:
        "../workflow/scripts/figure_4.py"


rule supplement_4:
    input:
        marginals=rules.fanova.output.marginals,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_4"),
    output:
        expand(
            f"{RESULTS}/figures/supplement/figure_4_{{{{variant}}}}.{{ext}}",
            ext=FORMATS,
        ),
    log:
        f"{LOGS}/figures/supplement_4_{{variant}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant=lambda w: w.variant,
    script:
        "../workflow/scripts/figure_4.py"


rule figure_5:
    input:
        shares=rules.fanova.output.shares,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_5"),
    output:
        expand(f"{RESULTS}/figures/figure_5.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_5.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant="V",
    script:
        "../workflow/scripts/figure_5.py"


rule supplement_5:
    input:
        shares=rules.fanova.output.shares,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_5"),
    output:
        expand(
            f"{RESULTS}/figures/supplement/figure_5_{{{{variant}}}}.{{ext}}",
            ext=FORMATS,
        ),
    log:
        f"{LOGS}/figures/supplement_5_{{variant}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant=lambda w: w.variant,
    script:
        "../workflow/scripts/figure_5.py"


rule figure_6:
    input:
        interactions=rules.fanova.output.interactions,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_6"),
    output:
        expand(f"{RESULTS}/figures/figure_6.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_6.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant="V",
    script:
        "../workflow/scripts/figure_6.py"


rule supplement_6:
    input:
        interactions=rules.fanova.output.interactions,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_6"),
    output:
        expand(
            f"{RESULTS}/figures/supplement/figure_6_{{{{variant}}}}.{{ext}}",
            ext=FORMATS,
        ),
    log:
        f"{LOGS}/figures/supplement_6_{{variant}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variant=lambda w: w.variant,
    script:
        "../workflow/scripts/figure_6.py"


rule expected_best:
    input:
        expected=rules.budget.output.expected,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("expected_best"),
    output:
        expand(f"{RESULTS}/figures/expected_best.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/expected_best.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/expected_best.py"


rule pareto:
    input:
        trials=rules.collect.output.trials,
        fronts=rules.budget.output.fronts,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("pareto"),
    output:
        expand(f"{RESULTS}/figures/pareto.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/pareto.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/pareto.py"


rule learning_curves:
    input:
        curves=rules.collect.output.curves,
        best=rules.table_best_trials.output[0],
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("learning_curves"),
    output:
        expand(f"{RESULTS}/figures/learning_curves.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/learning_curves.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/learning_curves.py"


rule significance:
    input:
        welch=rules.welch.output[0],
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("significance"),
    output:
        expand(f"{RESULTS}/figures/significance.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/significance.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/significance.py"


rule figures:
    input:
        expand(f"{RESULTS}/figures/{{name}}.{{ext}}", name=FIGURES, ext=FORMATS),
