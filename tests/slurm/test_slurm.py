"""The study on a real SLURM: the same results, whatever befalls its jobs."""

import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress

import pandas as pd
import psutil
import pytest
from cluster import until
from project import new_project, without_times

# What a user would write into the profile for this cluster: it has no accounting, and its node is
# small.
OVERRIDES = [
    *("--slurm-status-command", "squeue"),
    *("--latency-wait", "10"),
    *("--default-resources", "mem_mb=500", "runtime=10"),
]
TABLE = "results/small/trials.csv"
TESTS = "results/small/tests/welch.csv"
FIGURE = "results/small/figures/figure_3.pdf"

# Of jobs that go on the executor asks ever more seldom, ten seconds later each time. Here SLURM
# answers at once, and is asked every two seconds.
ASKING = """
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

RemoteExecutor.next_seconds_between_status_checks = property(lambda _: 2, lambda _, seconds: None)
main()
"""

# Trials of a second or two, so that a job is at work when it is struck.
STUDY = {
    "search": {"hidden_size": {"low": 60, "high": 120}},
    "training": {"epochs": 60, "patience": 60},
}


@contextmanager
def snakemake(project, *arguments):
    """Run Snakemake on the cluster, beside what the test does meanwhile."""
    command = [sys.executable, "-c", ASKING, "--profile", "slurm", "--configfile"]
    with open(project.folder / "snakemake.log", "w") as file:
        process = subprocess.Popen(
            [*command, "study.yaml", *OVERRIDES, *arguments],
            cwd=project.folder,
            env=project.environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended(project, process, fails=False):
    """Wait for a Snakemake that has to end well, or has to fail."""
    returned = process.wait(300)
    output = text(project.folder / "snakemake.log")
    assert (returned != 0) == fails, output


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The study as this machine trains it without a cluster."""
    project = new_project(tmp_path_factory.mktemp("alone") / "project")
    project.configure(**STUDY)
    project.snakemake(TESTS)
    return project


def untrained(project, folder):
    """Copy a project as it was before its training."""
    copy = project.copy(folder)
    for name in ("runs", "state", "logs/runs", "selection", "tests", "trials.csv"):
        subprocess.run(["rm", "-r", copy.results / name], check=True)
    return copy


def jobs_of(cluster, project, shard):
    """Return the jobs that have been submitted for a shard, one for each attempt."""
    comment = f"rule_train_wildcards_jsb_{re.sub('[/-]', '_', shard)}"
    return [job for job in cluster.jobs(project) if job["Comment"] == comment]


def log_of(project, shard):
    return project.results / "logs" / "runs" / "jsb" / f"{shard}.log"


def text(path):
    """Return what a file holds, nothing if it is not there (yet)."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    return ""


# The way through the cluster

SHARD = "results/small/runs/jsb/V/0-1.jsonl"
QUEUES = "partitions: {cpu: {max_runtime: 600}, gpu: {max_runtime: 600, max_gpu: 2}}\n"


@pytest.fixture(scope="module")
def sent(cluster, alone, tmp_path_factory):
    """The cluster at work: on the whole study, a figure of it, and twice on a shard for a GPU."""
    folder = tmp_path_factory.mktemp("sent")
    drawn = alone.copy(folder / "drawn")
    whole, named, found = (untrained(alone, folder / name) for name in ("whole", "named", "found"))
    subprocess.run(["rm", "-r", whole.results / "features"], check=True)
    found.configure(**{**STUDY, "training": {"device": "cuda"}})
    (found.folder / "slurm" / "partitions.yaml").write_text(QUEUES, encoding="utf-8")

    resources = ["--set-resources", "train:gres=gpu:1", "train:slurm_partition=gpu"]
    queues = ["--slurm-partition-config", "slurm/partitions.yaml", "--retries", "0"]
    with (
        snakemake(whole, "--", TESTS) as process,
        snakemake(drawn, "--", FIGURE) as process_drawn,
        snakemake(named, *resources, "--", SHARD) as process_named,
        snakemake(found, *queues, "--", SHARD) as process_found,
    ):
        ended(named, process_named)
        ended(found, process_found, fails=True)
        ended(drawn, process_drawn)
        ended(whole, process)
    return {"whole": whole, "drawn": drawn, "named": named, "found": found}


def test_a_study_comes_out_as_it_does_without_a_cluster(cluster, alone, sent):
    project = sent["whole"]
    jobs = cluster.jobs(project)
    assert {(job["JobState"], job["Partition"]) for job in jobs} == {("COMPLETED", "cpu")}
    rules = Counter(re.sub("_wildcards.*", "", job["Comment"]) for job in jobs)
    assert (rules["rule_features_of_task"], rules["rule_train"]) == (1, 4)
    assert without_times(project) == without_times(alone)
    assert (project.folder / TESTS).read_bytes() == (alone.folder / TESTS).read_bytes()
    assert project.planned(TESTS) == {}


def test_a_figure_is_drawn_on_the_cluster(cluster, sent):
    (job,) = cluster.jobs(sent["drawn"])
    assert (job["JobState"], job["Comment"]) == ("COMPLETED", "rule_figure_wildcards_figure_3")
    assert (sent["drawn"].folder / FIGURE).stat().st_size


def test_training_goes_to_the_queue_that_is_named_and_is_given_a_gpu(cluster, sent):
    (job,) = cluster.jobs(sent["named"])
    assert (job["JobState"], job["Partition"]) == ("COMPLETED", "gpu")
    assert re.search(r"GPUs: [01]$", text(log_of(sent["named"], "V/0-1")), re.MULTILINE)


def test_training_on_a_gpu_finds_its_queue_and_says_if_pytorch_sees_none(cluster, sent):
    (job,) = cluster.jobs(sent["found"])
    assert (job["JobState"], job["Partition"]) == ("FAILED", "gpu")
    (log,) = (sent["found"].folder / ".snakemake" / "slurm_logs").rglob("*.log")
    output = text(log)
    assert "Error: training.device is cuda, but PyTorch sees no GPU here" in output
    assert "Traceback" not in output


# What may befall a job

AWAITED = "is being trained by another job"  # the first trial, or the next if that was quick
ACCIDENTS = OVER, CANCELLED, KILLED, ORPHANED = "V/0-1", "V/2-3", "NP/0-1", "NP/2-3"


def training(project, job):
    """Find the process that trains in a job."""
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error):
            if (
                (process.info["cmdline"] or [""])[-1].endswith("train.py")
                and process.environ().get("SLURM_JOB_ID") == job["JobId"]
                and process.cwd() == str(project.folder)
            ):
                return process
    raise AssertionError(f"nothing trains in job {job['JobId']}")


