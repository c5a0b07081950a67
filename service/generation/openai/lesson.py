"""The lesson as a model is asked for it, and the form in which it answers."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.course.content import Outline
from service.generation.generator import Brief
from service.generation.model import Message
from service.generation.openai import excerpt
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.schema import schema
from service.generation.openai.section import Evidence, Words, WrittenSection
from service.generation.openai.wish import wished

NAME: Final = "lesson"
TEMPLATE: Final = TEMPLATES[NAME]
FEWEST_CHECKS: Final = 3


class WrittenCheck(Struct, frozen=True, forbid_unknown_fields=True):
    """A question with one right answer and three wrong ones."""

    question: Words
    answer: Words
    wrong_answers: Annotated[tuple[Words, ...], Meta(min_length=3, max_length=3)]
    explanation: Words
    evidence: Evidence


class WrittenLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson."""

    sections: Annotated[tuple[WrittenSection, ...], Meta(min_length=1, max_length=12)]
    checks: Annotated[tuple[WrittenCheck, ...], Meta(min_length=FEWEST_CHECKS, max_length=10)]


def schema_for() -> dict[str, Any]:
    """Return the schema of the answer."""
    return schema(WrittenLesson)


def messages(
    brief: Brief, outline: Outline, number: int, excerpts: tuple[Excerpt, ...]
) -> tuple[Message, ...]:
    """Return what a model is told and asked."""
    plan = outline.lessons[number - 1]
    tag = excerpt.tag(excerpts)
    lines = [f"{at}. {one.title}: {one.description}" for at, one in enumerate(outline.lessons, 1)]
    return TEMPLATE.messages(
        language=brief.language,
        grade_level=brief.grade_level,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        course=outline.title,
        lessons="\n".join(lines),
        number=number,
        title=plan.title,
        description=plan.description,
        key_concepts=", ".join(plan.key_concepts),
        learning_objectives="; ".join(plan.learning_objectives),
        instructions=wished(brief.instructions),
    )
