"""All of it on one page."""


rule report:
    input:
        marked=MARKED,
        curves=rules.collect.output.curves,
        welch=rules.welch.output[0],
        importance=rules.fanova.output.importance,
        effects=rules.effects.output[0],
        claims=rules.claims.output[0],
        expected=rules.budget.output.expected,
        figures=[figure for figure in rules.figures.input if figure.endswith(".svg")],
        # Of claims the page has more, and of the nine methods the figure says what it can read.
        tables=expand(
            f"{RESULTS}/tables/{{name}}.csv",
            name=[name for name in TABLES if name not in ("claims", "attribution")],
        ),
        code=code_of("report"),
        page=expand(
            f"{LIBRARY}/report/{{file}}",
            file=[
                *("base.html.jinja", "macros.html.jinja", "page.html.jinja"),
                *("page.css", "page.js"),
            ],
        ),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{LOGS}/report.log",
    conda:
        "../envs/analysis.yaml"
    params:
        # A study that has a report breeds nothing.
        configuration=study.model_dump(exclude={"evolution"}),
        tasks=study.descriptions,
    script:
        "../workflow/scripts/report.py"
