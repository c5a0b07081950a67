"""A chapter's quiz: questions with four options each, answered by a sentence of the chapter."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from service.course.content import Check
from service.generation.generator import TooLittle
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.readability import measure
from service.generation.offline.teaching import answer, fact, question
from service.generation.offline.teaching.check import new
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP
from service.generation.offline.textbook.clause import clauses, predicates
from service.generation.offline.textbook.gap import gaps
from service.generation.offline.textbook.part import parts, statements
from service.textbook.content import Difficulty, Policy, Question

_WANTED: Final = 6
_HARD: Final = 3.0  # grades above what was asked for
_USUAL: Final = 10.0  # the grade that counts where none was asked for
_POINTING: Final = re.compile(r"\b(?:this|these|those|diese[rsmn]?) \w+", re.IGNORECASE)
_QUOTED: Final = re.compile(r"[“„](.+?)[”“]")
_LEVELS: Final[tuple[Difficulty, ...]] = ("easy", "medium", "medium", "hard")


class Kind(Struct, frozen=True):
    """A kind of question: `demand` is 0 to recall a word or a place, 1 to understand, 2 to reason.

    `most` is how many of the kind one chapter has.
    """

    ask: Callable[[Draft], Iterator[Check]]
    demand: int
    most: int = 7


_KINDS: Final = (
    Kind(question.described, 1, 3),
    Kind(answer.causes, 2),
    Kind(predicates, 1, 3),
    Kind(question.meanings, 1, 3),
    Kind(clauses, 2, 2),
    Kind(fact.steps, 2, 2),
    Kind(fact.tables, 1, 2),
    Kind(fact.points, 1, 1),
    Kind(question.gaps, 0, 1),
    Kind(fact.years, 0, 1),
)
_SPARE: Final = (
    Kind(predicates, 1),
    Kind(clauses, 2),
    Kind(gaps, 0, 2),
    Kind(statements, 1, 2),
    Kind(question.gaps, 0, 2),
    Kind(parts, 0, 1),
    Kind(question.named, 0),
)
"""Kinds for chapters that give too few of the others."""
_LAST: Final = (Kind(statements, 1), Kind(parts, 0), Kind(gaps, 0))


def quiz(
    lesson: Draft, number: int, policy: Policy, changes: frozenset[str]
) -> tuple[Question, ...]:
    """Return a chapter's questions, of several kinds where the text allows. Raises `TooLittle`."""
    wanted = max(policy.questions_min, min(_WANTED, policy.questions_max))
    wanted = policy.questions_max if "more_checks" in changes else wanted
    wanted = policy.questions_min if "fewer_checks" in changes else wanted
    picked: list[tuple[Check, Kind]] = []
    longest = policy.option_characters_max
    for kinds in (_KINDS, _SPARE, _LAST):
        _turns(lesson, kinds, picked, wanted, longest)
    if len(picked) < policy.questions_min:
        raise TooLittle(
            f"Chapter {number}, “{lesson.plan.title}”, gives {len(picked)} questions with four "
            f"sound options each; at least {policy.questions_min} are asked for.",
            "Ask for a smaller questions_min or a larger option_characters_max, or add sources.",
        )
    picked.sort(key=lambda pair: pair[1].demand)
    return tuple(_question(lesson, check, kind) for check, kind in picked)


def _turns(
    lesson: Draft,
    kinds: Sequence[Kind],
    picked: list[tuple[Check, Kind]],
    enough: int,
    longest: int,
) -> None:
    """Let each kind give one in turn until there are enough, or none is left."""
    waiting = [(kind, kind.ask(lesson), kind.most) for kind in kinds]
    while waiting and len(picked) < enough:
        kind, asked, most = waiting.pop(0)
        have = [check for check, _ in picked]
        fresh = (one for one in asked if _sound(lesson, one, longest) and new(one, have))
        if (one := next(fresh, None)) is not None:
            picked.append((one, kind))
            if most > 1:
                waiting.append((kind, asked, most - 1))


def _sound(lesson: Draft, one: Check, longest: int) -> bool:
    """Tell whether a question's options are short enough, and it points at nothing beside it."""
    opening = lesson.say.ask_gap.format(sentence=GAP)
    said = " ".join([*_QUOTED.findall(one.question), *one.options])
    pointing = _POINTING.search(said) or one.question.startswith(opening)
    return all(len(option) <= longest for option in one.options) and not pointing


def _question(lesson: Draft, one: Check, kind: Kind) -> Question:
    return Question(
        one.question,
        one.options,
        one.options.index(one.answer),
        _difficulty(lesson, one, kind.demand),
        _topic(lesson, one),
        one.explanation,
    )


def _difficulty(lesson: Draft, one: Check, demand: int) -> Difficulty:
    """Return how hard a question is.

    That is what it demands, whether another option is near the right one, and how it reads.
    """
    language = lesson.course.language
    key = frozenset(content_stems(one.answer, language))
    others = [content_stems(other, language) for other in one.options if other != one.answer]
    near = any(key & frozenset(other) for other in others)
    text = f"{one.question} {one.explanation}"
    hard = measure(text, language).grade > (lesson.course.wish.grade or _USUAL) + _HARD
    return _LEVELS[min(demand + near + hard, len(_LEVELS) - 1)]


def _topic(lesson: Draft, one: Check) -> str:
    """Return the heading that the answer stands under; the chapter's title where there is none."""
    for unit in lesson.group:
        told = any(own.plain in one.explanation for own in unit.sentences)
        named = unit.section.heading and f"“{unit.section.heading}”" in one.question
        if (told or named) and unit.section.heading:
            return unit.section.heading
    return lesson.plan.title
