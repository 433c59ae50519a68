"""A study's configuration as typed, checked values; schema and reference are generated from it."""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import yaml
from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)

from odyssey.cells.equations import Cell, EquationError
from odyssey.cells.graph import lay_out
from odyssey.cells.variants import CHANGES, KIN, PAPER_VARIANTS, cell, parts
from odyssey.corpora.errors import CorpusError
from odyssey.faults import fault
from odyssey.tasks import KINDS, is_file, read_settings, settings_of, told
from odyssey.tasks.base import Section, TaskSettings, expanded
from odyssey.training.networks import MOST_LAYERS
from odyssey.training.sizes import MOST_BLOCKS, network, weights_at
from odyssey.yaml_keys import repeated


class ConfigError(ValueError):
    """A configuration that cannot be run; the message, one line a fault, is shown as it is."""


MOST_SEQUENCES = 1024  # an update


class Range(Section):
    """An interval to draw from, both ends included."""

    low: float = Field(description="Lower end.")
    high: float = Field(description="Upper end; equal to `low`, it fixes the value.")

    @model_validator(mode="after")
    def _not_empty(self):
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
    """An interval of numbers of blocks."""

    low: int = Field(ge=1, le=MOST_BLOCKS, description="Fewest blocks.")
    high: int = Field(
        ge=1, le=MOST_BLOCKS, description="Most blocks; equal to `low`, it fixes the number."
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
    def _one_number(cls, given):
        if given is None or isinstance(given, dict | cls):
            return given
        if not isinstance(given, int) or not 1 <= given <= cls.MOST:
            raise ValueError(
                f"must be a whole number of 1 to {cls.MOST:,}, or a range such as "
                "{low: 1, high: 4}"
            )
        return {"low": given, "high": given}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema, handler):
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


MOST_TRIALS = 100_000  # of a cell
_PLANNING = 1.3e-4  # seconds a trial, to draw it and to plan its job


