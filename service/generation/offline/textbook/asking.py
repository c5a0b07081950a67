"""Sentences that a quiz may ask about: whole ones that point at nothing a reader cannot see."""
# ruff: noqa: E501 - word lists and patterns are clearest unbroken

import re
from typing import Final

from service.generation.offline.reading.sentence import Sentence, stands
from service.generation.offline.teaching.option import self_standing

_BESIDE: Final = re.compile(
    r"\b(?:above|below|earlier|previously|following|preceding|recall|remember|so far|again|here|"
    r"oben|unten|vorhin|folgende[nrsm]?|ci-dessus|arriba)\b|^(?:note|notice|suppose|imagine|let)\b"
    r"|^(?:if|when|once|after|before|while|although|since|because|as|unless|until|for) (?:it|they|them|he|she|this|that|these|those)\b"
    r"|\b(?:step|example|case|equation) \d|\b(?:this|these|those) \w+$",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"[=<>{}|\\]|\w\(\)|\$ ")


def askable(one: Sentence, language: str) -> bool:
    """Tell whether a sentence can be asked about on its own; it may speak to its reader."""
    text = one.plain
    whole = text.count("(") == text.count(")") and text.count('"') % 2 == 0
    return (
        whole
        and text.endswith(".")
        and self_standing(one, language)
        and stands(one)
        and not _BESIDE.search(text)
        and not _CODE.search(text)
    )
