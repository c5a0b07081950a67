"""Front and back matter: the pages of a book that tell about the book, and teach nothing."""
# ruff: noqa: RUF001 - typography is meant

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from service.generation.offline.reading.section import Section
from service.generation.offline.reading.source import Source
from service.generation.offline.textbook.numbering import numbered

_MATTER: Final = re.compile(
    r"(?:appendix|annex|anhang|annexe|ap[eé]ndice)\b"
    r"|(?:.{0,30}\b)?(?:glossary|glossar|glossaire|glosario|bibliography|colophon)$"
    r"|(?:preface|foreword|abstract|prologue|dedication|vorwort|préface|avant-propos|prefacio"
    r"|acknowledge?ments?|credits|legal notice|copyright.*|licen[cs]e.*|index|contents"
    r"|notes and todo list.*|to-?do.*|revision history|release notes"
    r"|about (?:this|the) (?:book|document|manual|faq|guide|author).*"
    r"|what(?:['’]s| is) this (?:book|document|manual|faq|guide)\??"
    r"|general information about the faq|conventions(?: used.*)?)$",
    re.IGNORECASE,
)

_BOXES: Final = frozenset(
    ("note", "notes", "warning", "caution", "tip", "important", "hinweis", "achtung", "remarque")
)


def taught(found: Iterable[Section], sources: Sequence[Source]) -> list[Section]:
    """Return the sections that teach something.

    Where most sources are numbered, the others are pages around a book.
    """
    pages = frozenset(range(len(sources))) - numbered(sources)
    return [
        replace(one, path=_told(one.path))
        for one in found
        if one.source not in pages
        and not any(_MATTER.match(name) for name in (sources[one.source].title, *one.path))
    ]


def _told(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path without a box at its end: what is noted there belongs to the section."""
    return path[:-1] if path and path[-1].casefold() in _BOXES else path
