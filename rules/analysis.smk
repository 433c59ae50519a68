"""What is estimated of the trials, to tables to be read."""

# Results that the study does not make, and so nothing of them.
LACKING = [
    *([] if SHOWN else ["line"]),
    *([] if study.analysis.attribution else ["attribution"]),
    *([] if study.random_labels else ["bits"]),
]
TABLES = tables(study.kind, LACKING)


rule table:
    input:
        unpack(lambda w: named(TABLES[w.name].results)),
        code=code_of("table"),
    output:
        report(
            f"{RESULTS}/tables/{{name}}.csv",
            caption="../workflow/captions/entry.rst",
            category="Tables",
            labels={"table": "{name}"},
        ),
        f"{RESULTS}/tables/{{name}}.md",
        f"{RESULTS}/tables/{{name}}.tex",
    log:
        f"{LOGS}/tables/{{name}}.log",
    wildcard_constraints:
        name="|".join(TABLES),
    conda:
        "../envs/analysis.yaml"
    params:
        function=lambda w: TABLES[w.name].function,
        results=lambda w: TABLES[w.name].results,
        title=lambda w: TABLES[w.name].caption.title,
        caption=lambda w: str(TABLES[w.name].caption),
    script:
        "../workflow/scripts/table.py"


rule analysis:
    input:
        COLLECTED,
        ESTIMATES,
        expand(
            f"{RESULTS}/tables/{{name}}.{{ext}}", name=TABLES, ext=["csv", "md", "tex"]
        ),
