"""Text: the next character from those before it."""

import functools
from pathlib import Path

from pydantic import Field

from odyssey.corpora import text
from odyssey.corpora.errors import CorpusError
from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import MOST_BYTES, Shape, TaskSettings
from odyssey.tasks.fractions import Fractions

# Path, characters, shares and length, which decide what the sequences are.
_Form = tuple[str, int | None, tuple[float, float, float], int]


class Settings(TaskSettings):
    """Text: next-character prediction."""

    MEASURE = "next-character error"
    UNIT = "%"

    path: UserPath | None = Field(
        None,
        description="File of the text, UTF-8. By default two chapters of Alice's Adventures in "
        "Wonderland.",
    )
    length: int = Field(
        100, ge=1, description="Characters of a sequence; at its end the network forgets."
    )
    characters: int | None = Field(
        None, ge=1, description="No more of the text than its first so many characters."
    )
    splits: Fractions = Field(
        Fractions(train=0.8, validation=0.1, test=0.1),
        description="Split in the order of the text: its beginning trains, its end tests.",
    )

    @property
    def TITLE(self) -> str:  # type: ignore[override]  # noqa: N802  a constant of most kinds
        """The book's; a file of the user's is called as the study calls it."""
        return "Alice" if self.path is None else ""

    @property
    def origin(self) -> str:
        """The name of the file, or the author, and how much of it."""
        name = "Lewis Carroll" if self.path is None else Path(self.path).name
        return name if self.characters is None else f"{name}, {self.characters} characters"

    def shape(self) -> Shape:
        """Count the different characters, which are inputs and outputs."""
        *_, classes = self._survey()
        return Shape(inputs=classes, outputs=classes, directions=1, loss="softmax")

    def frames(self) -> tuple[int, int]:
        """Count the characters."""
        training, validation, _ = self._survey()
        return training, validation

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Cut the text into sequences of one-hot characters."""
        from odyssey.features import characters

        return characters.sequences(_parts(*self._form()), self.length, self.description(name))

    def _form(self) -> _Form:
        return self.path or str(text.SHIPPED), self.characters, self.splits.shares, self.length

    def _survey(self) -> tuple[int, int, int]:
        path = Path(self.path or text.SHIPPED)
        try:
            stat = path.stat()
        except OSError as error:
            raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
        return _survey(self._form(), stat.st_mtime_ns, stat.st_size)


def _parts(
    path: str, characters: int | None, shares: tuple[float, float, float], length: int
) -> dict[str, str]:
    return text.split(text.read(path, characters), shares, length, path)


@functools.cache
def _survey(form: _Form, changed: int, size: int) -> tuple[int, int, int]:
    """Count frames of training and validation, and classes, once: jobs are planned by them."""
    from odyssey.features.characters import classes

    parts = _parts(*form)
    count, length = classes(parts), sum(map(len, parts.values()))
    if (needed := 4 * count * length) > MOST_BYTES:
        raise CorpusError(
            f"{form[0]}: {length:,} characters, {count:,} different ones, are inputs of "
            f"{needed / 1e9:.0f} GB; set characters to {MOST_BYTES // (4 * count):,} or less"
        )
    return len(parts["train"]) - 1, len(parts["validation"]) - 1, count
