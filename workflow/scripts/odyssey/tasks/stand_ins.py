"""What the settings of corpora with a stand-in share."""

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from odyssey.section import Section
from odyssey.tasks.base import TaskSettings


class WordRange(Section):
    """Fewest and most words."""

    low: int = Field(ge=1, le=11, description="Fewest, 1 to 11.")
    high: int = Field(ge=1, le=11, description="Most, 1 to 11.")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"the range is empty: low {self.low} is above high {self.high}")
        return self

    @property
    def ends(self) -> tuple[int, int]:
        """Fewest and most."""
        return self.low, self.high


class StandInSizes(Section):
    """Sizes of a stand-in, and its seed."""

    seed: int = Field(0, ge=0, description="Of the corpus; not the study's.")
    train: int
    validation: int
    test: int
    words: WordRange

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many the training, validation and test sets have."""
        return self.train, self.validation, self.test


class WithStandIn(TaskSettings):
    """A task whose corpus lies at `path`, or is a stand-in with the sizes under `synthetic`."""

    if TYPE_CHECKING:  # as keys they stand in each kind, among its others
        source: str
        path: str | None

    @model_validator(mode="after")
    def _data_is_named(self) -> Self:
        if self.made_up and self.path is not None:
            raise ValueError("source synthetic has no use for the key path")
        if not self.made_up and self.path is None:
            raise ValueError(f"source {self.source} needs the key path")
        if not self.made_up and "synthetic" in self.model_fields_set:
            raise ValueError(f"source {self.source} has no use for the key synthetic")
        return self

    @property
    def made_up(self) -> bool:
        """Whether the corpus is the stand-in."""
        return self.source == "synthetic"

    def folder(self, made: str | None) -> str:
        """Return the folder of the corpus: of the stand-in that was made, or the user's."""
        found = made or self.path
        if found is None:
            raise ValueError("the stand-in has not been made")
        return found

    def corpus_keys(self) -> tuple[str, ...]:
        """Name the sizes and the seed of the stand-in."""
        return ("synthetic",) if self.made_up else ()
