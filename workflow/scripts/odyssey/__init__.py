"""The library behind the workflow; it knows nothing of Snakemake."""

import typing

if typing.TYPE_CHECKING:
    import os

    from odyssey.notebook import OpenStudy


def open_study(*configfiles: "str | os.PathLike[str]") -> "OpenStudy":
    """Open a study, for a look at its tables and figures (docs/notebook.md).

    Parameters
    ----------
    *configfiles : path-like
        As Snakemake's ``--configfile``; the study's results are in the working directory.

    Returns
    -------
    odyssey.notebook.OpenStudy
    """
    # Tables and figures bring pandas and matplotlib along, which no job should wait for.
    from odyssey.notebook import OpenStudy

    return OpenStudy.of(configfiles)
