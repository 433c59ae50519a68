"""What every section of the configuration is made of."""

import os
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        # pydantic would take true for 1.
        field = cls.model_fields.get(info.field_name or "")
        if isinstance(value, bool) and field is not None and field.annotation is not bool:
            raise ValueError("cannot be true or false")
        return value


def expanded(path: str) -> str:
    """Put a home folder in the place of ``~``, which stays where there is no such user."""
    return os.path.expanduser(path)  # noqa: PTH111  Path's raises where there is no such user


UserPath = Annotated[str, AfterValidator(expanded)]
