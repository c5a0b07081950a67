"""The outline as a model is asked for it, and as it is read."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from service.course.content import LessonPlan, Outline
from service.generation.gate.fault import Fault, Misfit
from service.generation.generator import Brief
from service.generation.model import Message
from service.generation.openai import excerpt, planning
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Reading
from service.generation.openai.planning import lines
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.schema import sized
from service.generation.openai.section import line
from service.generation.openai.wish import wished

NAME = "outline"
TEMPLATE = TEMPLATES[NAME]

Line = Annotated[str, Meta(min_length=1, max_length=300)]
Lines = Annotated[tuple[Line, ...], Meta(min_length=1, max_length=12)]


class PlannedLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """One lesson of the course."""

    title: Line
    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    key_concepts: Lines
    learning_objectives: Lines


class PlannedCourse(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of a course."""

    title: Line
    lessons: tuple[PlannedLesson, ...]


def schema_for(brief: Brief) -> dict[str, Any]:
    """Return the schema of the answer, which says how many lessons there are."""
    return sized(PlannedCourse, "lessons", f"Exactly {brief.num_lessons} lessons")


def messages(brief: Brief, excerpts: tuple[Excerpt, ...]) -> tuple[Message, ...]:
    """Return what a model is told and asked."""
    tag = excerpt.tag(excerpts)
    return TEMPLATE.messages(
        language=brief.language,
        grade_level=brief.grade_level,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        topic=brief.topic,
        num_lessons=brief.num_lessons,
        instructions=wished(brief.instructions),
    )


def read(text: str, reading: Reading, brief: Brief) -> Outline:
    """Return the outline that an answer holds. Raises `Misfit`."""
    planned = decoded(text, PlannedCourse, mend=reading.mend)
    if faults := _faults(planned, brief.num_lessons):
        raise Misfit(faults)
    return Outline(planned.title.strip(), tuple(_plan(one) for one in planned.lessons))


def _faults(planned: PlannedCourse, wanted: int) -> list[Fault]:
    titles = [one.title for one in planned.lessons]
    return [
        *planning.named("$.title", planned.title),
        *planning.faults("$.lessons", "lesson", titles, wanted),
    ]


def _plan(one: PlannedLesson) -> LessonPlan:
    return LessonPlan(
        line(one.title),
        one.description.strip(),
        lines(one.key_concepts),
        lines(one.learning_objectives),
    )
