"""Write files whole or not at all, lock them while a process lives, and digest them."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that no reader, and no interruption, ever meets half of it.

    Parameters
    ----------
    path : path-like
        Its folder is made if it is missing.
    write : callable
        Gets the open binary file.

    Raises
    ------
    OSError
        If the disk is full or the folder read-only; the old file, if any, is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of this process alone: an orphan of a killed Snakemake may be writing the same file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say by itself what it has no room for
        raise


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return a file's SHA-256.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hold(path: str | os.PathLike[str]) -> bool | None:
    """Lock a file, shared with other processes, until this process ends.

    Parameters
    ----------
    path : path-like
        Made if it is missing, and its folder too.

    Returns
    -------
    bool or None
        Whether no other process has locked it. None where nobody can tell: on a file system that
        is read-only or has no locks.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # The file stays open, because closing it would end the lock.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        return None
    return True
