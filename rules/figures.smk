"""Results to figures: an entry of the library's catalogue each, drawn by one rule."""

# What a figure may be told of the study.
SETTINGS = {
    "tasks": study.descriptions,
    "title": study.descriptions[SHOWN[0]]["title"] if SHOWN else None,
    "variants": study.variants,
    "own": study.cells,
    "surrogate": study.analysis.surrogate,
}
# The files of equations that figure 1 shows beside the block's variants.
EQUATIONS = [study.cells[v] for v in study.variants if v in study.cells] + [
    f"{LIBRARY}/cells/kin/{v.lower()}.py" for v in study.variants if v in KIN
]
DRAWINGS = drawings(study.variants, study.lacking, study.kind)


rule figure:
    input:
        unpack(lambda w: named(DRAWINGS[w.name].figure.results)),
        equations=lambda w: EQUATIONS if DRAWINGS[w.name].module == "figure_1" else [],
        code=lambda w: code_of("figure", f"figures/{DRAWINGS[w.name].module}")(w),
    output:
        report(
            f"{RESULTS}/figures/{{name}}.svg",
            caption="../workflow/captions/entry.rst",
            category=lambda w: "Supplement" if DRAWINGS[w.name].own else "Figures",
            labels=labels_of,
        ),
        f"{RESULTS}/figures/{{name}}.pdf",
        f"{RESULTS}/figures/{{name}}.png",
    log:
        f"{LOGS}/figures/{{name}}.log",
    wildcard_constraints:
        name="|".join(map(re.escape, DRAWINGS)),
    conda:
        "../envs/analysis.yaml"
    params:
        module=lambda w: DRAWINGS[w.name].module,
        results=lambda w: DRAWINGS[w.name].figure.results,
        settings=settings_of,
        caption=lambda w: str(DRAWINGS[w.name].figure.caption),
    script:
        "../workflow/scripts/figure.py"


rule figures:
    input:
        expand(
            f"{RESULTS}/figures/{{name}}.{{ext}}",
            name=wanted(DRAWINGS, study.analysis.surrogate),
            ext=["svg", "pdf", "png"],
        ),
