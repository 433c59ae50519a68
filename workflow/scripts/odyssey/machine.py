"""The machine that this runs on, for the records of what was computed on it."""

import os
import platform
from functools import cache
from pathlib import Path


@cache
def processor() -> str:
    """Name this machine's processor as the system calls it, or at least the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> str:
    """Describe this machine: processor, cores, memory where it can be told, and system."""
    parts = [processor(), f"{os.cpu_count()} cores"]
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{memory / 2**30:.0f} GiB")
    return ", ".join([*parts, platform.system()])
