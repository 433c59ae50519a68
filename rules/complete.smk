"""The end of a study, which is a good one unless all trials of some search failed."""

MADE = [
    *rules.analysis.input,
    *rules.figures.input,
    *REPORT,
]


rule complete:
    input:
        trials=rules.collect.output.trials,
        # All else is made first, so that it is there if this fails. Its age does not matter.
        others=ancient(
            [str(file) for file in MADE if file != rules.collect.output.trials]
        ),
        code=code_of("complete"),
    output:
        touch(f"{RESULTS}/state/complete"),
    log:
        f"{LOGS}/complete.log",
    # Trials that failed have failed.
    retries: 0
    conda:
        "../envs/analysis.yaml"
    params:
        allowed=study.training.allow_failures,
    script:
        "../workflow/scripts/complete.py"


onsuccess:
    # The mark may be of a time when it was allowed.
    tell_of_lost(workflow.dag.jobs)


onerror:
    tell_of_lost(workflow.scheduler.failed)
