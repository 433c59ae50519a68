"""The bytes of a corpus's files: read whole, or refused in one line, and never waited for."""

import os
import stat

from odyssey.corpora.errors import CorpusError


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a file; a CorpusError says that it cannot be read, or is a pipe or a device."""
    try:
        # A pipe that nobody writes to would hold a plain open for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CorpusError(f"{path} is a pipe or a device, not a file: remove it")
            return file.read()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
