"""A compiler that compiles no kernel twice: ``kept_objects.py FOLDER COMPILER [ARGUMENT ...]``.

A study of the tests compiles its kernels as any study does, each in a folder of its own. What is
made of the same source with the same options is kept in FOLDER, and copied from there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

DIGEST, PAGE = "-DODYSSEY_DIGEST=", "-DODYSSEY_PAGE="


def key(command: list[str], made: str) -> str:
    """Digest what a command compiles, wherever that lies: options, and files by what they hold."""
    parts = []
    for argument in command:
        file = Path(argument.removeprefix(PAGE).strip('"'))
        if argument.startswith((PAGE, "/")) and file.is_file():
            parts.append(hashlib.sha256(file.read_bytes()).hexdigest())
        elif argument != made:
            parts.append(argument)  # among them the digest of the headers
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def main(folder: Path, command: list[str]) -> int:
    """Compile, or copy what was compiled before; return the compiler's status."""
    if "-c" not in command or not any(a.startswith(DIGEST) for a in command):
        return subprocess.run(command, check=False).returncode
    made = command[command.index("-o") + 1]
    kept = folder / f"{key(command, made)}.o"
    if kept.exists():
        shutil.copy(kept, made)
        return 0
    status = subprocess.run(command, check=False).returncode
    if not status:
        whole = kept.with_suffix(f".{os.getpid()}")
        shutil.copy(made, whole)
        whole.replace(kept)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
