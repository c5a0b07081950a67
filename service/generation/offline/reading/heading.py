"""Headings: their words without numbers and marks, and what kind of section they announce."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections.abc import Sequence
from typing import Final, Literal

from service.generation.offline.reading import markup
from service.generation.offline.reading.block import Block

Role = Literal["body", "summary", "objectives", "glossary", "aside"]

_NUMBER: Final = re.compile(
    r"^(?:(?:chapter|lesson|unit|module|part|section|kapitel|lektion|teil|abschnitt|chapitre|partie|cap[ií]tulo)\s+"
    r"(?:\d+|[ivxlc]+)\b\s*[.:)–—-]*\s*|\(?\d+(?:\.\d+)*\s*[.):–—-]+\s*|(?:[IVXLC]+|[A-Z])[.)]\s+|\d+(?:\.\d+)+\s+|[A-Z0-9]{2,}\.\d+:\s+"
    r"|(?:PRIM|DEF|THM|APP)-[A-Z]+\d+:\s*)",
    re.IGNORECASE,
)
_SMALL: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "nor",
        "of",
        "on",
        "or",
        "the",
        "to",
        "vs",
        "with",
        "am",
        "das",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "ein",
        "eine",
        "für",
        "im",
        "und",
        "von",
        "zu",
        "au",
        "aux",
        "de",
        "des",
        "du",
        "en",
        "et",
        "la",
        "le",
        "les",
        "ou",
        "un",
        "une",
        "al",
        "con",
        "del",
        "el",
        "las",
        "los",
        "por",
        "un",
        "una",
        "y",
    ]
)
_ACRONYM: Final = 6  # letters; a longer word in capitals is shouted, not short for something
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+")
_TRAIL: Final = re.compile(r"\s*(?:\{#[^}]*\}|#+|[:.]|¶)\s*$")
_CONTENTS: Final = re.compile(r"(?:table of )?contents|toc|inhalt(?:sverzeichnis)?", re.IGNORECASE)
_PATTERNS: Final[dict[Role, str]] = {
        "summary": r"(?:section |chapter |lesson )?(?:summary|recap|conclusion|in short|key (?:points|takeaways|ideas))"
        r"|zusammenfassung|fazit|das wichtigste(?: .*)?|résumé|conclusion|en résumé|resumen|conclusi[oó]n(?:es)?",
        "objectives": r"(?:learning )?(?:objectives|outcomes|goals)|what you(?:['’]ll| will) learn(?: .*)?|lernziele"
        r"|objectifs(?: .*)?|objetivos(?: .*)?",
        "glossary": r"glossary|key (?:terms|words|concepts)|terms|vocabulary|glossar|begriffe|fachbegriffe|glossaire|glosario",
        "aside": r"(?:table of )?contents|toc|overview of contents|inhalt(?:sverzeichnis)?|references|bibliography|sources"
        r"|further (?:reading|resources)|additional resources|resources|see also|related (?:topics|pages|content|articles)|external links|notes|footnotes|literatur"
        r"|weiterführende .*|siehe auch|quellen|weblinks|einzelnachweise|références|voir aussi|referencias|véase también"
        r"|(?:review |self.?check |practice |discussion |critical thinking |art connection )?(?:questions?|exercises?|problems?|quiz(?:zes)?)"
        r"|(?:multiple choice|free response|test your.*|check your.*|try it.*|practice.*|quiz time.*|assignment.*|challenge.*|homework.*)"
        r"|übung(?:en)?|aufgaben?|fragen|exercices?|ejercicios?|link to learning|art connections?|visual connections?|careers? .*"
        r"|what['’]?s next.*|next steps?|prerequisites?|before you begin|voraussetzungen|acknowledge?ments?|danksagung(?:en)?|licen[cs]e"
        r"|copyright(?: .*)?|about (?:this|the) (?:author|book|document).*|change ?log|revision history|feedback|index|impressum"
        r"|authors?|credits?|disclaimer|installation|author'?s? address(?:es)?|iana considerations|status of this memo",
}  # fmt: skip
_OPENING: Final = re.compile(
    r"(?:introduction|overview|preface|einleitung|einführung|überblick|introducción|préface)$",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"^(?:[IVXLC]+|\d+(?:\.\d+)*)\.?\s+\S")
_BARE: Final = re.compile(r"^[A-ZÄÖÜ0-9][^.!?;:]{2,70}$")
_ROLES: Final = {
    role: re.compile(rf"^(?:{pattern})\W*$", re.IGNORECASE) for role, pattern in _PATTERNS.items()
}


def clean(raw: str) -> str:
    """Return a heading's words, as plain Markdown: ``4.1. What Is Ownership?`` loses its number."""
    text = _EMOJI.sub("", markup.shown(raw)).strip()
    text = _TRAIL.sub("", text.replace("**", "").strip()).replace(" -- ", " – ").strip()
    if text.startswith("*") and text.endswith("*"):
        text = text.strip("*")
    text = _NUMBER.sub("", text).strip() or text
    return _calmed(text) if text.isupper() and len(text) > _ACRONYM else text


def _calmed(text: str) -> str:
    """Return a heading in capitals as a title; idle words (of, und, les) stay small inside it."""
    names = [word if word in _SMALL else word.capitalize() for word in text.lower().split(" ")]
    return " ".join([names[0].capitalize(), *names[1:]])


def opens(words: str) -> bool:
    """Tell whether a heading says only that a text begins."""
    return _OPENING.match(words) is not None


def telling(path: Sequence[str]) -> tuple[str, ...]:
    """Return `path` without a "Contents" that stands above other headings."""
    return (*(name for name in path[:-1] if not _CONTENTS.fullmatch(name)), *path[-1:])


def role(path: Sequence[str]) -> Role:
    """Return what kind of section the headings of `path` announce, the outermost that is special.

    "Contents" above other headings is no list of them: some pages set all their text under it.
    """
    kinds = (kind for name in telling(path) for kind, known in _ROLES.items() if known.match(name))
    return next(kinds, "body")


def level(text: str, block: Block) -> int:
    """Return the level of a heading, 0 for anything else; plain text has headings by its looks."""
    raw = text[block.start : block.end]
    if block.kind == "heading":
        return block.level
    if "\n" in raw or block.end - block.start > 80:  # noqa: PLR2004 - a line of plain text
        return 0
    if block.kind == "paragraph" and _NUMBERED.match(raw) and _BARE.match(_NUMBERED.sub("A", raw)):
        return 1 + raw.split()[0].rstrip(".").count(".") + 1
    bold = raw.startswith("**") and raw.endswith("**") and raw.count("**") == 2  # noqa: PLR2004
    if block.kind == "paragraph" and (
        bold or (raw.isupper() and "_" not in raw and _BARE.match(raw))
    ):
        return 5 if bold else 2
    lone = block.kind == "list" and block.ordered and len(block.items) == 1
    return 2 if lone and _BARE.match(text[block.items[0].start : block.items[0].end]) else 0
