"""Trials to runs: each job trains one shard of a cell's trials and writes a line for each."""

SHARDS = shards(study.search.trials, study.training.trials_per_job)
FUSED = study.training.engine_used == "fused"


rule kernel:
    output:
        f"{RESULTS}/engine/fused.so",
    log:
        f"{LOGS}/engine/fused.log",
    conda:
        "../envs/training.yaml"
    script:
        "../workflow/scripts/kernel.py"


rule train:
    input:
        features=f"{RESULTS}/features/{{task}}.npz",
        # Ancient: more trials change the table but not the trials that a shard has trained, and
        # what they are stands in the parameters.
        trials=ancient(f"{RESULTS}/trials/{{task}}/{{variant}}.csv"),
        kernel=ancient(rules.kernel.output[0]) if FUSED else [],
    output:
        f"{RESULTS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.jsonl",
    log:
        f"{LOGS}/runs/{{task}}/{{variant}}/{{first}}-{{last}}.log",
    conda:
        "../envs/training.yaml"
    threads: study.training.threads
    params:
        state=lambda w: f"{RESULTS}/state/{w.task}/{w.variant}",
        epochs=lambda w: study.epochs(w.task),
        patience=study.training.patience,
        engine=study.training.engine_used,
        procedure=PROCEDURE,
        drawn=drawn,
    script:
        "../workflow/scripts/train.py"


rule runs:
    input:
        [
            f"{RESULTS}/runs/{task}/{variant}/{first}-{last}.jsonl"
            for task in TASKS
            for variant in study.variants
            for first, last in SHARDS
        ],
