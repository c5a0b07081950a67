"""A chapter's questions as a model is asked for them, and as they are read."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.course.content import Check
from service.generation.author import TextbookBrief
from service.generation.gate import quiz
from service.generation.gate.fault import Fault
from service.generation.gate.quote import found
from service.generation.offline.reading.markup import plain, shown
from service.generation.openai.ladder import Reading
from service.generation.openai.option import options
from service.generation.openai.planning import named
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.request import Preferences, Request
from service.generation.openai.schema import sized
from service.generation.openai.section import Words, line, said
from service.generation.openai.textbook.page import opened
from service.generation.openai.textbook.sift import Weighed, many, sifted
from service.generation.openai.wish import wished
from service.textbook.content import Difficulty, Draft, Policy, Question

TEMPLATE: Final = TEMPLATES["textbook.quiz"]
_A_QUESTION: Final = 300
"""Tokens that one takes with its options and its quote, generously."""


class WrittenQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """A question with one right answer and three wrong ones."""

    quote: Words
    question: Words
    answer: Words
    wrong_answers: Annotated[tuple[Words, ...], Meta(min_length=3, max_length=3)]
    explanation: Words
    difficulty: Difficulty
    topic: Annotated[str, Meta(min_length=1, max_length=200)]


class WrittenQuiz(Struct, frozen=True, forbid_unknown_fields=True):
    """The questions on the chapter."""

    questions: tuple[WrittenQuestion, ...]


def request(preferences: Preferences, brief: TextbookBrief, draft: Draft) -> Request:
    """Return the request for a chapter's questions: on its text alone, which readers have."""
    policy = brief.policy
    messages = TEMPLATE.messages(
        language=brief.language,
        audience=brief.audience,
        count=many(policy.questions_min, policy.questions_max),
        longest=policy.option_characters_max,
        wishes=wished(brief.instructions, brief.faults),
        **opened(draft),
    )
    room = max(preferences.max_tokens, _A_QUESTION * policy.questions_max)
    return Request("quiz", TEMPLATE, messages, schema_for(policy), room, ())


def schema_for(policy: Policy) -> dict[str, Any]:
    """Return the schema of the answer, which says how many questions there are."""
    wanted = many(policy.questions_min, policy.questions_max)
    return sized(WrittenQuiz, "questions", f"{wanted} questions")


def read(text: str, reading: Reading, policy: Policy, draft: Draft) -> tuple[Question, ...]:
    """Return the questions that an answer holds. Raises `Misfit`."""
    written = decoded(text, WrittenQuiz, mend=reading.mend).questions
    weighed = [
        Weighed(_question(one), tuple(_faults(written, at, policy, draft)))
        for at, one in enumerate(written)
    ]
    limits = policy.questions_min, policy.questions_max
    return sifted("$.questions", weighed, *limits, last=reading.last)


def _faults(
    written: Sequence[WrittenQuestion], at: int, policy: Policy, draft: Draft
) -> Iterator[Fault]:
    one, path = written[at], f"$.questions[{at}]"
    yield from said(path, [one.question, one.answer, *one.wrong_answers, one.explanation])
    key, among = options(line(one.question), one.answer, one.wrong_answers)
    for fault in quiz.faults(Check(line(one.question), key, among)):
        yield Fault(path, fault)
    for option in among:
        if len(option) > policy.option_characters_max:
            most = policy.option_characters_max
            yield Fault(path, f"the option “{option}” has more than {most} characters")
        yield from named(path, option, "an option")
    yield from named(f"{path}.question", one.question, "a question")
    if any(quiz.like(one.question) == quiz.like(other.question) for other in written[:at]):
        yield Fault(f"{path}.question", "another one asks the same")
    if found(draft.markdown, one.quote) is None:
        fault = "these words do not stand in the chapter: copy one whole sentence word for word"
        yield Fault(f"{path}.quote", fault)


def _question(one: WrittenQuestion) -> Question:
    """Return the question; where its right option stands is computed, and never a model's word."""
    text = line(one.question)
    key, among = options(text, one.answer, one.wrong_answers)
    explanation = f"{line(one.explanation)} “{plain(shown(line(one.quote)))}”"
    return Question(text, among, among.index(key), one.difficulty, line(one.topic), explanation)