def held_at_work(cluster, project, shards):
    """Stop each shard's training after a few epochs; return their jobs' numbers and processes."""
    held = {}

    def all_held():
        for shard in set(shards) - set(held):
            log = log_of(project, shard)
            if re.search(r"epoch [3-9] of", text(log)):
                (job,) = jobs_of(cluster, project, shard)
                process = training(project, job)
                process.suspend()
                # Snakemake takes the log away before the next attempt.
                kept = project.folder / "kept" / shard
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.hardlink_to(log)
                held[shard] = job["JobId"], process
        return len(held) == len(shards)

    until(all_held, f"{', '.join(shards)} at work")
    return held


def logs(project, shard):
    """Return what all attempts have logged."""
    kept, last = project.folder / "kept" / shard, log_of(project, shard)
    files = [kept] if kept.samefile(last) else [kept, last]
    return [text(file) for file in files]


def assert_no_epoch_was_trained_twice(project, shard):
    # An epoch is kept and then logged: one that is logged once was at most begun before.
    epochs = re.findall(r"trial (\d+) \(.*\), epoch (\d+) of", "".join(logs(project, shard)))
    assert len(epochs) > 60
    assert len(set(epochs)) == len(epochs)


@pytest.fixture(scope="module")
def struck(cluster, alone, tmp_path_factory):
    """A study each of whose jobs has met with another accident, and one whose Snakemake has."""
    folder = tmp_path_factory.mktemp("struck")
    jobs, run = (untrained(alone, folder / name) for name in ("jobs", "run"))
    with snakemake(jobs, "--", TABLE) as process:
        with snakemake(run, "--", SHARD) as process_killed:
            held = held_at_work(cluster, jobs, ACCIDENTS)
            ((_, orphan),) = held_at_work(cluster, run, ["V/0-1"]).values()
            process_killed.kill()

        (over, _), (cancelled, _), (_, killed), (_, orphaned) = map(held.get, ACCIDENTS)
        # A limit is a matter of minutes to SLURM. This job's is over now.
        subprocess.run(["scontrol", "update", f"JobId={over}", "EndTime=now+1"], check=True)
        subprocess.run(["scancel", cancelled], check=True)
        killed.kill()
        cluster.restart_slurmd()
        orphaned.resume()

        # SLURM's jobs live on without the Snakemake that has sent them.
        with snakemake(run, "--", SHARD) as process_again:
            until(lambda: AWAITED in text(log_of(run, "V/0-1")), "a second job for the same trial")
            orphan.resume()
            ended(run, process_again)
        ended(jobs, process)
    return {"jobs": jobs, "run": run}


