"""Which letter comes next in strings of Reber's grammar."""

import numpy as np
from pydantic import Field

from odyssey.features.sequences import Sequences
from odyssey.tasks.base import Shape, TaskSettings

LETTERS = "BTSXPVE"
# The two letters that may follow in each state, and the states that they lead to; 5 is the end.
GRAMMAR = [
    [("T", 1), ("P", 2)],
    [("S", 1), ("X", 3)],
    [("T", 2), ("V", 4)],
    [("X", 2), ("S", 5)],
    [("P", 3), ("V", 5)],
]


def draw(generator):
    string, state = "B", 0
    while state < 5:
        letter, state = GRAMMAR[state][generator.integers(2)]
        string += letter
    return string + "E"


class Settings(TaskSettings):
    """Reber's grammar."""

    TITLE = "Reber's grammar"
    MEASURE = "letters wrong"
    UNIT = "%"

    strings: int = Field(
        200, ge=10, description="Strings, a fifth of them for validation and a fifth for the test."
    )
    seed: int = Field(0, ge=0, description="Of the strings; not the study's.")

    def shape(self):
        return Shape(inputs=7, outputs=7, directions=1, loss="softmax")

    def frames(self):
        return 4 * self.strings, 2 * self.strings

    def features(self, name, corpus, processes, progress):
        generator = np.random.default_rng(self.seed)
        strings = [
            [LETTERS.index(letter) for letter in draw(generator)] for _ in range(self.strings)
        ]
        lengths = np.array([len(string) - 1 for string in strings])
        return Sequences(
            description=self.description(name),
            values=np.eye(7, dtype=np.float32)[np.concatenate([string[:-1] for string in strings])],
            lengths=lengths,
            targets=np.concatenate([string[1:] for string in strings]).astype(np.int32),
            target_lengths=lengths,
            split=np.array([(0, 0, 0, 1, 2)[n % 5] for n in range(self.strings)], dtype=np.uint8),
            names=np.array([str(n) for n in range(self.strings)]),
        )
