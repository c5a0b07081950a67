"""Reasons: sentences that say why something is so, taken apart into effect and cause."""
# ruff: noqa: RUF001 - typography is meant

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import primary, words
from service.generation.offline.reading.sentence import Sentence, dangles, lacks_subject

_SHAPES: Final = {
    "en": (
        re.compile(r"(?P<effect>[^,;:—]+?),? because (?!of\b)(?P<cause>[^;:—]+)\.$"),
        re.compile(r".+?, (?:and that|which) is why (?P<effect>[^;:—]+)\.$"),
    ),
    "de": (re.compile(r"(?P<effect>[^,;:–]+), (?:weil|da) (?P<cause>[^;:–]+)\.$"),),
}
_OUTSIDE: Final = re.compile(
    r"\b(?:it|its|they|them|their|this|these|those|he|she|his|her|we|you|I|such|another|there|"
    r"er|sie|es|wir|du|diese[rsmn]?)\b"
    r"|^(?:the (?:word|term|name|process|reason|result|same)|note|so|but|and|now|here|if|when|as|"
    r"while|however|recall|remember|that|which)\b",
    re.IGNORECASE,
)
_EFFECT: Final = range(3, 23)  # words
_CAUSE: Final = range(3, 27)


class Reason(Struct, frozen=True):
    """`effect` and `cause` are words of the sentence; `cause` is empty where others lie between."""

    sentence: Sentence
    effect: str
    cause: str


def reasons(found: Iterable[Sentence], language: str) -> list[Reason]:
    """Return the reasons that can be asked about without the sentences around them."""
    made = ((one, _match(one, language)) for one in found)
    return [
        Reason(one, match["effect"], match.groupdict().get("cause") or "")
        for one, match in made
        if match is not None
    ]


def _match(one: Sentence, language: str) -> re.Match[str] | None:
    for shape in _SHAPES.get(primary(language), ()):
        match = shape.match(one.plain)
        if match is None or len(words(match["effect"])) not in _EFFECT:
            continue
        cause = match.groupdict().get("cause")
        alone = match.start("effect") > 0 or not (dangles(one, language) or lacks_subject(one))
        whole = match["effect"].count("(") == match["effect"].count(")")
        fits = cause is None or len(words(cause)) in _CAUSE
        if alone and whole and fits and not _OUTSIDE.search(match["effect"]):
            return match
    return None
