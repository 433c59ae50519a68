"""All of it on one page."""


rule report:
    input:
        trials=rules.select_best.output.trials,
        curves=rules.collect.output.curves,
        welch=rules.welch.output[0],
        importance=rules.fanova.output.importance,
        effects=rules.effects.output[0],
        claims=rules.claims.output[0],
        budget=rules.budget.output.expected,
        figures=[figure for figure in rules.figures.input if figure.endswith(".svg")],
        tables=expand(
            f"{RESULTS}/tables/{{name}}.csv",
            name=["best_trials", "tests", "importance", "robustness", "costs"],
        ),
        modules=[
            f"{LIBRARY}/captions.py",
            f"{LIBRARY}/figures/style.py",
            *expand(
                f"{LIBRARY}/report/{{file}}",
                file=[
                    *(
                        "captions.py",
                        "explorer.py",
                        "files.py",
                        "page.py",
                        "rows.py",
                        "sentences.py",
                    ),
                    *("page.css", "page.html.jinja", "page.js"),
                ],
            ),
        ],
    output:
        f"{RESULTS}/report.html",
    log:
        f"{LOGS}/report.log",
    conda:
        "../envs/analysis.yaml"
    params:
        configuration=study.model_dump(),
        tasks=study.descriptions,
    script:
        "../workflow/scripts/report.py"
