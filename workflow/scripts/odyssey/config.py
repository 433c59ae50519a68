"""A study's configuration as typed, checked values; schema and reference are generated from it."""

import contextlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from odyssey.catalogue import COMPARISON, EVOLUTION, PARTS
from odyssey.cells.equations import Cell, EquationError
from odyssey.cells.graph import lay_out
from odyssey.cells.reference import Parts
from odyssey.cells.variants import CHANGES, KIN, PAPER_VARIANTS, cell, combinations, parts
from odyssey.faults import Kinds, fault
from odyssey.search_space import Search
from odyssey.section import Section, expanded
from odyssey.tasks import KINDS, read_settings, settings_of
from odyssey.tasks.base import TaskSettings


class ConfigError(ValueError):
    """A configuration that cannot be run; the message, one line a fault, is shown as it is."""


class Training(Section):
    """How a trial is trained, and how trials become jobs."""

    engine: Literal["auto", "fused", "stacked", "reference"] = Field(
        "auto",
        description="`fused` is the fast one on a CPU, `stacked` trains many trials side by side, "
        "for a GPU, `reference` is the readable one. `auto` takes for each variant `fused`, or "
        "`stacked` on a GPU, where they can hold its equations, and `reference` where not.",
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="`cuda`: on a GPU, where `stacked` and `reference` work."
    )
    stack: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto",
        description="Trials that the engine `stacked` trains side by side, or `auto`: as many as "
        "`stack_megabytes` hold. Changing it trains no finished trial again.",
    )
    stack_megabytes: int = Field(
        8000, ge=1, description="With `stack: auto`, the GPU's memory that one job may fill."
    )
    instruction_set: Literal["auto", "baseline", "avx2", "avx512"] = Field(
        "auto",
        description="What the engine `fused` uses of the processor; `auto` takes the best that it "
        "has. Results have the same bits on any x86 processor only with one that is named, and one "
        "compiler. Changing it trains no finished trial again.",
    )
    epochs: int = Field(150, ge=1, description="Epochs a trial at most.")
    patience: int = Field(
        15,
        ge=0,
        description="A trial stops once validation has not improved for more epochs than this.",
    )
    trials_per_job: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto",
        description="Trials that one job trains, or `auto`: as many as `job_minutes` allow, but no "
        "more than take as long as 50 vanilla ones; with the engine `stacked`, one stack. Results "
        "do not depend on it, and changing it trains nothing again.",
    )
    job_minutes: float = Field(
        60,
        gt=0,
        description="With `trials_per_job: auto`, the time for which a job should train at most, "
        "as estimated from sizes, epochs and the engine's measured speed.",
    )
    threads: int = Field(
        1,
        ge=1,
        description="Trials that a job trains at the same time, one core each; cores of a stack "
        "on a CPU.",
    )
    allow_failures: bool = Field(
        default=False,
        description="Whether a study ends well although all trials of a variant failed on a task. "
        "If not, it ends with an error once everything else is made.",
    )

    @field_validator("trials_per_job", "stack", mode="wrap")
    @classmethod
    def _number_or_auto(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        with contextlib.suppress(ValidationError):
            return validate(value)
        raise ValueError("must be a whole number of 1 or more, or auto")

    @property
    def trials_a_job(self) -> int | None:
        """Trials that one job trains, None if `job_minutes` decides."""
        return None if self.trials_per_job == "auto" else self.trials_per_job

    @model_validator(mode="after")
    def _device_is_served(self) -> Self:
        if self.device == "cuda" and self.engine == "fused":
            raise ValueError("device cuda needs the engine stacked: fused works on CPUs only")
        other = self.engine if self.engine in ("stacked", "reference") else "stacked"
        if self.instruction_set != "auto" and (other == self.engine or self.device == "cuda"):
            raise ValueError(f"instruction_set is the engine fused's: {other} does not heed it")
        stacked = self.engine == "stacked" or (self.engine == "auto" and self.device == "cuda")
        if self.stack != "auto" and not stacked:
            raise ValueError("stack is the engine stacked's: name that engine, or leave stack out")
        return self


class Analysis(Section):
    """How trials are compared (paper, "Comparison of the variants")."""

    best_fraction: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Share of the trials of each variant on each task, best by validation, that "
        "is compared.",
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Family-wise error of a task's comparisons with vanilla."
    )
    correction: Literal["bonferroni", "holm"] = Field(
        "bonferroni", description="Correction for the number of comparisons of a task."
    )
    selection_luck: bool = Field(
        default=True,
        description="Significant is what the permutation of all trials finds, which allows for the "
        "bias of selecting the best; `false`: what the paper's plain test finds, too much.",
    )
    margins: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="Differences from vanilla below which a variant counts as no different, by the "
        "name of the task and in its measure. By default a tenth of the way from vanilla's median "
        "trial to its best.",
    )
    reseed: int = Field(
        0,
        ge=0,
        description="New seeds with which the selected trials are trained again, to tell the luck "
        "of seeds from hyperparameters.",
    )
    surrogate: Literal["gp", "forest"] = Field(
        "gp",
        description="What figures 4 to 6 and the sentences on hyperparameters show: a Gaussian "
        "process, or the paper's forest, which finds interactions that are not there. Tables have "
        "both.",
    )
    attribution: bool = Field(
        default=True,
        description="Whether importance is read by nine methods, of which the fANOVAs of both "
        "surrogates are two (docs/odyssey.md); the fANOVA then takes nearly twice as long.",
    )
    fanova_backend: Literal["fanova", "sklearn"] = Field(
        "fanova",
        description="What grows the forests: the paper's package, for academic and non-commercial "
        "use, or scikit-learn, which is free.",
    )
    trees: int = Field(100, ge=2, description="Trees of each forest.")


