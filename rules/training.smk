"""Trials to runs: each job trains one shard of a cell's trials and writes a line for each."""

FUSED = study.training.engine_used == "fused"
# Of the cluster; its profile says which queue has them.
GPU = {"gres": "gpu:1"} if study.training.device == "cuda" else {}
KERNEL = f"{RESULTS}/engine/fused-{PROCEDURE}-{study.training.instruction_set}.so"


rule kernel:
    output:
        # A study keeps the kernel that it began with, until it asks for another.
        f"{RESULTS}/engine/fused-{PROCEDURE}-{{instruction_set}}.so",
    log:
        f"{LOGS}/engine/fused-{{instruction_set}}.log",
    conda:
        "../envs/training.yaml"
    script:
        "../workflow/scripts/kernel.py"


rule train:
    input:
        features=f"{RESULTS}/features/{{task}}.npz",
        kernel=ancient(KERNEL) if FUSED else [],
    output:
        f"{RESULTS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.jsonl",
    log:
        f"{LOGS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.log",
    conda:
        "../envs/training.yaml"
    threads: study.training.threads
    resources:
        **GPU,
        mem_mb=train_megabytes,
        runtime=train_minutes,
    params:
        state=lambda w: f"{RESULTS}/state/{w.task}/{w.variant}",
        epochs=lambda w: study.epochs(w.task),
        patience=study.training.patience,
        engine=study.training.engine_used,
        device=study.training.device,
        procedure=PROCEDURE,
        # Not the cell's table, which more trials make new: a shard is trained again when its own
        # trials are others.
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
