"""Generate config/schema.json and config/README.md from the configuration's models."""

import json
import types
import typing
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticUndefined

from odyssey.config import Study
from odyssey.kept_studies import repository
from odyssey.search_space import WholeRange
from odyssey.tasks import KINDS, settings_of
from odyssey.tasks.base import TaskSettings

HEADER = """# Configuration

Generated from `workflow/scripts/odyssey/config.py` by `make config`; do not edit it here.

`config.yaml` is the default study, `paper.yaml` the paper's protocol. Your own is another file:

    snakemake --cores all --configfile my-study.yaml

A study is checked before any job starts. An editor that knows JSON Schema completes the keys with
the first line `# yaml-language-server: $schema=config/schema.json`. In paths, `~` is
your home folder.

| key | allowed | default | meaning |
|---|---|---|---|
"""


def schema() -> str:
    """Return the JSON schema of a study's configuration.

    Returns
    -------
    str
        JSON text.
    """
    kinds = {kind: settings_of(kind) for kind in KINDS}
    models: list[type[BaseModel]] = [Study, *kinds.values()]
    places, definitions = models_json_schema([(model, "validation") for model in models])
    sections = {kind: places[model, "validation"] for kind, model in kinds.items()}
    for kind, model in kinds.items():
        # By default a task's kind is its name.
        section = definitions["$defs"][sections[kind]["$ref"].rpartition("/")[2]]
        section["required"] = [key for key in section["required"] if key != "kind"]
        section["title"] = f"{kind}: {model.__doc__}"
        if not section["required"]:
            del section["required"]
    study = definitions["$defs"].pop(places[Study, "validation"]["$ref"].rpartition("/")[2])
    tasks = study["properties"]["tasks"]
    (pattern,) = tasks["patternProperties"]
    study["properties"]["tasks"] = {
        "type": "object",
        "title": "Tasks",
        "description": tasks["description"],
        "minProperties": 1,
        "propertyNames": {**tasks["propertyNames"], "pattern": pattern},
        "properties": {
            kind: {
                "if": {"required": ["kind"]},
                "then": {"$ref": "#/$defs/OfAKind"},
                "else": sections[kind],
            }
            for kind in KINDS
        },
        "additionalProperties": {"$ref": "#/$defs/OfAKind", "required": ["kind"]},
    }
    del definitions["$defs"][TaskSettings.__name__]
    definitions["$defs"]["OfAKind"] = {
        "type": "object",
        "properties": {
            "kind": {
                "description": TaskSettings.model_fields["kind"].description,
                "anyOf": [{"enum": list(KINDS)}, {"type": "string", "pattern": r"\.py$"}],
            }
        },
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": sections[kind]}
            for kind in KINDS
        ],
    }
    return json.dumps(study | definitions, indent=2) + "\n"


def _section(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a key holds, if it holds one."""
    candidates = (annotation, *typing.get_args(annotation))
    found = (c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return next(found, None)


def _allowed(annotation: Any, constraints: list[Any]) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        text = ", ".join(f"`{a}`" for a in arguments)
    elif origin is list:
        text = f"list of {_allowed(arguments[0], [])}"
    elif origin is dict:
        text = f"names, each with {_allowed(arguments[1], [])}"
    elif origin is typing.Annotated:
        text = _allowed(
            arguments[0], [c for a in arguments[1:] for c in getattr(a, "metadata", ())]
        )
    elif origin in (types.UnionType, typing.Union):
        text = ", or ".join(_allowed(a, []) for a in arguments if a is not type(None))
    else:
        text = {int: "integer", float: "number", str: "text", bool: "`true`, `false`"}[annotation]
    symbols = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [
        f"{symbol} {getattr(constraint, name):g}"
        for constraint in constraints
        for name, symbol in symbols.items()
        if getattr(constraint, name, None) is not None
    ]
    return ", ".join([text, *limits])


def _rows(
    model: type[BaseModel],
    prefix: str,
    given: BaseModel | None,
    known: Mapping[str, FieldInfo] = MappingProxyType({}),
) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        if name in known and known[name].default == field.default:
            continue
        if prefix + name == "tasks":
            rows += _task_rows(field.description)
            continue
        key, section = prefix + name, _section(field.annotation)
        value = getattr(given, name) if given is not None else field.default
        if section is not None:
            number = isinstance(value, WholeRange)
            allowed = f"integer, ≥ 1, ≤ {value.MOST}, or section" if number else "section"
            default = f" `{value.low}`" if number else ""
            rows.append(f"| `{key}` | {allowed} |{default} | {field.description} |")
            inner = value if isinstance(value, BaseModel) else None
            rows += _rows(section, f"{key}.", inner)
            continue
        required = field.is_required() and given is None and name != "kind"
        default = (
            "required"
            if required
            else ""
            if value in (None, PydanticUndefined)
            else f"`{json.dumps(value)}`"
        )
        allowed = _allowed(field.annotation, field.metadata)
        rows.append(f"| `{key}` | {allowed} | {default} | {field.description} |")
    return rows


def _task_rows(description: str | None) -> list[str]:
    """Describe what all tasks have, and what each kind adds or has another default of."""
    rows = [f"| `tasks` | names, each with a section | required | {description} |"]
    rows += _rows(TaskSettings, "tasks.NAME.", None)
    for kind in KINDS:
        model = settings_of(kind)
        first = (model.__doc__ or "").splitlines()[0]
        rows.append(f"| `kind: {kind}` | section | | {first} |")
        rows += _rows(model, f"tasks.{kind}.", None, TaskSettings.model_fields)
    return rows


def reference() -> str:
    """Return the table of all keys.

    Returns
    -------
    str
        Markdown text.
    """
    return HEADER + "\n".join(_rows(Study, "", None)) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write both files."""
    ArgumentParser(prog="odyssey config", description=__doc__).parse_args(argv)
    folder = repository() / "config"
    (folder / "schema.json").write_text(schema(), encoding="utf-8")
    (folder / "README.md").write_text(reference(), encoding="utf-8")