class Evolution(Section):
    """Cells that are bred instead of named (docs/odyssey.md)."""

    generations: int = Field(
        0,
        ge=0,
        description="Generations of cells, the first of them random; 0: none, and the study is one "
        "of its variants. With generations, a study has these cells' short trials only: each cell "
        "has `search.trials`, the same for all, and the best validation result of them decides "
        "whether it breeds. The variants are tried beside them, to compare with.",
    )
    population: int = Field(
        40,
        ge=2,
        description="Cells of a generation, and cells that may breed: the best of all before.",
    )
    tournament: int = Field(
        3, ge=1, description="Of so many of those, drawn at random, the best becomes a parent."
    )
    cells_per_job: int = Field(10, ge=1, description="Cells that one job tries, one by one.")


_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
# A name becomes a folder, and paths in it must not grow too long for a file system.
_LONGEST_NAME = 100


TaskName = Annotated[
    str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?$", max_length=_LONGEST_NAME)
]
_PAPERS = {"timit": 0, "iam": 1, "jsb": 2}
_TAKEN = ("all", "complete", "reseed")  # other files beside those of the tasks have these names


def _task(value: Any) -> Any:
    """Check what stands under a task's name against what its kind allows."""
    if value is None:
        raise ValueError("nothing stands under this task; write {} for its defaults or remove it")
    if not isinstance(value, dict):
        return value
    if not isinstance(value["kind"], str):
        return TaskSettings.model_validate({"kind": value["kind"]})
    return read_settings(value)


Task = Annotated[SerializeAsAny[TaskSettings], BeforeValidator(_task)]


