"""Tables to figures: one rule a figure, from tables only."""

FORMATS = ["pdf", "png", "svg"]


rule figure_3:
    input:
        distributions=rules.select_best.output.distributions,
        welch=rules.welch.output[0],
        modules=expand(f"{LIBRARY}/figures/{{module}}.py", module=["figure_3", "style"]),
    output:
        expand(f"{RESULTS}/figures/figure_3.{{ext}}", ext=FORMATS),
    log:
        f"{LOGS}/figures/figure_3.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/figure_3.py"


rule figures:
    input:
        rules.figure_3.output,
