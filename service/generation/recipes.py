"""Every kind of job there is, and the recipe that does it."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from service.course.commands import (
    Finish,
    GiveUp,
    RecordDraft,
    RecordLesson,
    RecordOutline,
)
from service.course.content import Lesson, Outline
from service.course.decider import COURSE, Course
from service.course.recipe import Progress, recipe
from service.course.recipe import Tools as CourseTools
from service.database import Database
from service.generation.generator import Brief, GenerationFailed
from service.generation.recipe import Recipe, Step, Tools
from service.job.decider import Request
from service.job.lease import Claim
from service.library import views as library
from service.library.material import Material


class NotReadYet(GenerationFailed):
    """The library is behind the log: what was just added to it is not found yet."""

    retryable = True


async def whole_course(
    claim: Claim, _request: Request, state: Course, tools: Tools
) -> AsyncIterator[Step]:
    """Make what a course still lacks. Raises GenerationFailed."""
    progress = Progress(_brief(state), _outline(state), frozenset(state.lessons))
    find = partial(_material, tools.database, claim.tenant_id)
    async for made in recipe(progress, CourseTools(tools.generator, find)):
        yield Step(_recording(made.made), made.step, made.of, made.note, made.provenance)


async def one_lesson(
    claim: Claim, request: Request, state: Course, tools: Tools
) -> AsyncIterator[Step]:
    """Make one lesson of a course anew, as a draft. Raises GenerationFailed."""
    number, outline = request.number, _outline(state)
    if number is None or outline is None:
        return
    brief = replace(_brief(state), instructions=request.instructions)
    material = await _material(tools.database, claim.tenant_id, brief)
    lesson = await tools.generator.lesson(brief, outline, number, material)
    draft = RecordDraft(lesson.value, request.instructions, state.lessons[number].latest)
    yield Step(draft, 1, 1, f"lesson {number} drafted anew", lesson.provenance)


RECIPES: Final = MappingProxyType(
    {
        "course": Recipe(COURSE, whole_course, Finish, GiveUp),
        "lesson": Recipe(COURSE, one_lesson, lambda: None, lambda _: None),
        "reread": Recipe(COURSE, one_lesson, lambda: None, lambda _: None),
    }
)


def _brief(state: Course) -> Brief:
    asked = state.request
    return Brief(
        topic=asked.topic,
        grade_level=asked.grade_level,
        num_lessons=asked.num_lessons,
        language=asked.language,
        source_filter=asked.source_filter,
    )


def _outline(state: Course) -> Outline | None:
    return Outline(state.title, state.outline) if state.outline else None


def _recording(made: Outline | Lesson) -> RecordOutline | RecordLesson:
    return RecordOutline(made) if isinstance(made, Outline) else RecordLesson(made)


async def _material(database: Database, tenant_id: UUID, brief: Brief) -> Sequence[Material]:
    if not await library.caught_up(database, tenant_id):
        raise NotReadYet(
            "The library has not taken in the latest sources.", "It is tried again by itself."
        )
    return await library.material(
        database, tenant_id, brief.topic, source_filter=brief.source_filter
    )
