"""Ids of a textbook's chapters, and of their questions, which outlive the versions they are in.

A learner's history with a question (a card's reviews, an answer in a question bank) is kept by its
id, so a question keeps its id in every version in which it asks the same.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from itertools import count
from typing import Final
from uuid import UUID, uuid5

from msgspec.structs import asdict

from service.content.part import part_id
from service.textbook.content import KnownQuestion, Question

ALIKE: Final = 0.55
"""How alike two wordings with one answer are at least, to ask the same: 1 is equal, 0 unlike."""
TELLING: Final = 3
"""How many options a question has at least, for its answer to tell what it asks: not yes or no."""
_SAME_WORDS: Final = 2.0
_SAME: Final = 3.0
_EQUAL: Final = 4.0
_NUMBER: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"([^\W_]+|(?<=\d)\s*[-*/:.,]\s*(?=\d)|-(?=\d))|([^\w\s`])")


def chapter_id(textbook_id: UUID, number: int) -> UUID:
    """Return the id of a chapter, the same in every version of it."""
    return part_id(textbook_id, number)


def known(
    of: UUID, number: int, before: Sequence[KnownQuestion], asked: Sequence[Question]
) -> tuple[KnownQuestion, ...]:
    """Return the questions `asked` in chapter `number` with their ids, no id twice.

    `of` is what all ids of one textbook follow from; `before` are the questions of all earlier
    versions of the chapter, those of the latest first. A question asks the same as one of them if
    it has the same words, or the same answer and clearly the same words; the likest come first.
    """
    before = tuple(dict.fromkeys(before))  # most versions ask what the one before them does
    kept = _kept(before, asked)
    taken = {question.id for question in before}
    found = []
    for at, question in enumerate(asked):
        own = kept.get(at) or _new(chapter_id(of, number), question, taken)
        taken.add(own)
        found.append(KnownQuestion(**asdict(question), id=own))
    return tuple(found)


def _kept(before: Sequence[KnownQuestion], asked: Sequence[Question]) -> dict[int, UUID]:
    """Return the ids that questions keep, by their place among those `asked`."""
    kept: dict[int, UUID] = {}
    for _, at, then in sorted(_likenesses(before, asked)):
        own = before[then].id
        if at not in kept and own not in kept.values():
            kept[at] = own
    return kept


def _likenesses(
    before: Sequence[KnownQuestion], asked: Sequence[Question]
) -> Iterator[tuple[float, int, int]]:
    """Yield all pairs that ask the same, as their likeness below zero and their two places."""
    earlier = [(one, _words(one.text), _answer(one)) for one in before]
    for at, question in enumerate(asked):
        words, answer = _words(question.text), _answer(question)
        for then, (one, other, its_answer) in enumerate(earlier):
            if (question.text, question.options) == (one.text, one.options):
                yield -_EQUAL, at, then
            elif words == other:
                yield -(_SAME if answer == its_answer else _SAME_WORDS), at, then
            elif answer == its_answer and len(question.options) >= TELLING:
                likeness = _likeness(words, other)
                if likeness >= ALIKE:
                    yield -likeness, at, then


def _new(chapter: UUID, question: Question, taken: AbstractSet[UUID]) -> UUID:
    digest = sha256(_words(question.text).encode()).hexdigest()
    own = (uuid5(chapter, f"question/{digest}/{k}") for k in count(1))
    return next(one for one in own if one not in taken)


def _answer(question: Question) -> str:
    return _words(dict(enumerate(question.options)).get(question.correct_index, ""))


def _words(text: str) -> str:
    """Return what a text says, whatever its case, spacing and punctuation.

    Symbols count (``x < 3`` is not ``x > 3``), and so do marks between numbers (``6/2``, ``3.5``).
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    words = [said.strip() or mark for said, mark in found if said or _counts(mark)]
    return " ".join(words) or text


def _counts(mark: str) -> bool:
    return unicodedata.category(mark)[0] in "MS"


def _likeness(words: str, other: str) -> float:
    """Return which share of their letters two texts have in common, as triples: Dice's measure.

    What asks about other numbers asks something else, however alike the words are.
    """
    if sorted(_NUMBER.findall(words)) != sorted(_NUMBER.findall(other)):
        return 0.0
    these, those = _triples(words), _triples(other)
    return 2 * (these & those).total() / (these.total() + those.total())


def _triples(words: str) -> Counter[str]:
    padded = f" {words} "
    return Counter(padded[at : at + 3] for at in range(max(1, len(padded) - 2)))
