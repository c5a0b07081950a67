"""Definitions: the sentence in which a text says what a term means, and how plainly it does."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import words
from service.generation.offline.reading.section import Part, Passage
from service.generation.offline.reading.sentence import Sentence, dangles
from service.generation.offline.teaching import meaning
from service.generation.offline.teaching.term import Term, pattern, stressed

_SUBORDINATE: Final = re.compile(
    r"(?:if|when|while|although|because|since|once|as|wenn|weil|obwohl|da|als)\b", re.IGNORECASE
)
_ANAPHORA: Final = re.compile(
    r"(?:the (?:[\w-]+ ){1,4}(?:is|are|was|were) (?:also )?(?:called|known|termed|named)\b"
    r"|the one that\b"
    r"|(?:all )?others\b|part of it\b|another\b|each of\b|such\b|man nennt\b)",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(r"(?:[\w-]+ ){0,3}[\w-]+:\s")
_MORE: Final = re.compile(r"\s+(?:(?:of|and|for|de|du|von) )?(?:the )?[A-ZÀ-Þ]\w")
GLOSSED: Final = 4.5  # an entry of a glossary
LABEL: Final = 4.0  # "X: …"
PLAIN: Final = 3.0  # "X is a …", or a meaning beside the term
TOLD: Final = 2.5  # "… called X"
_STRESSED: Final = 1.5  # brought in, as a new term is
_AUTHORS: Final = 2.0  # the weight of what an author stresses
_LONGEST: Final = 45  # words
_SEVERAL: Final = re.compile(r"[.!?] [A-ZÀ-Þ]")


class Definition(Struct, frozen=True):
    """Where a text says what a term means; `meaning` are its words for that, where they stand out.

    `lead` is the sentence before, where this one leans on it. `source` is the number of the source
    whose glossary says so, below 0 for a lesson's own text.
    """

    term: Term
    sentence: Sentence
    strength: float
    meaning: str = ""
    source: int = -1
    lead: Sentence | None = None


def goes_on(rest: str) -> bool:
    """Tell whether a name goes on after the words found of it ("Declaration" … "of Rights")."""
    return _MORE.match(rest) is not None


def definitions(
    found: Sequence[Term], passages: Sequence[Passage], language: str, *, glossary: bool = False
) -> tuple[Definition, ...]:
    """Return the best definition of each term that `passages` define, in the order of the text.

    A sentence defines one term only, the one it defines most plainly.
    """
    best: dict[Term, Definition] = {}
    for passage in passages:
        for part in passage.parts:
            for one in _defining(part, found, language, glossary=glossary):
                if one.term not in best or one.strength > best[one.term].strength:
                    best[one.term] = one
    taken: dict[Sentence, Definition] = {}
    for one in best.values():
        other = taken.get(one.sentence)
        if other is None or (one.strength, one.term.weight) > (other.strength, other.term.weight):
            taken[one.sentence] = one
    order = (one for passage in passages for one in passage.sentences)
    return tuple(taken[one] for one in dict.fromkeys(order) if one in taken)


def _defining(
    part: Part, found: Sequence[Term], language: str, *, glossary: bool
) -> Iterator[Definition]:
    if part.form == "definition":
        name, said = part.sentences
        for term in found:
            if term.name.lower() == name.plain.lower():
                yield Definition(term, said, GLOSSED, meaning.entry(said.plain))
        return
    before: Sentence | None = None
    for one in part.sentences:
        low = one.plain.lower()
        near = [term for term in found if term.kind != "name" and term.name.lower() in low]
        for term in near:
            if glossary and (entry := meaning.labelled(term.name, one)):
                yield Definition(term, one, GLOSSED, entry)
            elif found_here := _judge(term, one, before, near, language):
                yield found_here
        before = one if part.form == "prose" else None


def _judge(
    term: Term, one: Sentence, before: Sentence | None, near: Sequence[Term], language: str
) -> Definition | None:
    plain, name = one.plain, term.name
    if len(words(plain)) > _LONGEST or plain.endswith(("?", ":")):
        return None
    if said := meaning.labelled(name, one):
        sure = term.weight > 1 and meaning.defines(name, said)
        return Definition(term, one, LABEL, said) if sure else None
    if _SEVERAL.search(plain) or not _itself(term, one, near):
        return None
    strong = _brought_in(term, one)
    if said := meaning.plainly(name, one, language, stressed=strong):
        more = 0.3 * meaning.kind(said) + 0.2 * meaning.one_of_many(said) + 0.3 * strong
        return Definition(term, one, PLAIN + more, "" if meaning.leans(said) else said)
    if strong and (said := meaning.apposed(name, one)):
        return Definition(term, one, PLAIN + 0.2, said)
    return _told(term, one, before, language, strong=strong)


def _told(
    term: Term, one: Sentence, before: Sentence | None, language: str, *, strong: bool
) -> Definition | None:
    """Return a definition by "… called X", with the sentence it leans on, or by mere stress."""
    leans = dangles(one, language) or bool(_ANAPHORA.match(one.plain))
    lead = before if leans and before and not dangles(before, language) else None
    if dangles(one, language) and lead is None:
        return None
    match = meaning.called(term.name, one, language)
    if match and not goes_on(one.plain[match.end() :]):
        said = "" if leans else meaning.subject(term.name, one)
        return Definition(term, one, PLAIN if said else TOLD, said, lead=lead)
    if not strong or _LABELLED.match(one.plain) or not meaning.set_apart(term.name, one):
        return None
    return Definition(term, one, _STRESSED, lead=lead)


def _itself(term: Term, one: Sentence, near: Sequence[Term]) -> bool:
    """Tell whether a sentence speaks of the term itself, not only of a longer one."""
    longer = [other.name for other in near if len(other.key) > len(term.key)]
    rest = one.plain
    for name in sorted([*longer, *stressed(one)], key=len, reverse=True):
        if len(words(name)) > len(words(term.name)):
            rest = pattern(name).sub(" ", rest)
    return pattern(term.name).search(rest) is not None


def _brought_in(term: Term, one: Sentence) -> bool:
    """Tell whether a sentence stresses a term as one does where it is new, no title or name."""
    marked = stressed(one, code=term.kind == "code")
    if term.weight < _AUTHORS or not any(pattern(term.name).fullmatch(name) for name in marked):
        return False
    strong = any(f"{mark}{term.name}".lower() in one.shown.lower() for mark in ("**", "__"))
    return strong or (term.name[0].islower() and not _SUBORDINATE.match(one.plain))
