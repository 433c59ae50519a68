"""Compile a cell's kernel for the fused engine: a library that runs on any node of a cluster."""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from odyssey.cells.equations import Cell
from odyssey.cells.generate import source_text

SOURCE = Path(__file__).with_name("fused.cpp")
COMPILERS = ("g++", "c++", "clang++")  # GCC first: what it makes of the kernel is faster
# Contraction into fused multiply-adds is the only liberty: no flag here may touch NaN or infinity.
FLAGS: tuple[str, ...] = ("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-math-errno")
FLAGS += ("-ffp-contract=fast",)
BASELINE = ("-DODYSSEY_VECTOR=4",)
X86 = {
    "avx2": ("-DODYSSEY_VECTOR=8", "-mavx2", "-mfma"),
    "avx512": ("-DODYSSEY_VECTOR=16", "-mavx512f", "-mfma"),
}


def find_compiler() -> str:
    """Name the C++ compiler, ``$CXX`` or the first of `COMPILERS`; ValueError if there is none."""
    wanted = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
    for name in wanted:
        if shutil.which(name):
            return name
    raise ValueError(
        f"no C++ compiler found (tried {', '.join(wanted)}): install one, name it in $CXX, "
        "or choose the reference engine"
    )


@cache
def compiler_version() -> str:
    """Say which compiler there is, in a line; ValueError if there is none or it does not start."""
    compiler = find_compiler()
    try:
        said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"the compiler {compiler} does not start: {error}") from error
    return said.stdout.splitlines()[0]


@cache
def source_digest(cell: Cell) -> str:
    """Digest what a kernel is made of (frame, generator, equations, flags); it carries this too."""
    return _digest(_frame(), cell.digest)


@cache
def _frame() -> str:
    here = SOURCE.parent
    files = [SOURCE, *sorted(here.glob("fused/*.h"))]
    files += [
        here / f"{name}.py" for name in ("build", "derivative", "generate", "graph", "schedule")
    ]
    return _digest(*(file.read_bytes().decode() for file in files))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def kernel_digest(cell: Cell, instruction_set: str, compiler: str) -> str:
    """Digest all that a kernel's file depends on; `compiler` is its `compiler_version`."""
    return _digest(source_digest(cell), instruction_set, compiler)


def kernel_file(link: str | os.PathLike[str], cell: Cell, instruction_set: str) -> Path:
    """Name the file of a kernel compiled here: the link's name, with the kernel's digest in it.

    Raises
    ------
    ValueError
        If there is no compiler.
    """
    digest = kernel_digest(cell, instruction_set, compiler_version())
    return Path(link).with_name(f"{Path(link).stem}-{digest}.so")


def drop_stale(link: str | os.PathLike[str], cell: Cell, instruction_set: str) -> None:
    """Remove the link to a kernel that was made of, or by, something else than now."""
    # Where nothing can be compiled or removed, nothing is.
    with contextlib.suppress(ValueError, OSError):
        now = kernel_file(link, cell, instruction_set).name
        if Path(link).is_symlink() and Path(link).readlink().name != now:
            Path(link).unlink()


def build(cell: Cell, path: str | os.PathLike[str], instruction_set: str = "auto") -> None:
    """Compile a cell's kernel, the same source once for each instruction set, and link it.

    The library picks the best set when it is loaded, so it can be made once on any machine of a
    kind and used on all of them. The cell's page of arithmetic is left beside it, to be read. The
    library appears at its path whole or not at all. With one instruction set named, results have
    the same bits wherever the library works.

    Raises
    ------
    ValueError
        If there is no compiler, if it fails (the message holds what it said), or if machines of
        this kind do not have the instruction set.
    """
    path, compiler, kind = Path(path).absolute(), find_compiler(), platform.machine().lower()
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
        page, library = Path(folder, "page.h"), Path(folder, path.name)
        page.write_text(source_text(cell))
        objects = [str(Path(folder, f"{name}.o")) for name in sets]
        named = [f'-DODYSSEY_PAGE="{page}"', f'-DODYSSEY_DIGEST="{source_digest(cell)}"']
        _run_all(
            [compiler, *FLAGS, *flags, *named, f"-DODYSSEY_SET={name}"]
            + (["-DODYSSEY_FIRST"] if name == first else [])
            + ["-c", str(SOURCE), "-o", made]
            for (name, flags), made in zip(sets.items(), objects, strict=True)
        )
        _run_all([[compiler, "-shared", *objects, "-o", str(library)]])
        os.replace(page, path.with_suffix(".h"))
        os.replace(library, path)


def _run_all(commands: Iterable[list[str]]) -> None:
    """Run commands side by side and wait for all of them."""
    started = [
        (each, subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        for each in commands
    ]
    said = [process.communicate()[0] for _, process in started]
    for (command, process), output in zip(started, said, strict=True):
        if process.returncode:
            raise ValueError(f"compiling the kernel failed: {' '.join(command)}\n{output}")