class Search(Section):
    """What random search draws, and how often (paper, "Hyperparameter search")."""

    trials: int = Field(
        200,
        ge=1,
        le=MOST_TRIALS,
        description="Trials a cell. Raising it keeps the first ones and trains the rest.",
    )
    hidden_size: HiddenSizeRange | None = Field(
        HiddenSizeRange(low=20, high=200),
        description="Blocks a direction, of each layer; log-uniform, rounded to the nearest "
        "integer.",
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
    def _can_be_planned(cls, trials):
        if isinstance(trials, int | float) and trials > MOST_TRIALS:
            raise ValueError(
                f"must be {MOST_TRIALS:,} or less: all trials are drawn, and their jobs planned, "
                "before the first one is trained, which would take many minutes"
            )
        return trials

    @model_validator(mode="before")
    @classmethod
    def _sizes_or_budget(cls, given):
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


class Training(Section):
    """How a trial is trained, and how trials become jobs."""

    engine: Literal["auto", "fused", "reference"] = Field(
        "auto",
        description="`fused` is the fast one, `reference` the readable one; `auto` takes for each "
        "variant `fused` where its equations allow it, and `reference` where not, and on a GPU.",
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="`cuda`: on a GPU, where only the engine `reference` works."
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
        "more than take as long as 50 vanilla ones. Results do not depend on it, and changing it "
        "trains nothing again.",
    )
    job_minutes: float = Field(
        60,
        gt=0,
        description="With `trials_per_job: auto`, the time for which a job should train at most, "
        "as estimated from sizes, epochs and the engine's measured speed.",
    )
    threads: int = Field(
        1, ge=1, description="Trials that a job trains at the same time, one core each."
    )
    allow_failures: bool = Field(
        default=False,
        description="Whether a study ends well although all trials of a variant failed on a task. "
        "If not, it ends with an error once everything else is made.",
    )

    @field_validator("trials_per_job", mode="wrap")
    @classmethod
    def _number_or_auto(cls, value, validate):
        with contextlib.suppress(ValidationError):
            return validate(value)
        raise ValueError("must be a whole number of 1 or more, or auto")

    @property
    def trials_a_job(self) -> int | None:
        """Trials that one job trains, None if `job_minutes` decides."""
        return None if self.trials_per_job == "auto" else self.trials_per_job

    @model_validator(mode="after")
    def _device_is_served(self):
        if self.device == "cuda" and self.engine == "fused":
            raise ValueError("device cuda needs the engine reference: fused works on CPUs only")
        readable = self.engine == "reference" or self.device == "cuda"
        if self.instruction_set != "auto" and readable:
            raise ValueError("instruction_set is the engine fused's: reference does not heed it")
        return self


class Analysis(Section):
    """How trials are compared (paper, "Comparison of the variants")."""

    best_fraction: float = Field(
        0.1, gt=0, le=1, description="Share of a cell's trials, best by validation, compared."
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Family-wise error of a task's comparisons with vanilla."
    )
    correction: Literal["bonferroni", "holm"] = Field(
        "bonferroni", description="Correction for the number of comparisons of a task."
    )
    selection_luck: bool = Field(
        default=True,
        description="Significant is what the permutation of whole cells finds, which counts the "
        "luck of selecting the best; `false`: what the paper's plain test does, too much.",
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
    fanova_backend: Literal["fanova", "sklearn"] = Field(
        "fanova",
        description="What grows the forests: the paper's package, for academic and non-commercial "
        "use, or scikit-learn, which is free.",
    )
    trees: int = Field(100, ge=2, description="Trees of each forest.")


_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
# Of a name: a folder's name, and what is made in it, must not grow too long for a file system.
_LONGEST_NAME = 100


TaskName = Annotated[
    str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?$", max_length=_LONGEST_NAME)
]
_PAPERS = {"timit": 0, "iam": 1, "jsb": 2}
_TAKEN = ("all", "complete", "reseed")  # by other files beside those of the tasks


def _task(value):
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
    search: Search = Field(Search(), description="Random search.")
    training: Training = Field(Training(), description="Training and jobs.")
    analysis: Analysis = Field(Analysis(), description="Statistics.")

    @field_validator("study")
    @classmethod
    def _not_among_those_kept(cls, name):
        first, *below = name.split("/")
        if first == "reference" and len(below) != 1:
            raise ValueError(
                "results/reference holds the studies that git keeps, each in a folder of its own; "
                "take another name, or reference/NAME for one that is to be kept"
            )
        return name

    @field_validator("tasks", mode="before")
    @classmethod
    def _kinds(cls, tasks):
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
    def _told_apart(cls, tasks):
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
        # The paper's come in its order: results do not depend on who writes which first.
        return dict(sorted(tasks.items(), key=lambda item: _PAPERS.get(item[0], len(_PAPERS))))

    @field_validator("analysis")
    @classmethod
    def _margins_are_the_tasks(cls, analysis, info):
        tasks = info.data.get("tasks", analysis.margins)
        for name in analysis.margins:
            if name not in tasks:
                has = ", ".join(tasks)
                raise ValueError(f"margins names {name}, no task of the study, which has {has}")
        return analysis

    @field_validator("cells")
    @classmethod
    def _equations(cls, cells):
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
    def _known_and_different(cls, names, info):
        own = info.data.get("cells", names)
        seen: dict = {}
        for name in names:
            alone = name in own or name in KIN
            same = seen.setdefault(name if alone else parts(name), name)
            if names.count(name) > 1 or same != name:
                raise ValueError(f"{same} and {name} are the same variant, listed twice")
        return names

    @model_validator(mode="after")
    def _engines_are_there(self):
        for name in self.variants:
            self.engine(name)
        return self

    def cell(self, variant: str) -> Cell:
        """Return the cell behind a variant's name.

        Parameters
        ----------
        variant : str

        Returns
        -------
        Cell

        Raises
        ------
        ValueError
            If there is none, or its equations are no cell's.
        """
        return cell(variant, self.cells.get(variant))

    def engine(self, variant: str) -> str:
        """Return the engine that trains a variant: ``"fused"`` or ``"reference"``.

        Parameters
        ----------
        variant : str

        Returns
        -------
        str

        Raises
        ------
        EquationError
            If the study names the fused engine, which cannot train this cell.
        """
        training = self.training
        if training.engine == "reference" or training.device == "cuda":
            return "reference"
        hindrance = self.hindrance(variant)
        if hindrance and training.engine == "fused":
            raise EquationError(f"training.engine is fused, but {variant} needs auto: {hindrance}")
        return "reference" if hindrance else "fused"

    def hindrance(self, variant: str) -> str:
        """Say in a line why the fused engine cannot train a variant; nothing if it can."""
        try:
            lay_out(self.cell(variant))
        except EquationError as error:
            return str(error)
        return ""

    @property
    def notices(self) -> list[str]:
        """What a user has to know before anything starts: which variants train slowly, and why."""
        slow = [v for v in self.variants if self.engine(v) == "reference"]
        if self.training.engine != "auto" or self.training.device == "cuda":
            return []
        return [
            f"{v} is trained by the readable engine, some seventy times slower: {self.hindrance(v)}"
            for v in slow
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

    def epochs(self, task: str) -> int:
        """Return the most epochs that a trial of a task may take.

        Parameters
        ----------
        task : str
            One of the study's.

        Returns
        -------
        int
        """
        return self.tasks[task].epochs or self.training.epochs


def read_study(config: dict) -> Study:
    """Check the values of a configuration; its corpora may lie elsewhere.

    Parameters
    ----------
    config : dict
        As the YAML file holds it.

    Returns
    -------
    Study

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a value not allowed.
    """
    try:
        return Study.model_validate(config)
    except ValidationError as error:
        kinds = _known_kinds(config)
        told_ = [fault(Study, each, kinds) for each in error.errors()]
        raise ConfigError("\n".join(told_)) from error


def _known_kinds(config: dict) -> dict[tuple[str, ...], type[TaskSettings]]:
    """Find what stands under each task of a configuration that may be wrong."""
    found = {}
    tasks = config.get("tasks")
    for name, settings in tasks.items() if isinstance(tasks, dict) else ():
        kind = settings.get("kind", name) if isinstance(settings, dict) else name
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            found["tasks", name] = settings_of(kind)
    return found


def check_corpora(study: Study) -> None:
    """Make sure that the corpora of a study are where it says, and that sizes can be planned.

    Parameters
    ----------
    study : Study

    Raises
    ------
    ConfigError
        If a corpus is not there, a user's kind of task fails, or a cell cannot have the numbers of
        weights that are searched.
    """
    faults = [
        f"tasks.{name}.{key}: {fault} ({_of(task)}); "
        f"give the path of the {'corpus' if key == 'path' else key}, "
        "absolute or from the working directory"
        for name, task in study.tasks.items()
        for key, path in task.paths().items()
        if (fault := _path_fault(path, key not in task.FOLDERS))
    ]
    faults = faults or list(unknown_sizes(study).values())
    faults = faults or _budget_faults(study)
    if faults:
        raise ConfigError("\n".join(faults))


def _budget_faults(study: Study) -> list[str]:
    """Say between which numbers of weights all cells can be, if those searched are not."""
    searched = study.search.parameters
    if searched is None:
        return []
    fewest, most = study.search.ranges["layers"]
    of_cells = [
        (network(task, study.cell(variant), 1, most), f"{variant} on {name}")
        for name, task in study.tasks.items()
        for variant in study.variants
    ]
    # With the most layers even one unit has many weights, with the fewest the largest size has few.
    low, least = max((weights_at(of, 1), cell) for of, cell in of_cells)
    high, largest = min(
        (weights_at(replace(of, layers=fewest), MOST_BLOCKS), cell) for of, cell in of_cells
    )
    if low <= searched.low <= searched.high <= high:
        return []
    return [
        f"search.parameters: the range must lie within {low:,} weights, which {least} has with a "
        f"hidden size of 1, and {high:,}, which {largest} has with {MOST_BLOCKS:,} "
        f"(given: {searched.low:,} to {searched.high:,})"
    ]


def _of(task: TaskSettings) -> str:
    return f"source: {task.source}" if hasattr(task, "source") else f"kind: {task.kind}"


def unknown_sizes(study: Study) -> dict[str, str]:
    """Find the tasks whose jobs cannot be planned, for want of a corpus or by a user's mistake.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of str to str
        From tasks to why.
    """
    faults = {}
    for name, task in study.tasks.items():
        try:
            task.description(name)
            training, validation = task.frames()
            (task.heading, task.axis_label, training + validation)
        except Exception as error:
            if is_file(task.kind) and not isinstance(error, CorpusError):
                faults[name] = f"tasks.{name}: {told(error, expanded(task.kind))}"
            elif isinstance(error, ValueError | OSError):
                faults[name] = f"tasks.{name}: {error}"
            else:
                raise
    return faults


def planning_note(study: Study) -> str:
    """Say how long the planning of a study takes, if anybody has to wait for it.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        One line, nothing where it is a matter of seconds.
    """
    trials = study.search.trials * len(study.variants) * len(study.tasks)
    seconds = _PLANNING * trials
    if seconds < 5:
        return ""
    time = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"{trials:,} trials are drawn and planned first, which takes some {time}"


def load_study(paths: Sequence[str | os.PathLike]) -> Study:
    """Read a study's configuration from files, as Snakemake's ``--configfile`` does.

    Parameters
    ----------
    paths : sequence of path-like
        YAML; what stands in a later file replaces what stands in an earlier one.

    Returns
    -------
    Study

    Raises
    ------
    ConfigError
        If a file cannot be read, or the configuration is not right.
    """
    config: dict = {}
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
            content = yaml.safe_load(text)
            _check_keys(path, text)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: not YAML: {error}") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: holds no configuration, which is made of keys and values")
        config = _merged(config, content)
    return read_study(config)


def check_keys(paths: Sequence[str | os.PathLike]) -> None:
    """Make sure that no key stands twice in the files that Snakemake has read.

    Parameters
    ----------
    paths : sequence of path-like
        YAML or JSON; what is no file here was fetched from elsewhere, and is left out.

    Raises
    ------
    ConfigError
        If one does; the message names the file, the key and both lines.
    """
    for path in paths:
        if Path(path).is_file():
            _check_keys(path, Path(path).read_text(encoding="utf-8"))


def _check_keys(path: str | os.PathLike, text: str) -> None:
    if found := repeated(text):
        raise ConfigError("\n".join(f"{path}: {each}: keep one of them" for each in found))


def study_or_exit(paths: Sequence[str | os.PathLike], with_corpora: bool = False) -> Study:
    """Read a study's configuration for a command at the terminal.

    Parameters
    ----------
    paths : sequence of path-like
        As for `load_study`.
    with_corpora : bool
        Whether the command reads the corpora, which then have to be where the study says.

    Returns
    -------
    Study

    Raises
    ------
    SystemExit
        With the faults of the configuration, a line each.
    """
    try:
        study = load_study(paths)
        if with_corpora:
            check_corpora(study)
        elif faults := _budget_faults(study):
            raise ConfigError("\n".join(faults))
    except ConfigError as error:
        sys.exit(f"Error in the configuration:\n{error}")
    if note := planning_note(study):
        print(note, file=sys.stderr)  # noqa: T201
    return study


def _merged(base: dict, changes: dict) -> dict:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def _path_fault(path: str, is_file: bool) -> str:
    """Say what is wrong with the path of a corpus, or nothing."""
    kind = "file" if is_file else "folder"
    try:
        there = Path(path).is_file() if is_file else Path(path).is_dir()
        if not there and Path(path).exists():
            return f"{path or '.'} is no {kind}"
        if there and not os.access(path, os.R_OK):
            return f"{path} may not be read"
    except OSError as error:
        return f"{path[:80]} cannot be looked at: {error.strerror}"
    return "" if there else f"there is no {kind} {path}"
