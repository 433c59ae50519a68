"""The selected trials once more, with seeds that nothing was selected by (analysis.reseed)."""


localrules:
    collect_reseeded,


# The jobs of a search are as many as the seeds: which trials are selected is not known beforehand.
SEEDS = [str(repeat) for repeat in range(1, study.analysis.reseed + 1)]


rule reseed:
    input:
        features=f"{RESULTS}/features/{{task}}.npz",
        kernel=ancient(kernel_of),
        cell=ancient(own_cell),
        selection=f"{RESULTS}/selection/trials.csv",
    output:
        f"{RESULTS}/reseed/{{task}}/{{variant}}/{{repeat}}.jsonl",
    log:
        f"{LOGS}/reseed/{{task}}/{{variant}}/{{repeat}}.log",
    wildcard_constraints:
        repeat=r"[1-9]\d*",
    conda:
        "../envs/training.yaml"
    threads: study.training.threads
    resources:
        **GPU,
        side_by_side=width_of,
        mem_mb=reseed_megabytes,
        runtime=reseed_minutes,
    params:
        state=lambda w: f"{RESULTS}/state/reseed/{w.repeat}/{w.task}/{w.variant}",
        epochs=lambda w: study.epochs(w.task),
        patience=study.training.patience,
        engine=lambda w: study.engine(w.variant),
        device=study.training.device,
        procedure=PROCEDURE,
        equations=lambda w: study.cell(w.variant).digest,
        trials=lambda w: drawn_trials(w.task, w.variant),
    script:
        "../workflow/scripts/reseed.py"


rule collect_reseeded:
    input:
        runs=expand(
            f"{RESULTS}/reseed/{{task}}/{{variant}}/{{repeat}}.jsonl",
            task=TASKS,
            variant=study.variants,
            repeat=SEEDS,
        ),
        code=code_of("collect_reseeded"),
    output:
        f"{RESULTS}/reseed/trials.csv",
    log:
        f"{LOGS}/reseed/collect.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=TASKS,
        variants=study.variants,
    script:
        "../workflow/scripts/collect_reseeded.py"
