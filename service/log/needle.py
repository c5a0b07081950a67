"""What to look for when nothing may be left of a person, as patterns the server goes through.

What identifies a person is looked for everywhere. What many have, such as a first name or a day
of birth, says nothing by itself: it is looked for, as a whole value, in what names the person.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Final, Literal
from urllib.parse import quote

from msgspec import Struct

Kind = Literal["unique", "shared", "common"]

MOST: Final = 100
"""Values that are looked for everywhere; those beyond are left out, and the report says so."""
LONG: Final = 6
LENGTHY: Final = 40
"""Characters from which on no two people write the same by chance."""
HABITUAL: Final = frozenset({"agent", "address", "birthdate", "interests", "learning_goals"})
"""Fields whose values others have too, however long these are."""
WORDS: Final = frozenset(
    {"user", "analyst", "operator", "admin", "beginner", "intermediate", "advanced", "email"}
)
"""Words of the product itself, which stand everywhere."""
HASHED: Final = "$argon2"
NEVER: Final = "^$"
"""Matches no row."""

_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_BEFORE: Final = r"(?:(?<![[:alnum:]_.+%-])|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"
_AFTER: Final = r"(?![[:alnum:]_-])(?!\.[[:alnum:]])"


class Value(Struct, frozen=True):
    """A text that belongs to a person, and the field it stood in."""

    field: str
    text: str

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Value(…)"


class Needles(Struct, frozen=True):
    """Patterns for rows as JSON text whose ASCII is in lower case.

    `likes` are LIKE patterns for what `unique` (no other person has it) and `shared` (one may) then
    tell by regular expression; `common` are LIKE patterns for rows that name the person. `texts`
    is what they were made of; `left_out` counts what was too much.
    """

    likes: Sequence[str]
    common: Sequence[str]
    unique: str
    shared: str
    texts: Sequence[str]
    left_out: int = 0

    def __repr__(self) -> str:
        """Say nothing of what is looked for."""
        return f"Needles({len(self.texts)})"


def kind_of(value: Value) -> Kind:
    """Say how sure it is that what looks like `value` is this person's."""
    text = value.text
    if "@" in text or text.startswith(HASHED):
        return "unique"
    if value.field in HABITUAL or len(text) < LONG:
        return "common"
    if len(text) >= LENGTHY or not text.isalpha():
        return "shared"
    return "common"


def needles(values: Iterable[Value]) -> Needles:
    """Return what to look for where `values` must not be left."""
    found: dict[Kind, list[str]] = {"unique": [], "shared": [], "common": []}
    for value in sorted(values, key=lambda each: (each.text, each.field)):
        kind = kind_of(value)
        if value.text.casefold() not in WORDS and value.text not in found[kind]:
            found[kind].append(value.text)
    unique, shared = found["unique"][:MOST], found["shared"][:MOST]
    left_out = len(found["unique"]) + len(found["shared"]) - len(unique) - len(shared)
    everywhere = [HASHED if text.startswith(HASHED) else text for text in (*unique, *shared)]
    return Needles(
        likes=_likes(everywhere, "{}"),
        common=_likes(found["common"], '"{}"'),
        unique=_expression(unique),
        shared=_expression(shared),
        texts=sorted({*unique, *shared, *found["common"]}),
        left_out=left_out,
    )


def forms(text: str) -> list[str]:
    """Return how `text` may stand in JSON, upper and lower case alike where that is ASCII."""
    cased = {text, text.lower(), text.upper(), text.casefold(), text.title()}
    spelt = {unicodedata.normalize(form, each) for form in ("NFC", "NFD", "NFKC") for each in cased}
    spelt |= {quote(each) for each in spelt if "@" in each}
    lowered = {json.dumps(each, ensure_ascii=False)[1:-1].translate(_LOWER) for each in spelt}
    return sorted(lowered)


def _likes(texts: Iterable[str], within: str) -> list[str]:
    escaped = (_escaped(form, "\\%_") for text in texts for form in forms(text))
    return list(dict.fromkeys(f"%{within.format(each)}%" for each in escaped))


def _expression(texts: Sequence[str]) -> str:
    if not texts:
        return NEVER
    punctuation = "".join(c for c in map(chr, range(33, 127)) if not c.isalnum())
    alternatives = [_escaped(form, punctuation) for text in texts for form in forms(text)]
    return f"{_BEFORE}(?:{'|'.join(dict.fromkeys(alternatives))}){_AFTER}"


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{c}" if c in special else c for c in text)
