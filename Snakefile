"""The study: a table of trials that the workflow fills, and everything that is read off it."""

import re
import shlex
import sys
from pathlib import Path


include: "workflow/scripts/library.smk"


# Snakemake writes the path of its Python into shell commands as it stands, spaces and all. Once is
# enough, though a module of another workflow may be read here again.
if Path(sys.executable).exists():
    sys.executable = shlex.quote(sys.executable)

from odyssey import results
from odyssey.catalogue import (
    COMPARISON,
    EVOLUTION,
    FIGURES,
    PARTS,
    drawings,
    tables,
    wanted,
)
from odyssey.cells.build import drop_stale
from odyssey.cells.variants import KIN
from odyssey.checks import check_corpora, planning_note, unknown_sizes
from odyssey.config import ConfigError, read_study
from odyssey.config_files import check_keys
from odyssey.evolution.breeding import BREEDING
from odyssey.features.sequences import PREPARATION
from odyssey.files import hold
from odyssey.imports import imported
from odyssey.locks import settle
from odyssey.lost import last_words
from odyssey.search import draw_trials
from odyssey.tasks import kind_digest
from odyssey.training.cost import (
    expected_seconds,
    job_megabytes,
    job_seconds,
    search_shards,
    stack_width,
)
from odyssey.training.trial import PROCEDURE

if not workflow.configfiles:

    configfile: "config/config.yaml"


try:
    # Of a key that stands twice, Snakemake keeps the last value and does not say so.
    check_keys(workflow.configfiles)
    study = read_study(config)
    # A study that is trained can be analysed where its corpora are not.
    UNKNOWN = {}
    trained = "generations.csv" if study.kind == EVOLUTION else "trials.csv"
    if Path(f"results/{study.study}/{trained}").exists():
        UNKNOWN = unknown_sizes(study)
    else:
        check_corpora(study)
except ConfigError as error:
    sys.exit(f"Error in the configuration:\n{error}")
# Without settle a killed Snakemake would keep its user out until --unlock, which does not ask whether
# another one lives (tests/workflow/test_disk.py): so a killed study goes on by the same command.
if workflow.is_main_process:
    alone = hold(".snakemake/alive")
    for note in (planning_note(study), *study.notices, settle(".snakemake", alone)):
        if note:
            print(note, file=sys.stderr)
    # A stale kernel is gone before Snakemake looks: behind a job that makes anew what is there, it
    # looks for no other reason to run, such as new equations.
    for variant in study.variants if alone else []:
        link = f"results/{study.study}/engine/{variant}.so"
        drop_stale(link, study.cell(variant), study.training.instruction_set)

TASKS = list(study.tasks)
RESULTS = f"results/{study.study}"
LOGS = f"{RESULTS}/logs"


localrules:
    all,
    features,
    runs,
    analysis,
    figures,
    report,
    complete,
    kernel,
    collect,
    table,


wildcard_constraints:
    task="|".join(map(re.escape, TASKS)),
    variant="|".join(map(re.escape, study.variants)),
    first=r"0|[1-9]\d*",
    last=r"0|[1-9]\d*",


include: "rules/common.smk"
include: "rules/corpora.smk"
include: "rules/features.smk"


# A study that breeds cells has their short trials only, and one of all combinations of parts has no
# variants to be compared one by one with vanilla.
if study.kind == EVOLUTION:

    include: "rules/evolution.smk"

else:

    include: "rules/training.smk"


if study.kind == PARTS:

    include: "rules/parts.smk"

elif study.kind == COMPARISON:

    include: "rules/comparison.smk"
    include: "rules/reseed.smk"


include: "rules/analysis.smk"
include: "rules/figures.smk"


REPORT, COMPLETE = [], []
if study.kind == COMPARISON:

    include: "rules/report.smk"

    REPORT = rules.report.output


if study.kind != EVOLUTION:

    include: "rules/complete.smk"

    COMPLETE = rules.complete.output


rule all:
    default_target: True
    input:
        rules.analysis.input,
        rules.figures.input,
        REPORT,
        COMPLETE,
