"""A textbook's policy held against a chapter: what has to be different before it may go out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from service.course.content import Check
from service.generation.gate import quiz
from service.textbook import length, section
from service.textbook.content import Booster, Parts, Policy, Question, Refused

OPTIONS: Final = 4
"""How many options a question has."""


def faults(policy: Policy, parts: Parts) -> tuple[str, ...]:
    """Return what the policy finds wrong, each a sentence for a person; nothing for a sound one."""
    return (
        *_text(policy, parts.markdown),
        *_takeaways(policy, parts.summary.takeaways if parts.summary else ()),
        *questions(policy, parts.questions),
        *_boosters(policy, parts),
    )


def _text(policy: Policy, markdown: str) -> Iterator[str]:
    words = length.words(markdown)
    if not policy.words_min <= words <= policy.words_max:
        wanted = _range(policy.words_min, policy.words_max)
        yield f"The text has {_counted(words, 'word')}; it must have {wanted}."
    minutes, pace = length.minutes(words), length.WORDS_PER_MINUTE
    if not policy.reading_minutes_min <= minutes <= policy.reading_minutes_max:
        wanted = _range(policy.reading_minutes_min, policy.reading_minutes_max)
        yield (
            f"Reading the text takes {_counted(minutes, 'minute')}, at {pace} words a minute; "
            f"it must take {wanted}."
        )


def _takeaways(policy: Policy, takeaways: Sequence[str]) -> Iterator[str]:
    if not policy.takeaways_min <= len(takeaways) <= policy.takeaways_max:
        wanted = _range(policy.takeaways_min, policy.takeaways_max)
        yield f"The summary has {_counted(len(takeaways), 'takeaway')}; it must have {wanted}."
    for number, one in enumerate(takeaways, 1):
        if not one.strip():
            yield f"Takeaway {number} of the summary is empty."
    for first, again in _repeated(takeaways):
        yield f"Takeaway {again} of the summary says the same as takeaway {first}."


def questions(policy: Policy, asked: Sequence[Question]) -> Iterator[str]:
    """Yield what the policy finds wrong with a quiz, each a sentence."""
    if not policy.questions_min <= len(asked) <= policy.questions_max:
        wanted = _range(policy.questions_min, policy.questions_max)
        yield f"The quiz has {_counted(len(asked), 'question')}; it must have {wanted}."
    for number, one in enumerate(asked, 1):
        gated = _gated(one) if policy.quiz_gate == "required" else ()
        for fault in (*_question(policy, one), *gated):
            yield f"Question {number}: {fault}."
    if policy.quiz_gate == "required":
        for first, again in _repeated([one.text for one in asked]):
            yield f"Question {again} asks the same as question {first}."


def _question(policy: Policy, one: Question) -> Iterator[str]:
    """Yield what is wrong with a question, without its number and the full stop."""
    if not one.text.strip():
        yield "there are no words in it"
    for number, option in enumerate(one.options, 1):
        if not option.strip():
            yield f"option {number} is empty"
        elif len(option) > policy.option_characters_max:
            most = policy.option_characters_max
            yield f"option {number} has {len(option)} characters; it may have at most {most}"
    if not 0 <= one.correct_index < len(one.options):
        yield (
            f"correct_index is {one.correct_index}, where no option stands; "
            f"it must be from 0 to {OPTIONS - 1}"
        )


def _gated(one: Question) -> Iterator[str]:
    """Yield what the quiz gate finds wrong with a question, in the same way."""
    if len(one.options) != OPTIONS:
        yield f"it has {_counted(len(one.options), 'option')}; it must have exactly {OPTIONS}"
    right = 0 <= one.correct_index < len(one.options)
    whole = all(option.strip() for option in one.options)
    if right and whole and len(one.options) >= quiz.FEWEST:
        key = one.options[one.correct_index]
        yield from quiz.faults(Check(one.text, key, one.options, one.explanation))


def _boosters(policy: Policy, parts: Parts) -> Iterator[str]:
    made, refused = parts.boosters, parts.refused
    if not policy.boosters_min <= len(made) <= policy.boosters_max:
        wanted = _range(policy.boosters_min, policy.boosters_max)
        told = "".join(_told(one) for one in refused) if len(made) < policy.boosters_min else ""
        yield f"The chapter has {_counted(len(made), 'booster')}; it must have {wanted}.{told}"
    if sorted(one.position for one in made) != list(range(1, len(made) + 1)):
        found = ", ".join(str(one.position) for one in made)
        yield f"The boosters stand at the positions {found}; they must count from 1 without a gap."
    headings = section.headings(parts.markdown)
    for one in made:
        yield from _booster(one, headings)
    if policy.analogies == "required" and not any(one.kind == "analogy" for one in made):
        told = "".join(_told(one) for one in refused if one.kind == "analogy")
        yield f"The chapter has no analogy; it must have one.{told}"


def _booster(one: Booster, headings: Sequence[str]) -> Iterator[str]:
    if not one.content.strip():
        yield f"Booster {one.position} is empty."
    if one.section_ref and not any(section.same(one.section_ref, name) for name in headings):
        yield (
            f"Booster {one.position} belongs to the section “{one.section_ref}”, "
            "and no heading of the text is called so."
        )


def _told(one: Refused) -> str:
    """Return why an author would not make a kind of booster, as a sentence after another."""
    return f" The author made no {one.kind}: {one.reason.strip().rstrip('.')}."


def _repeated(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of each text that says the same as one before it, that one's first."""
    likes = [quiz.like(one) for one in texts]
    twice = {like for like, count in Counter(likes).items() if like and count > 1}
    for at, like in enumerate(likes):
        if like in twice and likes.index(like) < at:
            yield likes.index(like) + 1, at + 1


def _range(least: int, most: int) -> str:
    return f"exactly {least}" if least == most else f"{least} to {most}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count or 'no'} {noun}s"
