"""Shares of a corpus for training, validation and test, as the configuration names them."""

import math
from typing import Self

from pydantic import Field, model_validator

from odyssey.section import Section


class Fractions(Section):
    """Shares of the corpus, which add up to 1."""

    train: float = Field(gt=0, lt=1, description="Share of the training set.")
    validation: float = Field(gt=0, lt=1, description="Share of the validation set.")
    test: float = Field(gt=0, lt=1, description="Share of the test set.")

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if not math.isclose(total := sum(self.shares), 1, abs_tol=1e-6):
            raise ValueError(f"train, validation and test must add up to 1, not {total:g}")
        return self

    @property
    def shares(self) -> tuple[float, float, float]:
        """Train, validation, test."""
        return self.train, self.validation, self.test


class DrawnFractions(Fractions):
    """Shares of sequences, drawn from their names; they add up to 1."""

    seed: int = Field(0, ge=0, description="Of the draw; not the study's.")
