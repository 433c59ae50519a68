"""The adding problem: the sum of two marked values, asked for at the end."""

from pydantic import Field

from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.tasks.base import Shape
from odyssey.tasks.on_the_spot import OnTheSpot


class Settings(OnTheSpot):
    """Memory: the adding problem, made on the spot."""

    TITLE = "Adding"
    MEASURE = "mean square error"
    UNIT = ""

    length: int = Field(50, ge=2, description="Frames of a sequence.")
    train: int = Field(2000, ge=1, description="Sequences of the training set.")
    validation: int = Field(500, ge=1, description="Sequences of the validation set.")
    test: int = Field(1000, ge=1, description="Sequences of the test set.")
    seed: int = Field(0, ge=0, description="Of the sequences; not the study's.")

    def shape(self) -> Shape:
        """See a value and a mark, say a sum."""
        return Shape(inputs=2, outputs=1, directions=1, loss="squared")

    def frames(self) -> tuple[int, int]:
        """Count what is made."""
        return self.train * self.length, self.validation * self.length

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Make the sequences."""
        from odyssey.features import memory

        counts = self.train, self.validation, self.test
        return memory.adding(self.length, counts, self.seed, self.description(name))
