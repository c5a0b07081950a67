"""The templates of exports, and how a page is made of one: the same values give the same bytes."""

from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from service.export.direction import Direction, of_text
from service.export.xhtml import checked

HERE: Final = Path(__file__).parent / "templates"


def page(name: str, direction: Direction, **values: Any) -> bytes:
    """Return the page that template `name` makes of `values`, well-formed XML in any case."""

    def turned(text: str) -> Markup:
        """Return the attribute that an element needs whose text runs the other way."""
        own = of_text(text)
        return Markup(f' dir="{own}"') if own and own != direction else Markup()  # noqa: S704 - one of two words

    return checked(
        _environment.get_template(name).render(direction=direction, turned=turned, **values)
    )


def text(name: str) -> str:
    """Return a file that stands beside the templates and is taken as it is."""
    return (HERE / name).read_text(encoding="utf-8")


_environment: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
