"""Every kind of job there is, and the recipe that does it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
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
from service.generation.author import TextbookBrief
from service.generation.generator import Brief, GenerationFailed
from service.generation.recipe import Look, Recipe, Step, Tools
from service.job.decider import Request
from service.job.lease import Claim
from service.library import views as library
from service.library.material import Material
from service.sql import SQL
from service.textbook import commands as textbooks
from service.textbook import recipe as textbook
from service.textbook.decider import TEXTBOOK, Textbook

FEWEST_SOURCES: Final = 24
SOURCES_A_CHAPTER: Final = 3
"""Sources that a textbook draws from at the most: a manual may be one file, or many small ones."""


class NotReadYet(GenerationFailed):
    """The library is behind the log: what was just added to it is not found yet."""

    retryable = True
    general = True


async def whole_course(
    claim: Claim, _request: Request, look: Look, tools: Tools
) -> AsyncGenerator[Step, None]:
    """Make what a course still lacks. Raises GenerationFailed."""
    state: Course = await look()
    progress = Progress(_brief(state), _outline(state), frozenset(state.lessons))
    find = partial(_material, tools.database, claim.tenant_id)
    async for made in recipe(progress, CourseTools(tools.generator, find)):
        yield Step(_recording(made.made), made.step, made.of, made.note, made.provenance)


async def one_lesson(
    claim: Claim, request: Request, look: Look, tools: Tools
) -> AsyncGenerator[Step, None]:
    """Make one lesson of a course anew, as a draft. Raises GenerationFailed."""
    state: Course = await look()
    number, outline = request.number, _outline(state)
    if number is None or outline is None:
        return
    brief = replace(_brief(state), instructions=request.instructions)
    material = await _material(tools.database, claim.tenant_id, brief)
    lesson = await tools.generator.lesson(brief, outline, number, material)
    draft = RecordDraft(lesson.value, request.instructions, state.lessons[number].latest)
    yield Step(draft, 1, 1, f"lesson {number} drafted anew", lesson.provenance)


async def textbook_or_chapter(
    claim: Claim, request: Request, look: Look, tools: Tools
) -> AsyncGenerator[Step, None]:
    """Make what a textbook still lacks, or one chapter of it anew. Raises GenerationFailed."""

    async def made() -> textbook.Progress:
        state: Textbook = await look()
        return textbook.Progress(_textbook_brief(state), state.plan, state.chapters)

    rows = await tools.database.fetch(SQL["textbook/tried"], claim.target, claim.job_id)
    order = textbook.Order(
        claim.job_id, frozenset(row["number"] for row in rows), request.instructions
    )
    find = partial(_textbook_material, tools.database, claim.tenant_id)
    hand = textbook.Tools(tools.generator.author(), made, find, tools.beside)
    number = request.number
    making = (
        textbook.textbook(order, hand) if number is None else textbook.chapter(order, number, hand)
    )
    async with aclosing(making) as steps:
        async for step in steps:
            yield step


def no_course(_request: Request, _job_id: UUID, error: str) -> GiveUp:
    """Give a course up."""
    return GiveUp(error)


def no_textbook(_request: Request, _job_id: UUID, error: str) -> textbooks.GiveUp:
    """Give a textbook up."""
    return textbooks.GiveUp(error)


def no_chapter(request: Request, job_id: UUID, error: str) -> textbooks.GiveUpChapter:
    """Give up a chapter that was to be made anew."""
    return textbooks.GiveUpChapter(request.number or 0, error, job_id)


def nothing(*_: object) -> None:
    """Leave the target as it is."""


RECIPES: Final = MappingProxyType(
    {
        "course": Recipe(COURSE, whole_course, Finish, no_course),
        "lesson": Recipe(COURSE, one_lesson, nothing, nothing),
        "reread": Recipe(COURSE, one_lesson, nothing, nothing),
        "textbook": Recipe(TEXTBOOK, textbook_or_chapter, textbooks.Finish, no_textbook),
        "chapter": Recipe(TEXTBOOK, textbook_or_chapter, nothing, no_chapter),
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


def _textbook_brief(state: Textbook) -> TextbookBrief:
    asked = state.request
    return TextbookBrief(
        title=asked.title,
        subject=asked.subject,
        audience=asked.audience,
        chapters_total=asked.chapters_total,
        language=asked.language,
        source_filter=asked.source_filter,
        policy=asked.policy,
    )


async def _textbook_material(
    database: Database, tenant_id: UUID, brief: TextbookBrief
) -> Sequence[Material]:
    """Return the sources of all chapters, the best first."""
    await _read_up(database, tenant_id)
    return await library.material(
        database,
        tenant_id,
        f"{brief.title} {brief.subject}",
        source_filter=brief.source_filter,
        limit=max(FEWEST_SOURCES, SOURCES_A_CHAPTER * brief.chapters_total),
    )


async def _material(database: Database, tenant_id: UUID, brief: Brief) -> Sequence[Material]:
    await _read_up(database, tenant_id)
    return await library.material(
        database, tenant_id, brief.topic, source_filter=brief.source_filter
    )


async def _read_up(database: Database, tenant_id: UUID) -> None:
    """Wait for the library. Raises NotReadYet."""
    if not await library.caught_up(database, tenant_id):
        raise NotReadYet(
            "The library has not taken in the latest sources.", "It is tried again by itself."
        )
