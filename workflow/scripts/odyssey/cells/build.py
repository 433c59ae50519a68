"""Compile the fused engine's kernel into one shared library that runs on any node of a cluster."""

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("fused.cpp")
COMPILERS = ("g++", "c++", "clang++")  # GCC first: what it makes of the kernel is faster
# Contraction into fused multiply-adds is the only liberty: no flag here may touch NaN or infinity.
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-math-errno")
FLAGS += ("-ffp-contract=fast",)
BASELINE = ("-DODYSSEY_VECTOR=4",)
X86 = {
    "avx2": ("-DODYSSEY_VECTOR=8", "-mavx2", "-mfma"),
    "avx512": ("-DODYSSEY_VECTOR=16", "-mavx512f", "-mfma"),
}


def find_compiler() -> str:
    """Name the C++ compiler: ``$CXX``, or the first of `COMPILERS` that there is.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is none.
    """
    wanted = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
    for name in wanted:
        if shutil.which(name):
            return name
    raise ValueError(
        f"no C++ compiler found (tried {', '.join(wanted)}): install one, name it in $CXX, "
        "or choose the reference engine"
    )


def build(path: str | os.PathLike, instruction_set: str = "auto") -> None:
    """Compile the kernel, the same source once for each instruction set, and link it.

    The library picks the best set when it is loaded, so it can be made once on any machine of a
    kind and used on all of them.

    Parameters
    ----------
    path : path-like
        Where the shared library goes; it appears there whole or not at all.
    instruction_set : str
        The only one to compile, so that results have the same bits wherever the library works;
        ``"auto"``: all.

    Raises
    ------
    ValueError
        If there is no compiler, if it fails (the message holds what it said), or if machines of
        this kind do not have the instruction set.
    """
    path, compiler, kind = Path(path), find_compiler(), platform.machine().lower()
    sets = {"baseline": BASELINE, **(X86 if kind in ("x86_64", "amd64") else {})}
    if instruction_set != "auto":
        if instruction_set not in sets:
            raise ValueError(
                f"training.instruction_set is {instruction_set}, but this machine ({kind}) can "
                f"have {', '.join(sets)} only"
            )
        sets = {instruction_set: sets[instruction_set]}
    first = next(iter(sets))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".build-") as folder:
        objects = [str(Path(folder, f"{name}.o")) for name in sets]
        library = Path(folder, path.name)
        _run_all(
            [compiler, *FLAGS, *flags, f"-DODYSSEY_SET={name}"]
            + (["-DODYSSEY_FIRST"] if name == first else [])
            + ["-c", str(SOURCE), "-o", made]
            for (name, flags), made in zip(sets.items(), objects, strict=True)
        )
        _run_all([[compiler, "-shared", *objects, "-o", str(library)]])
        os.replace(library, path)


def _run_all(commands) -> None:
    """Run commands side by side and wait for all of them."""
    started = [
        (c, subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        for c in commands
    ]
    said = [process.communicate()[0] for _, process in started]
    for (command, process), output in zip(started, said, strict=True):
        if process.returncode:
            raise ValueError(f"compiling the kernel failed: {' '.join(command)}\n{output}")
