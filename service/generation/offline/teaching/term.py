"""Terms: what authors stress and define, and failing that, what a text keeps coming back to."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from service.generation.offline.reading.language import content_stems, primary, stop_words, words
from service.generation.offline.reading.section import Passage, Section
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching import frequent

Kind = Literal["term", "name", "code"]

_STRESSED: Final = re.compile(
    r"(?:\*\*|__)(?P<strong>[^*_]+)(?:\*\*|__)|\*(?P<em>[^*]+)\*|(?<!\w)_(?P<low>[^_]+)_(?!\w)|`(?P<code>[^`]+)`"
)
_LABELLED: Final = re.compile(
    r"^(?:\*\*(?P<a>[^*]{2,50}?):?\*\*:?|\*(?P<b>[^*]{2,50}?):?\*:?)\s*(?:[:–—-]\s*)?(?=\S)"
)
_WEIGHT: Final = {"strong": 3.0, "em": 2.0, "low": 2.0, "code": 1.0}
_CODE: Final = re.compile(r"^[A-Za-z_@$.#-][\w:.$@<>&\[\]-]{2,30}(?:\(\))?!?$")
_SHAPE: Final = re.compile(r"^[^\W_](?:[\w' ’./+-]*[\w+)])?$")
LABELS: Final = frozenset(
    """note notes warning tip important example examples process processes feature features definition
    cause causes effect effects result results advantage advantages disadvantage disadvantages purpose
    overview summary movement remember question answer solution hint caution description function
    functions location structure key rule step steps proof remark theorem impact impacts none some why not all
    number numbers part parts kind kinds type types way ways time times thing things case cases
    only very always never etc eg ie nb good more less before after input output yes no true false ok
    beispiel beispiele hinweis wichtig merke merkmale vorteile nachteile aufgabe achtung ursache
    ursachen folge folgen exemple exemples remarque attention ejemplo ejemplos nota""".split()  # noqa: SIM905
)
_ABSTRACT: Final = re.compile(r"(?:sis|tion|sion|ment|ity|ism|ness|ing|ance|ence|ogy|ics)$")
_SLIGHT: Final = 3  # letters; italics on so short a word only stress it ("not", "net")
_MOST_WORDS: Final = 4
_HEADED: Final = 1.9  # in a heading: nearly as sure as what the author stresses
_ENOUGH: Final = 6  # mentions; more make a term no surer


class Term(Struct, frozen=True):
    """A term as the text writes it; `weight` says how sure we are that it is one."""

    name: str
    key: tuple[str, ...]
    kind: Kind
    weight: float
    count: int


class _Votes(Struct):
    names: Counter[str]
    kind: Kind
    weight: float


def terms(sections: Sequence[Section], language: str) -> tuple[Term, ...]:
    """Return the terms of `sections`, the surest first; equal ones in the order of first mention."""
    text = "\n".join(one.plain for one in _sentences(sections))
    votes: dict[tuple[str, ...], _Votes] = {}
    for name, weight, kind in _candidates(sections, text, language):
        key = ("`", name) if kind == "code" else content_stems(name, language)
        own = votes.setdefault(key, _Votes(Counter(), kind, weight))
        own.names[name] += round(4 * weight)  # the form that authors stress counts most
        own.weight = max(own.weight, weight)
    made = (_term(key, own, text, language) for key, own in votes.items())
    sure = (one for one in made if one is not None)
    return tuple(sorted(sure, key=lambda one: -one.weight * min(one.count, _ENOUGH)))


def _sentences(sections: Iterable[Section]) -> Iterator[Sentence]:
    return (
        one for section in sections for passage in section.passages for one in passage.sentences
    )


def _candidates(
    sections: Sequence[Section], text: str, language: str
) -> Iterator[tuple[str, float, Kind]]:
    labels = Counter(_label(one) for one in _sentences(sections))
    for section in sections:
        for passage in section.passages:
            yield from _stressed(passage, labels, text, language)
        for name in _parts_of(section.heading):
            if _fits(name, language) and _occurs(name, text) >= 2:  # noqa: PLR2004
                yield name, _HEADED, "term"
    for name, weight, kind in frequent.names(text, language):
        if _fits(name, language):
            yield name, weight, kind


def _label(one: Sentence) -> str:
    match = _LABELLED.match(one.shown)
    return (match["a"] or match["b"]).strip().lower() if match else ""


def stressed(one: Sentence, *, code: bool = True) -> list[str]:
    """Return the words that a sentence stresses, each run of them as one; code if it is wanted."""
    found = (
        match[match.lastgroup or 0].strip(" :;,.")
        for match in _STRESSED.finditer(one.shown)
        if code or match.lastgroup != "code"
    )
    return [name for name in found if name]


def introduced(passage: Passage) -> list[str]:
    """Return the terms that a passage sets in bold where its sentences bring them in."""
    return [
        name
        for part in passage.parts
        for one in part.sentences
        for match in _STRESSED.finditer(one.shown)
        if match["strong"] and (name := match["strong"].strip(" :;,.")).lower() != _label(one)
    ]


def _stressed(
    passage: Passage, labels: Counter[str], text: str, language: str
) -> Iterator[tuple[str, float, Kind]]:
    for part in passage.parts:
        if part.form == "definition" and _fits(part.sentences[0].plain, language):
            yield part.sentences[0].plain, 4.0, "term"
        for one in part.sentences:
            label = _label(one)
            for match in _STRESSED.finditer(one.shown):
                name = match[match.lastgroup or 0].strip(" :;,.")
                if match.lastgroup == "code":
                    if _CODE.match(name):
                        yield name, 1.0, "code"
                elif (
                    _fits(name, language)
                    and not _titular(match, language)
                    and not (name.lower() == label and labels[label] > 1)
                ):
                    yield name, _sure(match, name, label, one, text), "term"


def _sure(match: re.Match[str], name: str, label: str, one: Sentence, text: str) -> float:
    """Return how sure a stressed term is; a label of what is known already brings in nothing."""
    if name.lower() != label:
        return _WEIGHT[str(match.lastgroup)]
    known = _occurs(name, text[: max(text.find(one.plain), 0)]) > 1
    return 0.9 if known else _WEIGHT[str(match.lastgroup)] + 1


def _titular(match: re.Match[str], language: str) -> bool:
    """Tell a title or a ship's name, set in italics with a capital, from a stressed term."""
    if match.lastgroup == "strong":
        return False
    inside = match[0].strip("*_")
    capital = inside[:1].isupper() and match.start() > 0 and primary(language) != "de"
    return capital or len(inside) <= _SLIGHT


