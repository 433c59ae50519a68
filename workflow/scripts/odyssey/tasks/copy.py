"""The copy problem: symbols to be said again after a delay."""

from pydantic import Field

from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.tasks.base import Shape
from odyssey.tasks.on_the_spot import OnTheSpot


class Settings(OnTheSpot):
    """Memory: the copy problem, made on the spot."""

    TITLE = "Copy"
    MEASURE = "symbol error"
    UNIT = "%"

    symbols: int = Field(10, ge=1, description="Symbols to be remembered.")
    delay: int = Field(
        20,
        ge=1,
        description="Frames between the last symbol and the first answer; the last one is the cue.",
    )
    alphabet: int = Field(8, ge=2, description="Different symbols.")
    train: int = Field(2000, ge=1, description="Sequences of the training set.")
    validation: int = Field(500, ge=1, description="Sequences of the validation set.")
    test: int = Field(500, ge=1, description="Sequences of the test set.")
    seed: int = Field(0, ge=0, description="Of the sequences; not the study's.")

    def shape(self) -> Shape:
        """See symbols, blank and cue, say symbols."""
        return Shape(inputs=self.alphabet + 2, outputs=self.alphabet, directions=1, loss="softmax")

    def frames(self) -> tuple[int, int]:
        """Count what is made."""
        length = 2 * self.symbols + self.delay
        return self.train * length, self.validation * length

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Make the sequences."""
        from odyssey.features import memory

        counts = self.train, self.validation, self.test
        return memory.copy(
            self.symbols, self.delay, self.alphabet, counts, self.seed, self.description(name)
        )
