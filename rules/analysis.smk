"""What is estimated of the trials, to tables to be read."""

TABLES = tables(study.kind, study.lacking)


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
