"""The templates of exports, and how a page is made of one: the same values give the same bytes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from service.export.direction import Direction, of_text
from service.export.xhtml import checked

HERE: Final = Path(__file__).parent / "templates"


def page(name: str, **values: Any) -> bytes:
    """Return the page that template `name` makes of `values`, well-formed XML in any case."""
    return checked(_environment.get_template(name).render(values))


def text(name: str) -> str:
    """Return a file that stands beside the templates and is taken as it is."""
    return (HERE / name).read_text(encoding="utf-8")


def way(said: str | Iterable[str], around: Direction) -> Direction:
    """Return the direction of a text, of HTML or of several, within what runs as `around`."""
    joined = said if isinstance(said, str) else " ".join(said)
    return of_text(Markup(joined).striptags(), around)  # noqa: S704 - only its words are counted


def turned(said: str | Iterable[str], around: Direction) -> Markup:
    """Return the attribute of an element that runs the other way than what is `around` it."""
    own = way(said, around)
    return Markup(f' dir="{own}"') if own != around else Markup()  # noqa: S704 - one of two words


_environment: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_environment.globals.update(way=way, turned=turned)
