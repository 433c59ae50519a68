"""The study: a table of trials that the workflow fills, and everything that is read off it."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from odyssey.config import ConfigError, read_study
from odyssey.search import draw_trial
from odyssey.training.trial import PROCEDURE
from odyssey.trials import shards

if not workflow.configfiles:

    configfile: "config/config.yaml"


try:
    study = read_study(config)
except ConfigError as error:
    sys.exit(f"Error in the configuration:\n{error}")

TASKS = list(study.tasks.chosen)
RESULTS = f"results/{study.study}"
LOGS = f"{RESULTS}/logs"
# Code that makes tables and figures is an input of their rules: a changed module remakes what it
# made. Training is different: what it paid for is kept until PROCEDURE is raised.
LIBRARY = os.path.relpath(Path(workflow.basedir) / "workflow" / "scripts" / "odyssey")


localrules:
    all,
    features,
    trials,
    runs,
    analysis,
    figures,
    report,
    draw_trials,
    kernel,
    collect,
    select_best,
    welch,


wildcard_constraints:
    task="|".join(TASKS),
    variant=r"[A-Z]+(\+[A-Z]+)*",
    first=r"\d+",
    last=r"\d+",


include: "rules/common.smk"
include: "rules/corpora.smk"
include: "rules/features.smk"
include: "rules/trials.smk"
include: "rules/training.smk"
include: "rules/analysis.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        rules.trials.input,
        rules.analysis.input,
        rules.figures.input,
        rules.report.output,
