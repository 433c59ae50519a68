"""The user's own data, from a table or an ``.npz``, without a line of code."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from odyssey.corpora.given_parts import Form, Survey, is_table
from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import Shape, TaskSettings
from odyssey.tasks.fractions import DrawnFractions

ENDINGS = (".csv", ".parquet", ".npz")

# By the loss: what is measured, and its unit.
MEASURES = {
    "softmax": ("classification error", "%"),
    "sigmoid": ("NLL", "nats a frame"),
    "ctc": ("label error rate", "%"),
    "squared": ("mean square error", ""),
}


class Settings(TaskSettings):
    """Your own data (docs/your-own-data.md)."""

    TITLE = ""  # figures show the task's name

    path: UserPath = Field(
        description="File of the data: a long table, .csv or .parquet, or arrays, .npz."
    )
    labels: UserPath | None = Field(
        None, description="With the loss `ctc` and a table: the table of labels."
    )
    loss: Literal["softmax", "sigmoid", "ctc", "squared"] = Field(
        description="`softmax`: one class a frame; `sigmoid`: several targets of 0 or 1; `ctc`: "
        "labels without alignment; `squared`: real targets."
    )
    directions: Literal[1, 2] = Field(
        1, description="1: a forward network; 2: a bidirectional one."
    )
    predict: Literal["next"] | None = Field(
        None, description="`next`: the targets are the inputs of the next frame."
    )
    inputs: list[str] | None = Field(
        None, min_length=1, description="Columns of inputs. By default all others of numbers."
    )
    target: str | None = Field(
        None,
        description="Column of the target, or with `ctc` of the labels (`label`). By default those "
        "whose names begin with `target`.",
    )
    targets: list[str] | None = Field(
        None, min_length=1, description="Columns of the targets, for `sigmoid` and `squared`."
    )
    splits: DrawnFractions | None = Field(
        None,
        description="Split drawn by fractions, whole sequences, from their names and a seed. By "
        "default the file says it, in the column or array `split`.",
    )
    standardised: bool = Field(
        default=False,
        description="Inputs with mean 0 and standard deviation 1 over the training set.",
    )
    measure: str | None = Field(
        None, min_length=1, description="What figures and tables call the measure."
    )
    unit: str | None = Field(None, description="Unit of the measure.")

    @field_validator("path", "labels")
    @classmethod
    def _known_ending(cls, path: str | None, info: ValidationInfo) -> str | None:
        allowed = ENDINGS if info.field_name == "path" else ENDINGS[:2]
        if path is not None and Path(path).suffix.lower() not in allowed:
            raise ValueError(f"the name must end in {', '.join(allowed)}")
        return path

    @field_validator("inputs", "targets")
    @classmethod
    def _columns_once_each(cls, names: list[str] | None) -> list[str] | None:
        if names is not None and len(set(names)) < len(names):
            raise ValueError("names a column twice")
        return names

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        table = is_table(self.path)
        if self.predict and self.loss == "ctc":
            raise ValueError("predict: next goes with the losses softmax, sigmoid and squared")
        if self.predict and (self.target or self.targets):
            raise ValueError("predict: next makes the targets: leave target and targets out")
        if self.target and self.targets:
            raise ValueError("give target or targets, not both")
        if self.targets and self.loss in ("softmax", "ctc"):
            raise ValueError(f"the loss {self.loss} takes one column, with the key target")
        if self.loss == "ctc" and table and self.labels is None:
            raise ValueError("the loss ctc needs the key labels, a second table")
        if self.labels is not None and not (self.loss == "ctc" and table):
            raise ValueError("labels is a second table, for the loss ctc and a path to a table")
        for key in ("inputs", "target", "targets"):
            if getattr(self, key) is not None and not table:
                raise ValueError(f"{key} names columns, but an .npz has none")
        return self

    @property
    def MEASURE(self) -> str:  # type: ignore[override]  # noqa: N802  a constant of most kinds
        """The user's word, or what the loss is measured by."""
        return self.measure or MEASURES[self.loss][0]

    @property
    def UNIT(self) -> str:  # type: ignore[override]  # noqa: N802  a constant of most kinds
        """The user's, or that of the loss's own measure."""
        own = "" if self.measure else MEASURES[self.loss][1]
        return own if self.unit is None else self.unit

    @property
    def origin(self) -> str:
        """The name of the file, and whether its inputs are scaled."""
        name = Path(self.path).name
        return f"{name}, standardised" if self.standardised else name

    def paths(self) -> dict[str, str]:
        """Name the file, and the labels'."""
        return {"path": self.path} | ({"labels": self.labels} if self.labels else {})

    def shape(self) -> Shape:
        """Read what of the file tells it."""
        found = self._survey()
        return Shape(found.inputs, found.outputs, self.directions, self.loss)

    def frames(self) -> tuple[int, int]:
        """Count those of the file."""
        found = self._survey()
        return found.training, found.validation

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Read and check the file."""
        from odyssey.corpora import given
        from odyssey.features.given import sequences

        form = self._form()
        parts = given.read(self.path, self.labels, form)
        return sequences(parts, form, self.description(name), self.standardised)

    def of_features(self) -> dict[str, Any]:
        """List the settings that decide what the features are; words for a reader do not."""
        words = ("measure", "unit")
        return {key: value for key, value in super().of_features().items() if key not in words}

    def _survey(self) -> Survey:
        # `given` imports PyArrow, for which jobs of other tasks should not wait.
        from odyssey.corpora import given

        return given.survey(self.path, self.labels, self._form())

    def _form(self) -> Form:
        targets = self.targets or ([self.target] if self.target else None)
        return Form(
            loss=self.loss,
            predict_next=self.predict == "next",
            inputs=tuple(self.inputs) if self.inputs else None,
            targets=tuple(targets) if targets else None,
            fractions=self.splits.shares if self.splits else None,
            seed=self.splits.seed if self.splits else 0,
        )
