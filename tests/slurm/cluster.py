"""A real SLURM of one node on this machine, for as long as the tests need it."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

ETC = Path("/etc/slurm")  # the only place where a job's own commands look
FILES = ("slurm.conf", "gres.conf")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo")

# No passwords, no accounting, no cgroups: what every machine can do. Jobs stay known for longer
# than any test takes. KillWait: a job that is told to end gets two seconds for it.
SLURM_CONF = """
ClusterName=toy
SlurmctldHost=localhost(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
ReturnToService=2
MinJobAge=600
KillWait=2
OverTimeLimit=0
GresTypes=gpu
NodeName=localhost NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 Gres=gpu:fake:2 State=UNKNOWN
PartitionName=cpu Nodes=localhost Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=localhost MaxTime=INFINITE State=UP
"""
GRES_CONF = "NodeName=localhost Name=gpu Type=fake File={folder}/gpu[0-1]\n"


def until(reached: Callable[[], object], what: str, seconds: float = 120):
    """Return what `reached` does as soon as it is true of anything."""
    end = time.monotonic() + seconds
    while not (result := reached()):
        assert time.monotonic() < end, f"not after {seconds} s: {what}"
        time.sleep(0.05)
    return result


def hindrance() -> str | None:
    """Say why no SLURM can be started here, if none can."""
    if os.geteuid() != 0:
        return "only root can start a SLURM"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (packages slurmctld slurmd slurm-client)"
    _clear_leftovers()
    if any((ETC / name).exists() for name in FILES):
        return f"this machine has a SLURM already, in {ETC}"
    return None


def _clear_leftovers() -> None:
    """Take away the links that a killed session has left."""
    found = [p.info for p in psutil.process_iter(["name", "status"])]
    # A killed one that nobody has waited for is still listed.
    if any(p["name"] == "slurmctld" and p["status"] != psutil.STATUS_ZOMBIE for p in found):
        return
    for link in [ETC / name for name in FILES]:
        if link.is_symlink() and link.readlink().is_relative_to(tempfile.gettempdir()):
            link.unlink()


class Cluster:
    """One node with eight processors that it believes in and two GPUs that are none.

    Parameters
    ----------
    folder : Path
        For its configuration, state and logs.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        self.began = time.time()

    def start(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        for number in range(2):  # a GPU to SLURM is a file of devices; this one is /dev/null
            device = self.folder / f"gpu{number}"
            subprocess.run(["mknod", device, "c", "1", "3"], check=True)
        for name, text in zip(FILES, (SLURM_CONF, GRES_CONF), strict=True):
            (self.folder / name).write_text(text.format(folder=self.folder), encoding="utf-8")
            (ETC / name).symlink_to(self.folder / name)
        self._daemon("slurmctld", "-c")
        self._daemon("slurmd", "-N", "localhost", "-c")
        until(self._idle, f"a node ready for jobs, see the logs in {self.folder}", 60)

    def _daemon(self, name: str, *arguments: str) -> None:
        self.daemons[name] = subprocess.Popen(
            [name, "-D", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _idle(self) -> bool:
        for name, daemon in self.daemons.items():
            assert daemon.poll() is None, f"{name} ended, see the logs in {self.folder}"
        shown = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False
        )
        return shown.stdout.split() != [] and set(shown.stdout.split()) <= {"idle", "mixed"}

    def restart_slurmd(self) -> None:
        """Kill the node's daemon and start it again; it finds its jobs still there."""
        self.daemons["slurmd"].kill()
        self.daemons["slurmd"].wait()
        self._daemon("slurmd", "-N", "localhost")  # with -c it would forget them

    def jobs(self, project) -> list[dict[str, str]]:
        """Return what SLURM knows of a project's jobs, in the order of their submission."""
        shown = subprocess.run(
            ["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True
        )
        fields = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in shown.stdout.splitlines()]
        mine = [job for job in fields if job.get("WorkDir") == str(project.folder)]
        return sorted(mine, key=lambda job: int(job["JobId"]))

    def stop(self) -> None:
        """End every job and both daemons, however they are."""
        for name in FILES:
            link = ETC / name
            if link.is_symlink() and link.readlink() == self.folder / name:
                link.unlink()
        family = [psutil.Process(d.pid) for d in self.daemons.values() if d.poll() is None]
        for process in [*family, *self._steps()]:
            with suppress(psutil.NoSuchProcess):
                family += [process, *process.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for daemon in self.daemons.values():
            daemon.wait(30)

    def _steps(self) -> list[psutil.Process]:
        """Find the keepers of jobs, which outlive the daemon that has started them."""
        return [
            process
            for process in psutil.process_iter(["name", "create_time"])
            if process.info["name"].startswith("slurmstepd")
            and process.info["create_time"] >= self.began
        ]
