"""The options of a question: one right answer among wrong ones, as models write them."""

import re
from collections.abc import Sequence
from typing import Final

from service.generation.gate import quiz
from service.generation.openai.section import line

_LABEL: Final = re.compile(r"^(?:[A-Da-d]|[1-4])[).:]\s+")


def options(question: str, answer: str, wrong: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the right answer, and it among the wrong ones in an order that only words decide.

    Letters and numbers that a model has put before all of them are taken away.
    """
    named = [line(one) for one in (answer, *wrong)]
    if all(_LABEL.match(one) for one in named):
        named = [_LABEL.sub("", one) for one in named]
    return named[0], quiz.arranged(question, named)
