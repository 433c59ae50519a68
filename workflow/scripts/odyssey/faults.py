"""What is wrong with a configuration, in its user's words instead of pydantic's."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

# By the types that pydantic gives its errors. What is not here needs no other words.
KINDS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text; in quotes, a number or a date is text too",
}
KEY_ITSELF = "[key]"  # how pydantic calls the place of a key that the user names
LONGEST = 60  # characters of what was given that are shown


Kinds = Mapping[tuple[str | int, ...], type[BaseModel]]
"""Sections that a configuration itself chooses, by their places."""


def fault(model: type[BaseModel], error: ErrorDetails, kinds: Kinds | None = None) -> str:
    """Say in one line which key of a configuration is wrong, how, and what is allowed.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What the configuration was checked against.
    error : pydantic_core.ErrorDetails
        One of ``ValidationError.errors()``.
    """
    location, kinds = error["loc"], kinds or {}
    key = _key(location)
    if error["type"] == "extra_forbidden":
        allowed = _keys(_section(model, location[:-1], kinds))
        near = _elsewhere(model, location[-1])
        near = near or difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"{key}: unknown key; {hint}allowed: {', '.join(allowed)}"
    if error["type"] == "missing":
        return f"{key}: this key is missing"
    if error["type"] == "invalid_key":
        return f"{_key(location[:-1])}: {error['input']} is no name of a key"
    if error["input"] is None and error["type"] != "value_error":
        return f"{key}: nothing stands under this key; give it a value or remove it"
    given = error["input"]
    # What is wrong within a section or list does not show in it at a glance.
    within = error["type"] in ("value_error", "too_short") and isinstance(given, dict | list)
    return f"{key}: {_words(model, error, kinds)}{'' if within else _given(given)}"


def _key(location: Sequence[str | int]) -> str:
    """Name a place as a user finds it: entries of a list are counted from one."""
    names = [part for part in location if isinstance(part, str) and part != KEY_ITSELF]
    entries = [f", entry {part + 1}" for part in location if isinstance(part, int)]
    return ".".join(names) + "".join(entries) or "configuration"


def _words(model: type[BaseModel], error: ErrorDetails, kinds: Kinds) -> str:
    kind, location, limits = error["type"], error["loc"], error.get("ctx", {})
    if kind in KINDS:
        return KINDS[kind]
    if kind in ("model_type", "model_attributes_type"):
        return f"must be a section {_example(model, location, kinds)}"
    if kind == "dict_type":
        return "must be a section such as {name: value}"
    if kind == "list_type":
        entry = error["input"] if isinstance(error["input"], str) else "first, second"
        return f"must be a list such as [{entry}]"
    if kind == "too_short":
        return f"name at least {'one' if limits['min_length'] == 1 else limits['min_length']}"
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "string_too_long":
        return f"must have at most {limits['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return _of_pattern(_field(model, location, kinds), error["msg"])
    message = error["msg"].removeprefix("Value error, ")
    return re.sub(r"^Input should be", "must be", message)


def _of_pattern(field: FieldInfo, otherwise: str) -> str:
    """Say of a text's pattern what the key itself says of it."""
    extra = field.json_schema_extra
    return (
        str(extra.get("patternErrorMessage", otherwise)) if isinstance(extra, dict) else otherwise
    )


def _given(value: object) -> str:
    """Show what was given, as YAML has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
    else:
        text = repr(value) if isinstance(value, str | int | float | list | dict) else str(value)
    return f" (given: {text if len(text) <= LONGEST else text[:LONGEST] + '…'})"


def _keys(section: type[BaseModel] | None) -> list[str]:
    return list(section.model_fields) if section else []


def _section(
    model: type[BaseModel] | None, location: Sequence[str | int], kinds: Kinds
) -> type[BaseModel] | None:
    """Find the section at a place, None where there is none."""
    for depth, part in enumerate(location, start=1):
        field = model.model_fields.get(str(part)) if model else None
        within: tuple[Any, ...] = ()
        if field is not None:
            within = (field.annotation, *getattr(field.annotation, "__args__", ()))
        found = next((k for k in within if isinstance(k, type) and issubclass(k, BaseModel)), None)
        model = kinds.get(tuple(location[:depth]), found)
    return model


def _elsewhere(model: type[BaseModel], name: str | int) -> list[str]:
    """Find a key in the sections where it would be known."""
    sections = ((section, _section(model, [section], {})) for section in model.model_fields)
    return [f"{section}.{name}" for section, found in sections if name in _keys(found)]


def _field(model: type[BaseModel], location: Sequence[str | int], kinds: Kinds) -> FieldInfo:
    """Find the key that a place belongs to, which may lie within what stands under it."""
    *above, name = location
    section = _section(model, above, kinds)
    fields = section.model_fields if section else {}
    return fields[name] if name in fields else _field(model, above, kinds)


def _example(model: type[BaseModel], location: Sequence[str | int], kinds: Kinds) -> str:
    """Show what a section looks like: a short one by its default, a long one by its keys."""
    keys = _keys(_section(model, location, kinds))
    default = _field(model, location, kinds).default if location else None
    if isinstance(default, BaseModel) and len(keys) == 2:
        ends = default.model_dump().items()
        return f"such as {{{', '.join(f'{key}: {value:g}' for key, value in ends)}}}"
    return f"with the keys {', '.join(keys)}" if keys else "such as {kind: sequences}"
