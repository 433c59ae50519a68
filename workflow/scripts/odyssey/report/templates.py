"""The pages' templates, filled: whole pages that ask the network for nothing."""

from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent


def fill(name: str, **values: object) -> str:
    """Fill a template of this folder; equal values make equal pages."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name).render(style=verbatim("page.css"), **values)


def verbatim(name: str) -> Markup:
    """Read a part of a page that is not to be escaped."""
    return Markup((HERE / name).read_text(encoding="utf-8"))