@pytest.mark.parametrize(
    ("shard", "states"),
    [
        pytest.param(OVER, ["TIMEOUT", "COMPLETED"], id="over its time limit"),
        pytest.param(CANCELLED, ["CANCELLED", "COMPLETED"], id="cancelled"),
        pytest.param(KILLED, ["FAILED", "COMPLETED"], id="its training killed"),
        pytest.param(ORPHANED, ["COMPLETED"], id="its node's daemon killed"),
    ],
)
def test_a_job_that_is_struck_goes_on_where_it_was(cluster, struck, shard, states):
    project = struck["jobs"]
    assert [job["JobState"] for job in jobs_of(cluster, project, shard)] == states
    for log in logs(project, shard)[1:]:
        assert re.search(r"trial \d goes on after epoch \d+$", log, re.MULTILINE)
    assert_no_epoch_was_trained_twice(project, shard)


def test_a_study_whose_jobs_were_struck_comes_out_as_any_other(alone, struck):
    assert without_times(struck["jobs"]) == without_times(alone)
    assert struck["jobs"].planned(TABLE) == {}


def test_after_a_kill_of_snakemake_the_same_command_goes_on(cluster, alone, struck):
    project, shard = struck["run"], "V/0-1"
    states = [job["JobState"] for job in jobs_of(cluster, project, shard)]
    assert states == ["COMPLETED", "COMPLETED"]
    assert_no_epoch_was_trained_twice(project, shard)
    assert records(project) == records(alone)


def records(project):
    """Return a shard's records but for the seconds they took."""
    lines = (project.folder / SHARD).read_text(encoding="utf-8").splitlines()
    return [{**json.loads(line), "train_seconds": None} for line in lines]


# Stacks, each on a GPU of its own

STACKS = {
    "variants": ["V", "NP"],
    "search": {"hidden_size": {"low": 10, "high": 40}},
    "training": {"engine": "stacked", "epochs": 12, "patience": 12, "trials_per_job": 4},
}
TO_GPUS = ("--set-resources", "train:gres=gpu:1", "train:slurm_partition=gpu")


@pytest.fixture(scope="module")
def stacks(cluster, tmp_path_factory):
    """Two stacks at work at the same time, of which one is killed; and the same without SLURM."""
    folder = tmp_path_factory.mktemp("stacks")
    alone = new_project(folder / "alone")
    alone.configure(**STACKS)
    alone.snakemake("results/small/features/jsb.npz")
    project = alone.copy(folder / "sent")
    with snakemake(project, *TO_GPUS, "--", TABLE) as process:
        held = held_at_work(cluster, project, ["V/0-3", "NP/0-3"])
        (_, killed), (_, other) = held.values()
        killed.kill()
        other.resume()
        ended(project, process)
    alone.snakemake(TABLE)
    return alone, project


@pytest.mark.slow
def test_two_stacks_are_trained_at_the_same_time_on_a_gpu_each(cluster, stacks):
    _, project = stacks
    states = [
        [job["JobState"] for job in jobs_of(cluster, project, shard)]
        for shard in ("V/0-3", "NP/0-3")
    ]
    assert sorted(states) == [["COMPLETED"], ["FAILED", "COMPLETED"]]
    first = [logs(project, shard)[0] for shard in ("V/0-3", "NP/0-3")]
    gpus = [re.search(r"GPUs: ([01])$", log, re.MULTILINE).group(1) for log in first]
    assert sorted(gpus) == ["0", "1"]


@pytest.mark.slow
def test_a_stack_that_was_killed_goes_on_and_comes_out_as_any_other(stacks):
    alone, project = stacks
    again = [log for shard in ("V/0-3", "NP/0-3") for log in logs(project, shard)[1:]]
    assert re.search(r"trial \d goes on after epoch \d+$", "".join(again), re.MULTILINE)
    columns = ["task", "variant", "trial", "status", "epochs", "best_epoch", "validation", "test"]
    tables = [pd.read_csv(p.folder / TABLE)[columns] for p in (alone, project)]
    # In other company for an epoch, with other paddings: equal but for the rounding of sums.
    pd.testing.assert_frame_equal(*tables, rtol=1e-4)
