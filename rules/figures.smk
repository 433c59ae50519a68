"""Results to figures: an entry of the library's catalogue each."""

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
WANTED = wanted(DRAWINGS, study.analysis.surrogate)
# What is drawn of the supplement, each variant's the same three figures: a job draws one of them for
# all variants, as more than half of the time of a single one is Python's start.
SUPPLEMENT = list(
    dict.fromkeys(
        name.replace(DRAWINGS[name].module, "{module}", 1)
        for name in WANTED
        if DRAWINGS[name].own
    )
)
SINGLE = [name for name in DRAWINGS if name not in WANTED or not DRAWINGS[name].own]


rule figure:
    input:
        unpack(lambda w: named(DRAWINGS[w.name].figure.results)),
        equations=lambda w: EQUATIONS if DRAWINGS[w.name].module == "figure_1" else [],
        code=lambda w: code_of("figure", f"figures/{DRAWINGS[w.name].module}")(w),
    output:
        reported(f"{RESULTS}/figures/{{name}}.svg", lambda w: w.name),
        f"{RESULTS}/figures/{{name}}.pdf",
        f"{RESULTS}/figures/{{name}}.png",
    log:
        f"{LOGS}/figures/{{name}}.log",
    wildcard_constraints:
        name="|".join(map(re.escape, SINGLE)),
    conda:
        "../envs/analysis.yaml"
    params:
        module=lambda w: DRAWINGS[w.name].module,
        results=lambda w: DRAWINGS[w.name].figure.results,
        settings=lambda w: [settings_of(w.name)],
        caption=lambda w: str(DRAWINGS[w.name].figure.caption),
    script:
        "../workflow/scripts/figure.py"


if SUPPLEMENT:

    rule supplement:
        input:
            unpack(lambda w: named(FIGURES[w.module].results)),
            code=lambda w: code_of("figure", f"figures/{w.module}")(w),
        output:
            [
                reported(
                    f"{RESULTS}/figures/{name}.svg",
                    lambda w, name=name: name.format(module=w.module),
                )
                for name in SUPPLEMENT
            ],
            [f"{RESULTS}/figures/{name}.pdf" for name in SUPPLEMENT],
            [f"{RESULTS}/figures/{name}.png" for name in SUPPLEMENT],
        log:
            f"{LOGS}/figures/supplement/{{module}}.log",
        wildcard_constraints:
            module="|".join(name for name, one in FIGURES.items() if one.in_supplement),
        conda:
            "../envs/analysis.yaml"
        params:
            module=lambda w: w.module,
            results=lambda w: FIGURES[w.module].results,
            settings=lambda w: [
                settings_of(name.format(module=w.module)) for name in SUPPLEMENT
            ],
            caption=lambda w: str(FIGURES[w.module].caption),
        script:
            "../workflow/scripts/figure.py"


rule figures:
    input:
        expand(
            f"{RESULTS}/figures/{{name}}.{{ext}}",
            name=WANTED,
            ext=["svg", "pdf", "png"],
        ),
