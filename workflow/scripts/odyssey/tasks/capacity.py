"""Memory capacity: how many random labels a network can store."""

from typing import Self

from pydantic import Field, model_validator

from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.tasks.base import Shape
from odyssey.tasks.on_the_spot import OnTheSpot


class Settings(OnTheSpot):
    """Memory: capacity after Collins et al. (2017), made on the spot."""

    TITLE = "Capacity"
    MEASURE = "label error"
    UNIT = "%"

    items: int = Field(
        1000,
        ge=1,
        description="Random inputs, each with a random label of one bit. Training, validation and "
        "test are the same items: what is asked is how many are stored.",
    )
    inputs: int = Field(16, ge=1, le=1024, description="Bits of an input.")
    length: int = Field(5, ge=1, description="Frames for which an input is shown.")
    seed: int = Field(0, ge=0, description="Of the items; not the study's.")

    @model_validator(mode="after")
    def _items_differ(self) -> Self:
        if self.items > 2**self.inputs // 2:
            raise ValueError(
                f"items must be {2**self.inputs // 2} at most, half of what {self.inputs} inputs "
                f"can tell apart (given: {self.items}); raise inputs"
            )
        return self

    @property
    def random_labels(self) -> int:
        """One an item."""
        return self.items

    def shape(self) -> Shape:
        """See an item, say which of two labels it has."""
        return Shape(inputs=self.inputs, outputs=2, directions=1, loss="softmax")

    def frames(self) -> tuple[int, int]:
        """Count what is made."""
        return self.items * self.length, self.items * self.length

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Make the items."""
        from odyssey.features import memory

        return memory.capacity(
            self.items, self.inputs, self.length, self.seed, self.description(name)
        )