class Study(Section):
    """A whole study."""

    study: str = Field(
        pattern=rf"^{_NAME}(/{_NAME})*$",
        max_length=_LONGEST_NAME,
        description="Name of the study, and its folder under results/. What is called "
        "`reference/NAME` is kept in git.",
        json_schema_extra={
            "patternErrorMessage": "must be made of letters, digits and . _ - (and / between "
            "folders), begin with a letter or digit and not end in ."
        },
    )
    seed: int = Field(
        1,
        ge=0,
        description="What the study draws follows from it: trials, their training, forests and "
        "bootstraps. Corpora have seeds of their own.",
    )
    tasks: dict[TaskName, Task] = Field(
        description="The tasks, each with its corpus: a name, and settings, which are those of the "
        "task's kind.",
        json_schema_extra={
            "patternErrorMessage": "the name of a task must be made of letters, digits and . _ - , "
            "begin with a letter and not end in ."
        },
    )
    cells: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")], str] = Field(
        {},
        description="Your own cells: a name, and the file of its equations, absolute or from the "
        "working directory (docs/adding-a-cell.md).",
        json_schema_extra={
            "patternErrorMessage": "the name of a cell must be made of letters, digits and . _ - "
            "and begin with a letter"
        },
    )
    variants: list[str] = Field(
        list(PAPER_VARIANTS),
        min_length=1,
        description="V, the paper's eight (CIFG FGR NP NOG NIAF NIG NFG NOAF) and FB1 (forget bias "
        "1), combinations joined by `+`, such as NFG+NOAF; the kin "
        f"({' '.join(KIN)}); and names under `cells`.",
    )
    parts: list[str] = Field(
        [],
        description=f"Instead of `variants`, changes of the block ({' '.join(CHANGES)}) as "
        "factors: all cells that any of them make together are trained, and analysed as one. The "
        "study then asks which part matters, and which stand in for each other; of `analysis` it "
        "reads `alpha` only (docs/odyssey.md).",
    )
    search: Search = Field(Search(), description="Random search.")
    training: Training = Field(Training(), description="Training and jobs.")
    analysis: Analysis = Field(Analysis(), description="Statistics.")
    evolution: Evolution = Field(
        Evolution(),
        description="Breeding cells: a study of its own kind, of a single task. Of `training` it "
        "reads how long a trial may take, and the instruction set; of `analysis` nothing.",
    )

    @model_validator(mode="before")
    @classmethod
    def _parts_make_variants(cls, given: Any) -> Any:
        factors = given.get("parts") if isinstance(given, dict) else None
        if not factors or not isinstance(factors, list):
            return given
        if any(name not in tuple(CHANGES) for name in factors):  # which its own checks refuse
            return given
        if "variants" in given:
            raise ValueError(
                "variants and parts are both given, but the variants are then all combinations of "
                "the parts; remove one"
            )
        return given | {"variants": combinations(factors)}

    @field_validator("parts")
    @classmethod
    def _different(cls, factors: list[str]) -> list[str]:
        if unknown := [name for name in factors if name not in CHANGES]:
            raise ValueError(f"{unknown[0]} is no change: allowed are {', '.join(CHANGES)}")
        if twice := [name for name in factors if factors.count(name) > 1]:
            raise ValueError(f"{twice[0]} is listed twice")
        if len(factors) == 1:
            raise ValueError("a single part has no combinations: list two, or give variants")
        return factors

    @field_validator("study")
    @classmethod
    def _not_among_those_kept(cls, name: str) -> str:
        first, *below = name.split("/")
        if first == "reference" and len(below) != 1:
            raise ValueError(
                "results/reference holds the studies that git keeps, each in a folder of its own; "
                "take another name, or reference/NAME for one that is to be kept"
            )
        return name

    @field_validator("tasks", mode="before")
    @classmethod
    def _kinds(cls, tasks: Any) -> Any:
        if not isinstance(tasks, dict):
            return tasks
        for name in tasks:
            if not isinstance(name, str):
                raise ValueError(f"{name} is no name of a task; in quotes, a number is text")
        return {
            name: {"kind": name, **settings} if isinstance(settings, dict) else settings
            for name, settings in tasks.items()
        }

    @field_validator("tasks")
    @classmethod
    def _told_apart(cls, tasks: dict[str, TaskSettings]) -> dict[str, TaskSettings]:
        if not tasks:
            raise ValueError(f"name at least one, such as {', '.join(KINDS)}")
        seen: dict[str, str] = {}
        for name, settings in tasks.items():
            if name.lower() in _TAKEN:
                raise ValueError(f"the name {name} is taken; choose another")
            if name.lower() in seen:
                other = seen[name.lower()]
                raise ValueError(
                    f"{other} and {name} differ by case alone, which some file systems do not tell "
                    "apart; choose another name"
                )
            seen[name.lower()] = name
            if settings.example and (line := f"{name}_line") in tasks:
                raise ValueError(f"the name {line} is taken by a file of {name}; choose another")
        # The paper's tasks come first, in its order, so that results do not depend on the file's.
        return dict(sorted(tasks.items(), key=lambda item: _PAPERS.get(item[0], len(_PAPERS))))

    @field_validator("analysis")
    @classmethod
    def _margins_are_the_tasks(cls, analysis: Analysis, info: ValidationInfo) -> Analysis:
        tasks = info.data.get("tasks", analysis.margins)
        for name in analysis.margins:
            if name not in tasks:
                has = ", ".join(tasks)
                raise ValueError(f"margins names {name}, no task of the study, which has {has}")
        return analysis

    @field_validator("cells")
    @classmethod
    def _equations(cls, cells: dict[str, str]) -> dict[str, str]:
        cells = {name: expanded(path) for name, path in cells.items()}
        for name, path in cells.items():
            if name in ("V", *CHANGES, *KIN):
                raise ValueError(f"{name} is the name of a cell that ships: choose another")
            if not Path(path).is_file():
                raise ValueError(f"{name}: there is no file {path}")
            cell(name, path)
        return cells

    @field_validator("variants")
    @classmethod
    def _known_and_different(cls, names: list[str], info: ValidationInfo) -> list[str]:
        own = info.data.get("cells", names)
        seen: dict[str | Parts, str] = {}
        for name in names:
            alone = name in own or name in KIN
            same = seen.setdefault(name if alone else parts(name), name)
            if names.count(name) > 1 or same != name:
                raise ValueError(f"{same} and {name} are the same variant, listed twice")
        return names

    @model_validator(mode="after")
    def _parts_select_nothing(self) -> Self:
        if self.parts and self.analysis.reseed:
            raise ValueError(
                "analysis.reseed trains the selected trials once more, and a study of parts "
                "selects none; remove one of the two"
            )
        if self.parts and self.search.learning_rate.low == self.search.learning_rate.high:
            raise ValueError(
                "parts are compared at the best learning rate of each cell: give "
                "search.learning_rate a range"
            )
        return self

    @model_validator(mode="after")
    def _can_breed(self) -> Self:
        if self.kind != EVOLUTION:
            return self
        if self.parts:
            raise ValueError("parts and evolution.generations are two kinds of study; remove one")
        if len(self.tasks) > 1:
            raise ValueError(
                f"evolution judges cells by one task, and there are {', '.join(self.tasks)}; leave "
                "one"
            )
        if self.analysis.reseed:
            raise ValueError(
                "analysis.reseed trains the selected trials once more, and a study that breeds "
                "selects none; remove one of the two"
            )
        training = self.training
        if training.engine not in ("auto", "fused") or training.device != "cpu":
            raise ValueError(
                "evolution trains each cell with the engine fused, on CPUs: leave training.engine "
                "and training.device out"
            )
        if slow := next((name for name in self.variants if self.hindrance(name)), None):
            raise ValueError(
                f"evolution tries {slow} beside what it breeds, with the engine fused, which "
                f"cannot: {self.hindrance(slow)}"
            )
        return self

    @model_validator(mode="after")
    def _engines_are_there(self) -> Self:
        for name in self.variants:
            self.engine(name)
        return self

    @property
    def kind(self) -> str:
        """What the study asks: `COMPARISON`, `PARTS` or `EVOLUTION`."""
        return EVOLUTION if self.evolution.generations else PARTS if self.parts else COMPARISON

    def cell(self, variant: str) -> Cell:
        """Return the cell behind a variant's name; a ValueError says that there is none."""
        return cell(variant, self.cells.get(variant))

    def engine(self, variant: str) -> str:
        """Return the engine that trains a variant: ``"fused"``, ``"stacked"`` or ``"reference"``.

        Raises
        ------
        EquationError
            If the study names an engine that cannot train this cell.
        """
        training = self.training
        if training.engine == "reference":
            return "reference"
        hindrance = self.hindrance(variant)
        if hindrance and training.engine != "auto":
            named = training.engine
            raise EquationError(
                f"training.engine is {named}, but {variant} needs auto: {hindrance}"
            )
        if hindrance:
            return "reference"
        on_gpu = training.engine == "auto" and training.device == "cuda"
        return "stacked" if on_gpu or training.engine == "stacked" else "fused"

    def hindrance(self, variant: str) -> str:
        """Say in a line why no other engine than the readable one can train a variant, if so."""
        try:
            lay_out(self.cell(variant))
        except EquationError as error:
            return str(error)
        return ""

    @property
    def notices(self) -> list[str]:
        """What a user has to know before anything starts: which variants train slowly, and why."""
        if self.training.engine != "auto":
            return []
        times = "far" if self.training.device == "cuda" else "some seventy times"
        return [
            f"{name} is trained by the readable engine, {times} slower: {self.hindrance(name)}"
            for name in self.variants
            if self.engine(name) == "reference"
        ]

    @property
    def descriptions(self) -> dict[str, dict[str, str]]:
        """Kind, title and measure of each task, by its name; a title is of one task only."""
        headings = [settings.heading or name for name, settings in self.tasks.items()]
        return {
            name: {
                "kind": settings.kind,
                "title": heading if headings.count(heading) == 1 else f"{heading}: {name}",
                "measure": settings.axis_label,
            }
            for heading, (name, settings) in zip(headings, self.tasks.items(), strict=True)
        }

    @property
    def random_labels(self) -> dict[str, int]:
        """How many labels a task asks to be stored, where that is counted: with new seeds."""
        asked = {name: settings.random_labels for name, settings in self.tasks.items()}
        return {name: labels for name, labels in asked.items() if labels and self.analysis.reseed}

    @property
    def lacking(self) -> list[str]:
        """Results of `odyssey.results` that some studies make and this one does not."""
        makes = {
            "line": any(settings.example for settings in self.tasks.values()),
            "attribution": self.analysis.attribution,
            "bits": bool(self.random_labels),
        }
        return [name for name, made in makes.items() if not made]

    def epochs(self, task: str) -> int:
        """Return the most epochs that a trial of a task may take."""
        return self.tasks[task].epochs or self.training.epochs


def read_study(config: dict[str, Any]) -> Study:
    """Check the values of a configuration; its corpora may lie elsewhere.

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a value not allowed.
    """
    try:
        return Study.model_validate(config)
    except ValidationError as error:
        kinds = _known_kinds(config)
        faults = [fault(Study, each, kinds) for each in error.errors()]
        raise ConfigError("\n".join(faults)) from error


def _known_kinds(config: dict[str, Any]) -> Kinds:
    """Find what stands under each task of a configuration that may be wrong."""
    found: dict[tuple[str | int, ...], type[TaskSettings]] = {}
    tasks = config.get("tasks")
    for name, settings in tasks.items() if isinstance(tasks, dict) else ():
        kind = settings.get("kind", name) if isinstance(settings, dict) else name
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            found["tasks", name] = settings_of(str(kind))
    return found
