"""Options: the key among its distractors, in an order that only their words decide."""

import re
from collections.abc import Sequence
from typing import Final

from service.course.content import Check
from service.generation.gate import quiz
from service.generation.offline.reading.language import words
from service.generation.offline.reading.sentence import Sentence, dangles, lacks_subject

GAP: Final = "_____"
STEM: Final = range(7, 37)  # words of a sentence that can be asked about
_SEVERAL: Final = re.compile(r"[.!?:] [A-ZÀ-Þ]")  # several sentences, or a label and one
_OPTIONS: Final = 4


def made(question: str, key: str, others: Sequence[str], reason: str) -> Check | None:
    """Return a check with its options in an order that only its own words decide."""
    wrong = others[: _OPTIONS - 1]
    if quiz.told(key, wrong):  # rather longer ones that are less like it
        wrong = sorted(others, key=lambda one: quiz.told(key, [one]))[: _OPTIONS - 1]
    check = Check(question, key, quiz.arranged(question, [key, *wrong]), reason)
    return check if len(check.options) == _OPTIONS and not quiz.faults(check) else None


def self_standing(one: Sentence, language: str) -> bool:
    """Tell whether a sentence can be asked about without the ones around it."""
    askable = len(words(one.plain)) in STEM and not one.plain.endswith((":", "?", ")"))
    if _SEVERAL.search(one.plain):
        return False
    return askable and not dangles(one, language) and not lacks_subject(one)
