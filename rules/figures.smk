"""Tables to figures: one rule a figure, from tables only."""

PRINTED = ["pdf", "png"]
FORMATS = ["svg", *PRINTED]
OF_VANILLA = ["figure_4", "figure_5", "figure_6"]
# The paper's own surrogate has its place in the supplement, where it is not that of the figures.
FOREST_BESIDE = study.analysis.surrogate != "forest" and "V" in study.variants
FIGURES = [
    "figure_1",
    *(["figure_2"] if SHOWN else []),
    "figure_3",
    *(OF_VANILLA if "V" in study.variants else []),
    "expected_best",
    "learning_curves",
    "pareto",
    "robustness",
    "significance",
    *(["surrogates"] if "V" in study.variants else []),
    *(f"supplement/{figure}_V_forest" for figure in OF_VANILLA if FOREST_BESIDE),
    *(
        f"supplement/{figure}_{variant}"
        for figure in OF_VANILLA
        for variant in study.variants
        if variant != "V"
    ),
]


rule figure_1:
    input:
        cells=[study.cells[v] for v in study.variants if v in study.cells],
        modules=drawn_by("figure_1"),
        equations=cell_modules(),
    output:
        report(
            f"{RESULTS}/figures/figure_1.svg",
            caption="../workflow/captions/figure_1.rst",
            category="Figures",
            labels={"figure": "figure 1"},
        ),
        expand(f"{RESULTS}/figures/figure_1.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/figure_1.log",
    conda:
        "../envs/analysis.yaml"
    params:
        variants=study.variants,
        own=study.cells,
    script:
        "../workflow/scripts/figure_1.py"


if SHOWN:

    rule figure_2:
        input:
            line=f"{RESULTS}/features/{SHOWN[0]}_line.npz",
            modules=drawn_by("figure_2"),
        output:
            report(
                f"{RESULTS}/figures/figure_2.svg",
                caption="../workflow/captions/figure_2.rst",
                category="Figures",
                labels={"figure": "figure 2"},
            ),
            expand(f"{RESULTS}/figures/figure_2.{{ext}}", ext=PRINTED),
        log:
            f"{LOGS}/figures/figure_2.log",
        conda:
            "../envs/analysis.yaml"
        params:
            title=study.descriptions[SHOWN[0]]["title"],
        script:
            "../workflow/scripts/figure_2.py"


rule figure_3:
    input:
        distributions=rules.select_best.output.distributions,
        welch=rules.welch.output[0],
        modules=drawn_by("figure_3"),
    output:
        report(
            f"{RESULTS}/figures/figure_3.svg",
            caption="../workflow/captions/figure_3.rst",
            category="Figures",
            labels={"figure": "figure 3"},
        ),
        expand(f"{RESULTS}/figures/figure_3.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/figure_3.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/figure_3.py"


rule figure_4:
    input:
        marginals=rules.fanova.output.marginals,
        distributions=rules.select_best.output.distributions,
        trials=rules.select_best.output.trials,
        modules=drawn_by("figure_4"),
    output:
        report(
            f"{RESULTS}/figures/figure_4.svg",
            caption="../workflow/captions/figure_4.rst",
            category="Figures",
            labels={"figure": "figure 4"},
        ),
        expand(f"{RESULTS}/figures/figure_4.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/figure_4.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
        surrogate=study.analysis.surrogate,
    script:
        "../workflow/scripts/figure_4.py"


rule figure_5:
    input:
        importance=rules.fanova.output.importance,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_5"),
    output:
        report(
            f"{RESULTS}/figures/figure_5.svg",
            caption="../workflow/captions/figure_5.rst",
            category="Figures",
            labels={"figure": "figure 5"},
        ),
        expand(f"{RESULTS}/figures/figure_5.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/figure_5.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
        surrogate=study.analysis.surrogate,
    script:
        "../workflow/scripts/figure_5.py"


rule figure_6:
    input:
        interactions=rules.fanova.output.interactions,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("figure_6"),
    output:
        report(
            f"{RESULTS}/figures/figure_6.svg",
            caption="../workflow/captions/figure_6.rst",
            category="Figures",
            labels={"figure": "figure 6"},
        ),
        expand(f"{RESULTS}/figures/figure_6.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/figure_6.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
        surrogate=study.analysis.surrogate,
    script:
        "../workflow/scripts/figure_6.py"


rule supplement:
    input:
        marginals=rules.fanova.output.marginals,
        importance=rules.fanova.output.importance,
        interactions=rules.fanova.output.interactions,
        distributions=rules.select_best.output.distributions,
        trials=rules.select_best.output.trials,
        modules=[module for figure in OF_VANILLA for module in drawn_by(figure)],
    output:
        report(
            f"{RESULTS}/figures/supplement/figure_4_{{variant}}.svg",
            caption="../workflow/captions/figure_4.rst",
            category="Supplement",
            labels={"figure": "figure 4", "variant": "{variant}"},
        ),
        report(
            f"{RESULTS}/figures/supplement/figure_5_{{variant}}.svg",
            caption="../workflow/captions/figure_5.rst",
            category="Supplement",
            labels={"figure": "figure 5", "variant": "{variant}"},
        ),
        report(
            f"{RESULTS}/figures/supplement/figure_6_{{variant}}.svg",
            caption="../workflow/captions/figure_6.rst",
            category="Supplement",
            labels={"figure": "figure 6", "variant": "{variant}"},
        ),
        expand(
            f"{RESULTS}/figures/supplement/{{figure}}_{{{{variant}}}}.{{ext}}",
            figure=OF_VANILLA,
            ext=PRINTED,
        ),
    log:
        f"{LOGS}/figures/supplement_{{variant}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
        surrogate=study.analysis.surrogate,
    script:
        "../workflow/scripts/supplement.py"


rule supplement_forest:
    input:
        marginals=rules.fanova.output.marginals,
        importance=rules.fanova.output.importance,
        interactions=rules.fanova.output.interactions,
        distributions=rules.select_best.output.distributions,
        trials=rules.select_best.output.trials,
        modules=[module for figure in OF_VANILLA for module in drawn_by(figure)],
    output:
        report(
            f"{RESULTS}/figures/supplement/figure_4_{{variant}}_forest.svg",
            caption="../workflow/captions/figure_4.rst",
            category="Supplement",
            labels={"figure": "figure 4", "variant": "{variant}, forest"},
        ),
        report(
            f"{RESULTS}/figures/supplement/figure_5_{{variant}}_forest.svg",
            caption="../workflow/captions/figure_5.rst",
            category="Supplement",
            labels={"figure": "figure 5", "variant": "{variant}, forest"},
        ),
        report(
            f"{RESULTS}/figures/supplement/figure_6_{{variant}}_forest.svg",
            caption="../workflow/captions/figure_6.rst",
            category="Supplement",
            labels={"figure": "figure 6", "variant": "{variant}, forest"},
        ),
        expand(
            f"{RESULTS}/figures/supplement/{{figure}}_{{{{variant}}}}_forest.{{ext}}",
            figure=OF_VANILLA,
            ext=PRINTED,
        ),
    log:
        f"{LOGS}/figures/supplement_{{variant}}_forest.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
        surrogate="forest",
    script:
        "../workflow/scripts/supplement.py"


rule expected_best:
    input:
        expected=rules.budget.output.expected,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("expected_best"),
    output:
        report(
            f"{RESULTS}/figures/expected_best.svg",
            caption="../workflow/captions/expected_best.rst",
            category="Figures",
            labels={"figure": "expected best"},
        ),
        expand(f"{RESULTS}/figures/expected_best.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/expected_best.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/expected_best.py"


rule pareto:
    input:
        trials=rules.collect.output.trials,
        fronts=rules.budget.output.fronts,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("pareto"),
    output:
        report(
            f"{RESULTS}/figures/pareto.svg",
            caption="../workflow/captions/pareto.rst",
            category="Figures",
            labels={"figure": "pareto"},
        ),
        expand(f"{RESULTS}/figures/pareto.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/pareto.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/pareto.py"


rule learning_curves:
    input:
        curves=rules.collect.output.curves,
        best=rules.table_best_trials.output[0],
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("learning_curves"),
    output:
        report(
            f"{RESULTS}/figures/learning_curves.svg",
            caption="../workflow/captions/learning_curves.rst",
            category="Figures",
            labels={"figure": "learning curves"},
        ),
        expand(f"{RESULTS}/figures/learning_curves.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/learning_curves.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/learning_curves.py"


rule significance:
    input:
        welch=rules.welch.output[0],
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("significance"),
    output:
        report(
            f"{RESULTS}/figures/significance.svg",
            caption="../workflow/captions/significance.rst",
            category="Figures",
            labels={"figure": "significance"},
        ),
        expand(f"{RESULTS}/figures/significance.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/significance.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/significance.py"


rule surrogates:
    input:
        importance=rules.fanova.output.importance,
        marginals=rules.fanova.output.marginals,
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("surrogates"),
    output:
        report(
            f"{RESULTS}/figures/surrogates.svg",
            caption="../workflow/captions/surrogates.rst",
            category="Figures",
            labels={"figure": "surrogates"},
        ),
        expand(f"{RESULTS}/figures/surrogates.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/surrogates.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/surrogates.py"


rule robustness_figure:
    input:
        robustness=rules.robustness.output[0],
        distributions=rules.select_best.output.distributions,
        modules=drawn_by("robustness"),
    output:
        report(
            f"{RESULTS}/figures/robustness.svg",
            caption="../workflow/captions/robustness_figure.rst",
            category="Figures",
            labels={"figure": "robustness"},
        ),
        expand(f"{RESULTS}/figures/robustness.{{ext}}", ext=PRINTED),
    log:
        f"{LOGS}/figures/robustness.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=study.descriptions,
    script:
        "../workflow/scripts/robustness_figure.py"


rule figures:
    input:
        expand(f"{RESULTS}/figures/{{name}}.{{ext}}", name=FIGURES, ext=FORMATS),
