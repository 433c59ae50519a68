"""Music of any kind: next-step prediction of piano-roll frames, one direction, 88 keys."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from odyssey.console import tell
from odyssey.corpora import collections
from odyssey.corpora.collections import COLLECTIONS, STEPS
from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import Shape, TaskSettings
from odyssey.tasks.fractions import DrawnFractions

ENDINGS = (".json", ".pickle", ".pkl")
BYTES = {".json": 16, ".pickle": 12, ".pkl": 12}  # of a file for a frame, about


class Settings(TaskSettings):
    """Music: piano-rolls of your own or of music21's collections."""

    MEASURE = "NLL"
    UNIT = "nats a frame"
    ITEMS = "scores"

    path: UserPath | None = Field(
        None,
        description="File in the form of Boulanger-Lewandowski's (JSB, Nottingham, MuseData, "
        "Piano-midi.de), .json or .pickle, which has its own splits.",
    )
    collection: collections.Name | None = Field(
        None, description="Instead of `path`: scores that music21 carries."
    )
    step: collections.Step = Field(
        "quarter", description="Note value from frame to frame of a collection."
    )
    limit: int | None = Field(
        None, ge=3, description="No more scores of the collection than so many, drawn by the seed."
    )
    splits: DrawnFractions = Field(
        DrawnFractions(train=0.6, validation=0.2, test=0.2),
        description="Split of the collection, whole scores, drawn from their names and a seed.",
    )

    @field_validator("path")
    @classmethod
    def _known_ending(cls, path: str | None) -> str | None:
        if path is not None and Path(path).suffix.lower() not in ENDINGS:
            raise ValueError(f"the name must end in {', '.join(ENDINGS)}")
        return path

    @model_validator(mode="after")
    def _data_is_named(self) -> Self:
        if (self.path is None) == (self.collection is None):
            raise ValueError(f"give either path, a file, or collection: {', '.join(COLLECTIONS)}")
        for key in ("step", "limit", "splits"):
            if self.path is not None and key in self.model_fields_set:
                raise ValueError(f"{key} is for a collection: the file at path has no use for it")
        return self

    @property
    def TITLE(self) -> str:  # type: ignore[override]  # noqa: N802  a constant of most kinds
        """The collection's; a file of the user's is called as the study calls it."""
        return COLLECTIONS[self.collection].title if self.collection else ""

    @property
    def origin(self) -> str:
        """The name of the file, or music21 with how much of it."""
        if self.path is not None:
            return Path(self.path).name
        step = "" if self.step == "quarter" else f", {self.step} notes"
        limit = "" if self.limit is None else f", {self.limit} scores"
        return f"music21{step}{limit}"

    def shape(self) -> Shape:
        """See the piano's 88 keys, and say which sound a frame later."""
        return Shape(inputs=88, outputs=88, directions=1, loss="sigmoid")

    def frames(self) -> tuple[int, int]:
        """Judge by the size of the file, or by what scores of the collection have on average."""
        if self.path is not None:
            path = Path(self.path)
            size = path.stat().st_size if path.is_file() else 1_000_000
            total = size / BYTES[path.suffix.lower()]
            return round(0.6 * total), round(0.2 * total)
        of = COLLECTIONS[self._collection]
        total = min(of.scores, self.limit or of.scores) * of.quarters / STEPS[self.step]
        return round(self.splits.train * total), round(self.splits.validation * total)

    @property
    def _collection(self) -> collections.Name:
        assert self.collection is not None, "there is a collection where there is no path"
        return self.collection

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Make piano-rolls, to be predicted step by step."""
        from odyssey.corpora import collections_music21, pianorolls
        from odyssey.features import pianoroll

        if self.path is not None:
            return pianoroll.sequences(pianorolls.read_file(self.path), self.description(name))
        found = collections_music21.read(
            self._collection, self.step, self.splits.seed, self.limit, processes, progress
        )
        music = pianorolls.split(found, self._collection, self.splits.shares)
        tell(f"{name}: {found.summary}")
        return pianoroll.sequences(music, self.description(name))
