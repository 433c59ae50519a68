"""Results that cannot be written: a full disk, a read-only one, and one that another study uses."""

import os
import signal
import subprocess
import time
from contextlib import suppress

import pytest
from project import without_times

TABLE = "results/small/trials.csv"


@pytest.fixture
def disk(fresh):
    """The folder of a project's results, on a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is to be filled")
    folder = fresh.folder / "results"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "small", folder]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leave no room on a disk."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1024))
    return filler


def files(project):
    """Return what a study has made, but for its logs and what is hidden."""
    made = (path for path in project.results.rglob("[!.]*") if path.is_file())
    return {str(path.relative_to(project.results)) for path in made if path.suffix != ".log"}


def assert_says(output, message):
    assert message in output
    assert "Traceback" not in output


def test_a_full_disk_is_named_and_with_room_again_the_study_goes_on(fresh, disk):
    fresh.snakemake(TABLE)
    whole, table = files(fresh), without_times(fresh)
    for made in ("features", "runs", "state"):
        subprocess.run(["rm", "-r", fresh.results / made], check=True)
    (fresh.results / "trials.csv").unlink()

    for target, folder in (("features", "features"), ("runs", "state/jsb")):
        before = files(fresh)
        filler = fill(disk)
        output = fresh.snakemake("--keep-going", target, fails=True)
        assert_says(output, f"Error: [Errno 28] No space left on device: 'results/small/{folder}/")
        assert files(fresh) == before
        filler.unlink()
        fresh.snakemake(target)

    fresh.snakemake(TABLE)
    assert files(fresh) == whole
    assert without_times(fresh) == table


def test_a_read_only_folder_is_named(fresh, disk):
    fresh.snakemake("features")
    before = files(fresh)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    output = fresh.snakemake(TABLE, fails=True)
    assert_says(output, "OSError: [Errno 30] Read-only file system: 'results/small/engine'")
    assert files(fresh) == before


def start_and_lock(project):
    """Start a Snakemake, and wait until it has locked the folder."""
    process = subprocess.Popen(
        project.command("features"),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    locks = project.folder / ".snakemake" / "locks"
    while not list(locks.glob("*.lock")):
        assert process.poll() is None
        time.sleep(0.01)
    return process


def test_a_folder_on_which_another_snakemake_runs_is_left_to_it(fresh):
    first = start_and_lock(fresh)
    try:
        first.send_signal(signal.SIGSTOP)  # so that it is still there when the second has ended
        output = fresh.snakemake("features", fails=True)
        assert_says(output, "Directory cannot be locked. Please make sure that no other Snakemake")
        assert_says(output, "Another Snakemake is at work in this folder, and its locks stay: wait")
    finally:
        first.send_signal(signal.SIGCONT)
    assert first.wait(60) == 0
    assert fresh.planned("features") == {}


def test_a_killed_snakemake_leaves_no_lock_that_anybody_has_to_know_of(fresh):
    first = start_and_lock(fresh)
    first.kill()
    first.wait()
    assert "they have been taken away: --unlock is not needed" in fresh.snakemake("features")
    assert "taken away" not in fresh.snakemake("features")


def test_where_nobody_can_tell_who_lives_a_killed_one_keeps_its_user_out(fresh):
    """As it would everywhere, if the Snakefile did not take away the locks of the dead."""
    first = start_and_lock(fresh)
    first.kill()
    first.wait()
    (fresh.folder / ".snakemake" / "alive").unlink()
    (fresh.folder / ".snakemake" / "alive").mkdir()  # cannot be held
    output = fresh.snakemake("features", fails=True)
    assert_says(output, "Directory cannot be locked")
    assert_says(output, "--unlock takes them away")
    fresh.snakemake("--unlock")
    fresh.snakemake("features")
