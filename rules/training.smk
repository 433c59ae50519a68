"""Trials to runs, a job for each shard of a variant's trials on a task, and to one table of all."""

# What a training job asks of the cluster, whose profile says which queue has GPUs.
GPU = {"gres": "gpu:1"} if study.training.device == "cuda" else {}


rule kernel:
    output:
        # A link to the file whose name holds the digest of all that it is made of and by. The
        # Snakefile drops stale ones: an input or a parameter here would hide why a trial is to be
        # trained again.
        f"{RESULTS}/engine/{{variant}}.so",
    log:
        f"{LOGS}/engine/{{variant}}.log",
    conda:
        "../envs/training.yaml"
    script:
        "../workflow/scripts/kernel.py"


rule train:
    input:
        features=f"{RESULTS}/features/{{task}}.npz",
        # Another kernel trains no finished trial again; the procedure and the equations do.
        kernel=ancient(kernel_of),
        cell=ancient(own_cell),
    output:
        f"{RESULTS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.jsonl",
    log:
        f"{LOGS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.log",
    conda:
        "../envs/training.yaml"
    threads: study.training.threads
    resources:
        **GPU,
        side_by_side=width_of,
        mem_mb=train_megabytes,
        runtime=train_minutes,
    params:
        state=lambda w: f"{RESULTS}/state/{w.task}/{w.variant}",
        epochs=lambda w: study.epochs(w.task),
        patience=study.training.patience,
        engine=lambda w: study.engine(w.variant),
        device=study.training.device,
        procedure=PROCEDURE,
        equations=lambda w: study.cell(w.variant).digest,
        # A shard is trained again when its own trials are others, and not when there are more.
        trials=drawn,
    script:
        "../workflow/scripts/train.py"


rule runs:
    input:
        [
            f"{RESULTS}/runs/{task}/{variant}/{first}-{last}.jsonl"
            for task in TASKS
            for variant in study.variants
            for first, last in shards_of(task, variant)
        ],


rule collect:
    input:
        runs=rules.runs.input,
        # No more: where the runs are gone, more would train them again.
        code=own_code("collect", "analysis/collect"),
    output:
        trials=f"{RESULTS}/trials.csv",
        curves=f"{RESULTS}/curves.parquet",
    log:
        f"{LOGS}/collect.log",
    conda:
        "../envs/analysis.yaml"
    params:
        tasks=TASKS,
        variants=study.variants,
    script:
        "../workflow/scripts/collect.py"


COLLECTED = rules.collect.output
