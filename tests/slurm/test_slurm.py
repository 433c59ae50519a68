"""The study on a real SLURM: the same results, whatever befalls its jobs."""

import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress

import psutil
import pytest
from cluster import until
from project import new_project, without_times

# What a user would write into the profile for this cluster: it has no accounting, it answers at
# once, and its node is small.
OVERRIDES = [
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "1"),
    *("--latency-wait", "10"),
    *("--default-resources", "mem_mb=500", "runtime=10"),
]
TABLE = "results/small/trials.csv"
TESTS = "results/small/tests/welch.csv"
FIGURE = "results/small/figures/figure_3.pdf"

# Trials of a second or two, so that a job is at work when it is struck.
STUDY = {
    "search": {"hidden_size": {"low": 60, "high": 120}},
    "training": {"epochs": 60, "patience": 60},
}


@contextmanager
def snakemake(project, *arguments):
    """Run Snakemake on the cluster, beside what the test does meanwhile."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--configfile"]
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
    output = (project.folder / "snakemake.log").read_text(encoding="utf-8")
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


# The way through the cluster

SHARD = "results/small/runs/jsb/V/0-1.jsonl"
QUEUES = "partitions: {cpu: {max_runtime: 600}, gpu: {max_runtime: 600, max_gpu: 2}}\n"


@pytest.fixture(scope="module")
def sent(cluster, alone, tmp_path_factory):
    """Three studies sent to the cluster at once: the whole one, and one shard for a GPU twice."""
    folder = tmp_path_factory.mktemp("sent")
    whole, named, found = (untrained(alone, folder / name) for name in ("whole", "named", "found"))
    subprocess.run(["rm", "-r", whole.results / "features"], check=True)
    found.configure(**{**STUDY, "training": {"device": "cuda"}})
    (found.folder / "slurm" / "partitions.yaml").write_text(QUEUES, encoding="utf-8")

    resources = ["--set-resources", "train:gres=gpu:1", "train:slurm_partition=gpu"]
    queues = ["--slurm-partition-config", "slurm/partitions.yaml", "--retries", "0"]
    with (
        snakemake(whole, "--", TESTS, FIGURE) as process,
        snakemake(named, *resources, "--", SHARD) as process_named,
        snakemake(found, *queues, "--", SHARD) as process_found,
    ):
        ended(named, process_named)
        ended(found, process_found, fails=True)
        ended(whole, process)
    return {"whole": whole, "named": named, "found": found}


def test_a_study_comes_out_as_it_does_without_a_cluster(cluster, alone, sent):
    project = sent["whole"]
    jobs = cluster.jobs(project)
    assert {(job["JobState"], job["Partition"]) for job in jobs} == {("COMPLETED", "cpu")}
    rules = Counter(re.sub("_wildcards.*", "", job["Comment"]) for job in jobs)
    assert (rules["rule_features_jsb"], rules["rule_train"]) == (1, 4)
    assert without_times(project) == without_times(alone)
    assert (project.folder / TESTS).read_bytes() == (alone.folder / TESTS).read_bytes()
    assert (project.folder / FIGURE).stat().st_size
    assert project.planned(TESTS, FIGURE) == {}


def test_training_goes_to_the_queue_that_is_named_and_is_given_a_gpu(cluster, sent):
    (job,) = cluster.jobs(sent["named"])
    assert (job["JobState"], job["Partition"]) == ("COMPLETED", "gpu")
    log = log_of(sent["named"], "V/0-1").read_text(encoding="utf-8")
    assert re.search(r"GPUs: [01]$", log, re.MULTILINE)


def test_training_on_a_gpu_finds_its_queue_and_says_if_pytorch_sees_none(cluster, sent):
    (job,) = cluster.jobs(sent["found"])
    assert (job["JobState"], job["Partition"]) == ("FAILED", "gpu")
    (log,) = (sent["found"].folder / ".snakemake" / "slurm_logs").rglob("*.log")
    output = log.read_text(encoding="utf-8")
    assert "Error: training.device is cuda, but PyTorch sees no GPU here" in output
    assert "Traceback" not in output


# What may befall a job

OVER, CANCELLED, KILLED, ORPHANED = "V/0-1", "V/2-3", "NP/0-1", "NP/2-3"


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
            if log.exists() and re.search(r"epoch [3-9] of", log.read_text(encoding="utf-8")):
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
    return [file.read_text(encoding="utf-8") for file in files]


def assert_no_epoch_was_trained_twice(project, shard):
    # An epoch is kept and then logged: one that is logged once was at most begun before.
    epochs = re.findall(r"trial (\d+) \(.*\), epoch (\d+) of", "".join(logs(project, shard)))
    assert len(epochs) > 60
    assert len(set(epochs)) == len(epochs)


@pytest.fixture(scope="module")
def struck(cluster, alone, tmp_path_factory):
    """A study each of whose jobs has met with another accident."""
    project = untrained(alone, tmp_path_factory.mktemp("struck") / "project")
    with snakemake(project, "--", TABLE) as process:
        held = held_at_work(cluster, project, [OVER, CANCELLED, KILLED, ORPHANED])
        # A limit is a matter of minutes to SLURM. This job's is over now.
        subprocess.run(
            ["scontrol", "update", f"JobId={held[OVER][0]}", "EndTime=now+1"], check=True
        )
        subprocess.run(["scancel", held[CANCELLED][0]], check=True)
        held[KILLED][1].kill()
        cluster.restart_slurmd()
        held[ORPHANED][1].resume()
        ended(project, process)
    return project


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
    assert [job["JobState"] for job in jobs_of(cluster, struck, shard)] == states
    for log in logs(struck, shard)[1:]:
        assert re.search(r"trial \d goes on after epoch \d+$", log, re.MULTILINE)
    assert_no_epoch_was_trained_twice(struck, shard)


def test_a_study_whose_jobs_were_struck_comes_out_as_any_other(alone, struck):
    assert without_times(struck) == without_times(alone)
    assert struck.planned(TABLE) == {}


def test_after_a_kill_of_snakemake_the_same_command_goes_on(cluster, alone, tmp_path):
    project = untrained(alone, tmp_path / "project")
    with snakemake(project, "--", SHARD) as process:
        held = held_at_work(cluster, project, [OVER])
        process.kill()
    held[OVER][1].resume()  # SLURM's jobs live on without the Snakemake that has sent them
    with snakemake(project, "--", SHARD) as process:
        ended(project, process)
    until(
        lambda: [job["JobState"] for job in jobs_of(cluster, project, OVER)] == ["COMPLETED"] * 2,
        "both jobs ended well",
    )
    assert_no_epoch_was_trained_twice(project, OVER)
    assert records(project) == records(alone)


def records(project):
    """Return a shard's records but for the seconds they took."""
    lines = (project.folder / SHARD).read_text(encoding="utf-8").splitlines()
    return [{**json.loads(line), "train_seconds": None} for line in lines]
