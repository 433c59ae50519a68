"""What random search draws from: the section `search` of the configuration."""

from typing import Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema

from odyssey.section import Section

MOST_HIDDEN = 10_000  # hidden units a direction, of a layer
MOST_LAYERS = 8  # as many as cells/fused/network.h has room for
MOST_SEQUENCES = 1024  # an update


class Range(Section):
    """An interval to draw from, both ends included."""

    low: float = Field(description="Lower end.")
    high: float = Field(description="Upper end; equal to `low`, it fixes the value.")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.low <= self.high:
            raise ValueError(f"the range is empty: low {self.low:g} is above high {self.high:g}")
        return self


class PositiveRange(Range):
    """An interval above zero, drawn from log-uniformly."""

    low: float = Field(gt=0, description="Lower end, above 0.")


class MomentumRange(PositiveRange):
    """An interval of 1 - momentum."""

    high: float = Field(le=1, description="Upper end, at most 1 (no momentum at all).")


class NoiseRange(Range):
    """An interval of standard deviations."""

    low: float = Field(ge=0, description="Lower end, 0 or more.")


class HiddenSizeRange(PositiveRange):
    """An interval of numbers of hidden units."""

    low: int = Field(ge=1, le=MOST_HIDDEN, description="Fewest hidden units.")
    high: int = Field(
        ge=1, le=MOST_HIDDEN, description="Most hidden units; equal to `low`, it fixes the number."
    )


class ParametersRange(PositiveRange):
    """An interval of numbers of weights."""

    low: int = Field(ge=1, description="Fewest weights.")
    high: int = Field(ge=1, description="Most weights; equal to `low`, it fixes the number.")


class WholeRange(Range):
    """An interval of whole numbers from 1 on, or one number that fixes it."""

    MOST: ClassVar[int]

    @model_validator(mode="before")
    @classmethod
    def _one_number(cls, given: Any) -> Any:
        if given is None or isinstance(given, dict | cls):
            return given
        if not isinstance(given, int) or not 1 <= given <= cls.MOST:
            raise ValueError(
                f"must be a whole number of 1 to {cls.MOST:,}, or a range such as "
                "{low: 1, high: 4}"
            )
        return {"low": given, "high": given}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say to pydantic's schema that a number may stand here as well."""
        section = handler.resolve_ref_schema(handler(core_schema))
        number = {"type": "integer", "minimum": 1, "maximum": cls.MOST}
        return {"anyOf": [number, section]}


class LayersRange(WholeRange):
    """An interval of numbers of layers."""

    MOST: ClassVar[int] = MOST_LAYERS

    low: int = Field(ge=1, le=MOST_LAYERS, description="Fewest layers.")
    high: int = Field(ge=1, le=MOST_LAYERS, description="Most layers.")


class BatchRange(WholeRange):
    """An interval of numbers of sequences."""

    MOST: ClassVar[int] = MOST_SEQUENCES

    low: int = Field(ge=1, le=MOST_SEQUENCES, description="Fewest sequences.")
    high: int = Field(ge=1, le=MOST_SEQUENCES, description="Most sequences.")


MOST_TRIALS = 100_000  # of a variant on a task


class Search(Section):
    """What random search draws, and how often (paper, "Hyperparameter search")."""

    trials: int = Field(
        200,
        ge=1,
        le=MOST_TRIALS,
        description="Trials of each variant on each task. Raising it keeps the first ones and "
        "trains the rest.",
    )
    hidden_size: HiddenSizeRange | None = Field(
        HiddenSizeRange(low=20, high=200),
        description="Hidden units (LSTM blocks) a direction, of each layer; log-uniform, rounded "
        "to the nearest integer.",
    )
    parameters: ParametersRange | None = Field(
        None,
        description="Instead of `hidden_size`, a budget: the number of weights, log-uniform. Each "
        "variant has the size whose number is nearest, so that all are compared at equal "
        "parameters.",
    )
    layers: LayersRange = Field(
        LayersRange(low=1, high=1),
        description="Hidden layers, each upon all directions of the one below: a whole number, or "
        "a range, drawn from uniformly.",
    )
    batch: BatchRange = Field(
        BatchRange(low=1, high=1),
        description="Sequences an update, whose losses are added up, so that a larger batch wants "
        "a smaller learning rate: a whole number, or a range, log-uniform and rounded to the "
        "nearest integer. The paper has 1.",
    )
    learning_rate: PositiveRange = Field(
        PositiveRange(low=1e-6, high=1e-2),
        description="Learning rate for the loss summed over a sequence, log-uniform.",
    )
    one_minus_momentum: MomentumRange = Field(
        MomentumRange(low=0.01, high=1), description="1 - momentum, log-uniform."
    )
    input_noise: NoiseRange = Field(
        NoiseRange(low=0, high=1),
        description="Standard deviation of the Gaussian noise on the inputs, uniform.",
    )

    @field_validator("trials", mode="before")
    @classmethod
    def _can_be_planned(cls, trials: Any) -> Any:
        if isinstance(trials, int | float) and trials > MOST_TRIALS:
            raise ValueError(
                f"must be {MOST_TRIALS:,} or less: all trials are drawn, and their jobs planned, "
                "before the first one is trained, which would take many minutes"
            )
        return trials

    @model_validator(mode="before")
    @classmethod
    def _sizes_or_budget(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if given.get("parameters") is None:
            if "hidden_size" in given and given["hidden_size"] is None:
                raise ValueError(
                    "hidden_size: nothing stands under this key, nor is there a range "
                    "of parameters; give one of them"
                )
            return given
        if given.get("hidden_size") is not None:
            raise ValueError(
                "hidden_size and parameters are both given, but the size follows from the number "
                "of parameters; remove one, or write hidden_size: null"
            )
        return given | {"hidden_size": None}

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Low and high end of each searched range, by the name of its key."""
        found = self.model_dump(exclude={"trials"}, exclude_none=True)
        return {name: (ends["low"], ends["high"]) for name, ends in found.items()}
