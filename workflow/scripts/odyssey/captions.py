"""What stands over or under each figure and table, wherever it is shown."""

from odyssey.catalogue import FIGURES, TABLES, Caption


def of_figure(name: str) -> Caption:
    """Return the caption of a figure; one that is not known has its name for a title."""
    return FIGURES[name].caption if name in FIGURES else _name(name)


def of_table(name: str) -> Caption:
    """Return the caption of a table; one that is not known has its name for a title."""
    return TABLES[name].caption if name in TABLES else _name(name)


def _name(name: str) -> Caption:
    return Caption(name.replace("_", " ").capitalize())
