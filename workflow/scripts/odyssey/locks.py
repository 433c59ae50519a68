"""Snakemake's locks on a folder: which mean nothing any more, and what to do about the others."""

import os
from pathlib import Path


def settle(folder: str | os.PathLike[str], alone: bool | None) -> str:
    """Take away the locks that a killed Snakemake has left, where no other one lives.

    Parameters
    ----------
    folder : path-like
        Snakemake's own, ``.snakemake``.
    alone : bool or None
        Whether no other Snakemake lives there, as `odyssey.files.hold` found of its file ``alive``.

    Returns
    -------
    str
        One line that says whose locks there are and what becomes of them, nothing without locks.
    """
    locks = list((Path(folder) / "locks").glob("*.lock"))
    if not locks:
        return ""
    if alone is None:
        return (
            "This folder is locked, and its file system does not tell whether another Snakemake is "
            "at work in it: if none is, one that was killed has left the locks, and --unlock takes "
            "them away."
        )
    if not alone:
        return (
            "Another Snakemake is at work in this folder, and its locks stay: wait for it or end "
            "it, without --unlock. Locks of one that was killed are taken away without being asked."
        )
    for lock in locks:
        lock.unlink(missing_ok=True)
    return (
        "A Snakemake that was killed has left its locks in this folder. No other one is at work "
        "here, so they have been taken away: --unlock is not needed."
    )
