"""Sentences that can be asked about, or kept in mind: whole ones that point at nothing beside."""
# ruff: noqa: E501 - word lists and patterns are clearest unbroken

import re
from typing import Final

from service.generation.offline.reading.sentence import Sentence, stands
from service.generation.offline.teaching.option import self_standing

_BESIDE: Final = re.compile(
    r"\b(?:above|below|earlier|previously|following|preceding|recall|remember|so far|again|here|oben|unten|vorhin|folgende[nrsm]?|ci-dessus|arriba)\b"
    r"|^(?:\S+ ){0,6}(?:this|these|those|diese[rsmn]?|dies|cette|ces|estos?|estas?)\b|\b(?:either one|neither one|from there|similar reasons|that way)\b"
    r"|^(?:note|notice|suppose|imagine|let|together|of course|in (?:particular|each case|either case|addition|fact|turn))\b|^(?:\S+ ){0,2}(?:they|them|it|its|their|he|she|such|another|both|we(?: have)? (?:saw|seen))\b"
    r"|^(?:if|when|once|after|before|while|although|since|because|as|unless|until|for|to|what|that) (?:\w+ )?(?:it|they|them|he|she|that|such)\b"
    r"|\bsee (?:the|also|our)\b|\bsee [\w-]+\(|\b(?:step|example|case|equation) \d|\balready (?:seen|met|described)\b",
    re.IGNORECASE,
)
CODE: Final = re.compile(r"[=<>{}|\\]|\w\(\)|\$ ")
"""Marks that a sentence has only where code runs through it."""


def alone(one: Sentence) -> bool:
    """Tell whether a sentence says of itself what it speaks of."""
    return not _BESIDE.search(one.plain)


def askable(one: Sentence, language: str) -> bool:
    """Tell whether a sentence can be asked about on its own; it may speak to its reader."""
    text = one.plain
    whole = text.count("(") == text.count(")") and text.count('"') % 2 == 0
    return (
        whole
        and text.endswith(".")
        and self_standing(one, language)
        and stands(one)
        and alone(one)
        and not CODE.search(text)
    )
