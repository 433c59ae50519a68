"""What tasks without a corpus share: they are made when their features are."""

from typing import Self

from pydantic import model_validator

from odyssey.tasks.base import MOST_BYTES, TaskSettings


class OnTheSpot(TaskSettings):
    """A task that is made from its settings and a seed, and is no stand-in for anything."""

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        needed = 4 * self.shape().inputs * sum(self.frames())
        if needed > MOST_BYTES:
            raise ValueError(
                f"its training and validation are inputs of {needed / 1e9:,.0f} GB, but "
                f"{MOST_BYTES / 1e9:.0f} GB are allowed: make fewer or shorter sequences"
            )
        return self

    @property
    def origin(self) -> str:
        """Say that there is no corpus."""
        return "made on the spot"
