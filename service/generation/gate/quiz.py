"""Questions with options: what they must be, and the order of their options."""

import re
from collections.abc import Sequence
from hashlib import sha256
from statistics import fmean
from typing import Final

from service.course.content import Check

FEWEST: Final = 3
"""Options, of which one is the key."""
TELLING: Final = 1.5
"""Times as long as the others are on average, from which a key is told by its length."""
_SPACE: Final = re.compile(r"\s+")
_SUMMING: Final = re.compile(
    r"\b(?:(?:all|none|both|neither|any) (?:of )?(?:the )?(?:above|these|them|options|answers)"
    r"|(?:both|neither|either) [a-d] (?:and|or|nor) [a-d]|[a-d] (?:and|or) [a-d]"
    r"|(?:alle|keine?) (?:der )?(?:genannten|obigen|oben\w*|antworten)|(?:alles|nichts) davon"
    r"|(?:toutes|aucune) (?:les réponses|de ces réponses|ci-dessus)"
    r"|(?:todas|ninguna) (?:las anteriores|de las anteriores)"
    r"|(?:tutte|nessuna) (?:le precedenti|delle precedenti))\b",
    re.IGNORECASE,
)


def arranged(question: str, options: Sequence[str]) -> tuple[str, ...]:
    """Return `options` in an order that only the words of the question and of them decide."""
    return tuple(sorted(options, key=lambda one: sha256(f"{question}|{one}".encode()).digest()))


def faults(check: Check) -> tuple[str, ...]:
    """Return what is wrong with a check, in words; nothing for one that is sound, or open."""
    if not check.options:
        return ()
    likes = [like(option) for option in check.options]
    key = like(check.answer)
    found = []
    if len(likes) < FEWEST:
        found.append(f"there are only {len(likes)} options")
    if likes.count(key) != 1:
        found.append(f"{likes.count(key)} of the options are the right one, where one must be")
    if len(set(likes)) < len(likes):
        found.append("two options say the same")
    if summing := [option for option in check.options if _SUMMING.search(option)]:
        found.append(f"the option “{summing[0]}” speaks of other options")
    if told(check.answer, [one for one in check.options if like(one) != key]):
        found.append("the right option can be told by its length: make all about equally long")
    if held(check.question, check.answer):
        found.append("the question has its own answer in it")
    return tuple(found)


def like(text: str) -> str:
    """Return what two texts have in common that say the same, whatever their case and spacing."""
    return _SPACE.sub(" ", text).strip(" .;,:!?").casefold()


def told(key: str, others: Sequence[str]) -> bool:
    """Tell whether the key is so much longer than the others that one need not know it."""
    return bool(others) and len(key) >= TELLING * fmean(map(len, others))


def held(question: str, key: str) -> bool:
    """Tell whether the words of the key stand in the question."""
    words = re.escape(like(key))
    return re.search(rf"(?<!\w){words}(?!\w)", like(question)) is not None
