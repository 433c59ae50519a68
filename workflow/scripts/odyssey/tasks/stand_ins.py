"""What the settings of corpora with a stand-in share."""

from pydantic import Field, model_validator

from odyssey.tasks.base import Section


class WordRange(Section):
    """Fewest and most words."""

    low: int = Field(ge=1, le=11, description="Fewest, 1 to 11.")
    high: int = Field(ge=1, le=11, description="Most, 1 to 11.")

    @model_validator(mode="after")
    def _not_empty(self):
        if self.low > self.high:
            raise ValueError(f"the range is empty: low {self.low} is above high {self.high}")
        return self


def path_or_synthetic(task):
    """Want a path with every source but the synthetic one, and sizes with that one only.

    Parameters
    ----------
    task : TaskSettings
        With the keys `source`, `path` and `synthetic`.

    Returns
    -------
    TaskSettings
        The same.

    Raises
    ------
    ValueError
        If a key is missing, or is there for nothing.
    """
    if task.source == "synthetic" and task.path is not None:
        raise ValueError("source synthetic has no use for the key path")
    if task.source != "synthetic" and task.path is None:
        raise ValueError(f"source {task.source} needs the key path")
    if task.source != "synthetic" and "synthetic" in task.model_fields_set:
        raise ValueError(f"source {task.source} has no use for the key synthetic")
    return task
