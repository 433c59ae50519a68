"""What every task has: settings in the configuration, a shape, features, and words for a reader."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from odyssey.corpora.digest import digest
from odyssey.features.sequences import LOSSES, Description, Sequences
from odyssey.processes import Progress
from odyssey.section import Section

MOST_BYTES = 4_000_000_000  # of the inputs of what is made or unfolded here


@dataclass(frozen=True)
class Shape:
    """What a task asks of a network; ValueError if no network can have it."""

    inputs: int  # values a frame
    outputs: int  # units of the output layer, the blank of ctc included
    directions: int  # 1 for a forward network, 2 for a bidirectional one
    loss: str  # one of `odyssey.features.sequences.LOSSES`

    def __post_init__(self) -> None:
        """Check what a user's file may have got wrong."""
        for part in ("inputs", "outputs", "directions"):
            number = getattr(self, part)
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ValueError(f"{part} must be a whole number of 1 or more, not {number!r}")
        if self.directions > 2:
            raise ValueError(f"directions must be 1 or 2, not {self.directions}")
        if self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, not {self.loss!r}")


ALSO_SEARCH = (
    "Further hyperparameters, drawn 50:50: `nesterov` (or classical momentum), `clip` (each "
    "gradient element to [-1, 1], or not). Elsewhere Nesterov and no clipping."
)


class TaskSettings(Section):
    """A task of a study. A kind of task derives from it what stands under the task's name.

    A kind has to set `TITLE`, `MEASURE` and `UNIT`, as constants or properties, and to define
    `shape`, `frames` and `features`.
    """

    TITLE: ClassVar[str]  # above panels and in tables; empty: the task's name
    MEASURE: ClassVar[str]  # what validation and test report, less is better: "frame error"
    UNIT: ClassVar[str]  # of the measure: "%"
    ITEMS: ClassVar[str] = "sequences"  # what is counted while features are made
    FOLDERS: ClassVar[tuple[str, ...]] = ()  # keys of those paths that are no files but folders
    READ: ClassVar[tuple[str, ...]] = ()  # ends of names, in lower case, read in them; else all

    kind: str = Field(
        description="Kind of the task, by default its name: one of those below, or the path of a "
        "file of your own that ends in .py (docs/adding-a-task.md)."
    )
    title: str | None = Field(
        None, min_length=1, description="What figures and tables call the task."
    )
    epochs: int | None = Field(
        None, ge=1, description="Epochs a trial at most for this task, instead of training.epochs."
    )
    also_search: list[Literal["nesterov", "clip"]] = Field([], description=ALSO_SEARCH)

    @field_validator("also_search")
    @classmethod
    def _once_each(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("names a hyperparameter twice")
        return names

    @property
    def heading(self) -> str:
        """What figures and tables call the task: the user's title, or the kind's."""
        return self.title or self.TITLE

    @property
    def axis_label(self) -> str:
        """The measure with its unit, for axes and tables."""
        return f"{self.MEASURE} ({self.UNIT})" if self.UNIT else self.MEASURE

    @property
    def origin(self) -> str:
        """Where the data comes from, in a word or two: the key `source`, or the kind's name."""
        return str(getattr(self, "source", Path(self.kind).name))

    @property
    def made_up(self) -> bool:
        """Whether the data is a stand-in, made by this program, which is said wherever it shows."""
        return False

    @property
    def random_labels(self) -> int:
        """Random labels of one bit that are to be stored; 0 where something can be learned.

        The measure is the per cent of them that are wrong.
        """
        return 0

    def paths(self) -> dict[str, str]:
        """Files, or folders (`FOLDERS`), that have to be there, by the key that names them."""
        path = getattr(self, "path", None)
        return {} if path is None else {"path": path}

    def shape(self) -> Shape:
        """Say what the task asks of a network, exactly, before its features are made."""
        raise NotImplementedError

    def frames(self) -> tuple[int, int]:
        """Estimate the frames of training and of validation, before features are made."""
        raise NotImplementedError

    def corpus_keys(self) -> tuple[str, ...]:
        """Name the keys that decide what `make_corpus` makes; none if there is nothing to make."""
        return ()

    def make_corpus(self, folder: str, processes: int, progress: Progress) -> None:
        """Make or fetch the corpus.

        Parameters
        ----------
        folder : str
            Where to; it is not there yet.
        processes : int
            How many may work at the same time; the result does not depend on it.
        """
        raise NotImplementedError

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Read the corpus, and make sequences of it.

        Parameters
        ----------
        name : str
            Of the task in the study.
        corpus : str or None
            The folder that `make_corpus` filled, None where it has nothing to make.
        processes : int
            How many may work at the same time; the result does not depend on it.

        Returns
        -------
        Sequences
            Of the shape that `shape` says, with what `description` returns.

        Raises
        ------
        CorpusError
            If the corpus is damaged or incomplete: one line that names the file.
        """
        raise NotImplementedError

    example: ClassVar[Callable[..., dict[str, Any]] | None] = (
        None  # of a kind whose first line figure 2 can show
    )

    def description(self, name: str) -> Description:
        """Describe the features of the task, which has this name in the study."""
        shape = self.shape()
        return Description(
            task=name,
            source=self.origin,
            synthetic=self.made_up,
            loss=shape.loss,
            outputs=shape.outputs,
            directions=shape.directions,
            measure=self.axis_label,
        )

    def digests(self) -> dict[str, str]:
        """Tell the user's files from what lay there before, by the key that names them."""
        return {key: digest(path, self.READ) for key, path in self.paths().items()}

    def of_corpus(self) -> dict[str, Any]:
        """List the settings that decide what the corpus is, for `odyssey.tasks.read_settings`."""
        return self.model_dump(mode="json", include={"kind", *self.corpus_keys()})

    def of_features(self) -> dict[str, Any]:
        """List the settings that decide what the features are, so far as they are no defaults."""
        others = {"title", "epochs", "also_search"}
        return self.model_dump(mode="json", exclude_defaults=True, exclude=others)
