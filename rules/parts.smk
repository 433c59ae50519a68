"""Trials of all combinations of parts to what each part does, alone and beside others."""


rule parts:
    input:
        trials=f"{RESULTS}/trials.csv",
        code=code_of("parts"),
    output:
        f"{RESULTS}/effects.csv",
    log:
        f"{LOGS}/parts.log",
    conda:
        "../envs/analysis.yaml"
    params:
        parts=study.parts,
        ranges=study.search.ranges,
        seed=study.seed,
        alpha=study.analysis.alpha,
    script:
        "../workflow/scripts/parts.py"


ESTIMATES = list(rules.parts.output)
