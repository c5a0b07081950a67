"""Definitions: the sentence in which a text says what a term means, and how plainly it does."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import primary, words
from service.generation.offline.reading.section import Passage
from service.generation.offline.reading.sentence import Sentence, dangles
from service.generation.offline.teaching.term import Term

_HEAD: Final = {
    "en": (
        r"(?:(?:an?|the|any)\s+)?",
        r"(?:is|are|refers?\s+to|means?|describes?|consists?\s+of|occurs?\s+when)",
        r"(?!(?:not|also|often|usually|found|used|called|known|then|now|very|only|more|in|on|at|to|so|made|able|being|always|never)\b|(?:an?|the)\s+(?:major|common|good|great|big|important|useful|critical|crucial|key|main|only|first|most|best|concern|problem|reason|result|example|case|challenge|matter|question|same|next|last|other|bit|little|lot)\b)",
    ),
    "de": (
        r"(?:(?:eine?|der|die|das)\s+)?",
        r"(?:ist|sind|bezeichnet|bezeichnen|bedeutet|bedeuten|nennt man|versteht man|beschreibt|besteht aus)",
        r"(?!(?:nicht|auch|oft|meist|dann|nun|sehr|nur|mehr|in|im|am|so|immer|nie)\b)",
    ),
    "fr": (r"(?:l['’]|(?:une?|les?|la)\s+)?", r"(?:est|sont|désigne|désignent|signifie)", r"(?!(?:pas|aussi|souvent|très|en|dans)\b)"),
    "es": (r"(?:(?:una?|el|la|los|las)\s+)?", r"(?:es|son|significa|designa|se define como|consiste en)", r"(?!(?:muy|también|en)\b)"),
}  # fmt: skip
_TAIL: Final = {
    "en": r"(?:called|known as|termed|named|referred to as|(?:is|are) (?:its|their))\s+(?:an?\s+|the\s+|“)?",
    "de": r"(?:heißt|heißen|genannt|nennt man|bezeichnet man als|wird als|werden als|spricht man von)\s+(?:auch\s+|eine?n?\s+|die\s+|der\s+|das\s+|„)?",
    "fr": r"(?:appelée?s?|nommée?s?|on appelle)\s+(?:une?\s+|les?\s+|la\s+|l['’]|«\s*)?",
    "es": r"(?:llamad[oa]s?|denominad[oa]s?|conocid[oa]s? como)\s+(?:una?\s+|el\s+|la\s+)?",
}
_KIND: Final = re.compile(
    r"(?:an?|the|any|one|when|ein|eine|einen|der|die|das|un|une|le|la|el|una|los|las)\b",
    re.IGNORECASE,
)
_BENT: Final = re.compile(r"^[^-]*(?:ed|ing|en|own)$")  # a participle, not the head of a meaning
_SUBORDINATE: Final = re.compile(
    r"(?:if|when|while|although|because|since|once|as|wenn|weil|obwohl|da|als)\b", re.IGNORECASE
)
_MORE: Final = re.compile(r"\s+(?:(?:of|and|for|de|du|von) )?(?:the )?[A-ZÀ-Þ]\w")
_PLURAL: Final = re.compile(r"\w{3,}s$")
_BEING: Final = frozenset(("is", "are", "was", "were", "ist", "sind", "est", "sont", "es", "son"))
PLAIN: Final = 3.0  # "X is a …"
LABEL: Final = 4.0  # "X: …", as in a glossary
_LONGEST: Final = 40  # words


class Definition(Struct, frozen=True):
    """Where a text says what a term means; `meaning` is empty unless it says "X is Y".

    `source` is the number of the source whose glossary says so, below 0 for a lesson's own text.
    """

    term: Term
    sentence: Sentence
    strength: float
    meaning: str = ""
    source: int = -1


@lru_cache(maxsize=4096)
def _patterns(name: str, language: str) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    code = primary(language)
    body = r"\s+".join(re.escape(word) for word in name.split()) + r"(?:e?s|n|en)?"
    if code not in _HEAD:
        return None, None
    article, verb, refused = _HEAD[code]
    head = rf"^{article}{body}(?:\s*\([^)]*\))?(?:,[^,.]{{2,90}},)?\s+(?P<verb>{verb})\s+{refused}(?P<meaning>.+)$"
    return re.compile(head, re.IGNORECASE), re.compile(
        rf"\b{_TAIL[code]}{body}(?![\w-])", re.IGNORECASE
    )


def _stressed(name: str, one: Sentence) -> bool:
    return (
        re.search(rf"([*_]{{1,2}}){re.escape(name)}(?:e?s)?\1", one.shown, re.IGNORECASE)
        is not None
    )


def _brought_in(term: Term, one: Sentence) -> bool:
    """Tell whether a sentence stresses a term as one does where it is new, no title or name."""
    strong = any(f"{mark}{term.name}".lower() in one.shown.lower() for mark in ("**", "__"))
    plain = term.name[0].islower() and not _SUBORDINATE.match(one.plain)
    return term.weight >= 2 and _stressed(term.name, one) and (strong or plain)  # noqa: PLR2004


def _says_what(match: re.Match[str], language: str) -> bool:
    """Tell a definition ("are catalysts of …") from a remark ("are attached to …", "is critical")."""
    meaning = match["meaning"]
    verb = match["verb"].lower()
    if _KIND.match(meaning) or verb not in _BEING:
        return True
    first = words(meaning)[:4]
    if not first or _BENT.search(first[0].lower()):
        return False
    if primary(language) == "de":
        return verb == "sind" and any(word[0].isupper() for word in first[:3])
    return verb in ("are", "were", "sont", "son") and any(_PLURAL.match(word) for word in first)


def goes_on(rest: str) -> bool:
    """Tell whether a name goes on after the words found of it ("Declaration" … "of Rights")."""
    return _MORE.match(rest) is not None


def _judge(term: Term, one: Sentence, language: str) -> Definition | None:
    plain = one.plain
    if len(words(plain)) > _LONGEST or plain.endswith(("?", ":")):
        return None
    label = re.match(
        rf"{re.escape(term.name)}s?(?:\s*\([^)]*\))?\s*(?::|\s[–—-])\s+(?P<meaning>\S.+)$",
        plain,
        re.IGNORECASE,
    )
    if label and len(words(label["meaning"])) > 2:  # noqa: PLR2004
        return Definition(term, one, LABEL, label["meaning"].rstrip("."))
    head, tail = _patterns(term.name, language)
    if head and (match := head.match(plain)) and _says_what(match, language):
        sure = PLAIN + 0.5 * bool(_KIND.match(match["meaning"])) + 0.3 * _stressed(term.name, one)
        return Definition(term, one, sure, match["meaning"].rstrip("."))
    if dangles(one, language):
        return None
    if tail and (match := tail.search(plain)) and not goes_on(plain[match.end() :]):
        return Definition(term, one, 2.5)
    return Definition(term, one, 1.5) if _brought_in(term, one) else None


def definitions(
    found: Sequence[Term], passages: Sequence[Passage], language: str
) -> tuple[Definition, ...]:
    """Return the best definition of each term that `passages` define, in the order of the text.

    A sentence defines one term only, the one it defines most plainly.
    """
    best: dict[Term, Definition] = {}
    for passage in passages:
        for one in _defining(passage, found, language):
            if one.term not in best or one.strength > best[one.term].strength:
                best[one.term] = one
    taken: dict[Sentence, Definition] = {}
    for one in best.values():
        other = taken.get(one.sentence)
        if other is None or (one.strength, one.term.weight) > (other.strength, other.term.weight):
            taken[one.sentence] = one
    order = (one for passage in passages for one in passage.sentences)
    return tuple(taken[one] for one in dict.fromkeys(order) if one in taken)


def _defining(passage: Passage, found: Sequence[Term], language: str) -> list[Definition]:
    made: list[Definition] = []
    for part in passage.parts:
        if part.form == "definition":
            name, meaning = part.sentences
            made += [
                Definition(term, meaning, LABEL, meaning.plain.rstrip("."))
                for term in found if term.name.lower() == name.plain.lower()
            ]  # fmt: skip
            continue
        for one in part.sentences:
            low = one.plain.lower()
            near = (term for term in found if term.kind != "name" and term.name.lower() in low)
            made += [definition for term in near if (definition := _judge(term, one, language))]
    return made