def _parts_of(heading: str) -> list[str]:
    plain = re.sub(r"[*_`]|\s*\([^)]*\)", "", heading)
    return [
        part.strip()
        for part in re.split(r"\s+(?:and|und|et|y|or|oder|of|vs\.?|versus)\s+|[:,–—]", plain)
    ]


def _fits(name: str, language: str) -> bool:
    """Tell whether `name` is shaped like a term: few words, none of them idle at its ends."""
    low = [word.lower() for word in words(name)]
    stop = stop_words(language)
    return (
        0 < len(low) <= _MOST_WORDS
        and bool(_SHAPE.match(name)) and "--" not in name and 2 < len(name) <= 40  # noqa: PLR2004
        and low[0] not in stop and low[-1] not in stop
        and not all(word in LABELS for word in low)
        and not (primary(language) == "en" and len(low) == 1 and low[0].endswith("ly"))
        and bool(content_stems(name, language))
    )  # fmt: skip


@lru_cache(maxsize=4096)
def pattern(name: str) -> re.Pattern[str]:
    """Return what finds `name` in plain text, in either number."""
    body = r"\s+".join(re.escape(word) for word in name.split())
    return re.compile(rf"(?<![\w`-]){body}(?:e?s|n|en)?(?![\w-]|[(:]{{2}})", re.IGNORECASE)


def _occurs(name: str, text: str) -> int:
    return len(pattern(name).findall(text))


def _term(key: tuple[str, ...], votes: _Votes, text: str, language: str) -> Term | None:
    names, weight = votes.names, votes.weight
    name = min(names, key=lambda one: (-names[one], one[0].isupper(), one))
    if votes.kind == "term" and primary(language) != "de" and not name.isupper():
        name = _small(name, text)
    count = text.count(name) if votes.kind == "code" else _occurs(name, text)
    if count == 1 and weight < _WEIGHT["strong"]:
        weight = min(weight, 1.0)
        count -= weight < 1  # a chance find, unless somebody stressed it
    return Term(name, key, votes.kind, weight, count) if count >= 1 else None


def _small(name: str, text: str) -> str:
    """Return an English (French, Spanish) term in small letters where a capital only opens it."""
    forms = (name.lower(), name[0].lower() + name[1:])
    seen = next((one for one in forms if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text)), None)
    if seen:
        return seen
    inside = re.search(rf"(?<=[\w,;] ){re.escape(name)}", text)
    common = " " in name and name[1:].islower() if " " in name else _ABSTRACT.search(name)
    return forms[0] if common and not inside else name
