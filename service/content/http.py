"""Content over HTTP: why a course or a lesson is as it is."""

from typing import Final
from uuid import UUID

from msgspec.structs import replace

from service.content import explain, why
from service.content.why import CourseWhy, LessonWhy
from service.course import revision
from service.course.decider import NoSuchCourse, NoSuchLesson
from service.http.body import Nothing
from service.http.call import Answer, Call, Read
from service.refusal import NotFound


class NoSuchBlock(NotFound):
    """The revision that serves has no such block, and no such check."""


EXPLAINED: Final = (NoSuchCourse, NoSuchLesson, NoSuchBlock)
"""What may stand in the way of an explanation."""


class Asked(Read, frozen=True):
    """What to explain: the whole, or one block or check of a lesson."""

    block: UUID | None = None


async def show(call: Call[Nothing, Asked]) -> Answer[LessonWhy | CourseWhy]:
    """Say why a course or a lesson is as it is.

    For a lesson: how the revision that serves was made; each of its blocks with the quotes that it
    rests on; each quote looked up again in its source as that was; the calls of models with their
    cost; who has done what. With `block`, that block alone. For a course: how its outline was made,
    what all of it has cost, and what has happened to it.
    """
    of, tenant_id, content = call.resources, call.tenant_id, call.path["content"]
    found = await why.place(of.database, tenant_id, content)
    if found is None:
        return Answer(await explain.course(of.log, of.database, tenant_id, content))
    revised = await revision.revised(of.log, of.database, tenant_id, *found)
    told = await explain.lesson(of.database, tenant_id, revised)
    return Answer(told if call.query.block is None else only(told, call.query.block))


def only(told: LessonWhy, block: UUID) -> LessonWhy:
    """Return the explanation of one block or check. Raises NoSuchBlock."""
    shown = [each for each in told.blocks if each.id == block]
    asked = [each for each in told.checks if each.id == block]
    if not shown and not asked:
        raise NoSuchBlock(block=str(block))
    kept = {number for each in shown for number in (*each.citations, *each.nearby)}
    kept |= {number for each in asked for number in each.citations}
    cited = [each for each in told.citations if each.number in kept]
    return replace(told, blocks=shown, checks=asked, citations=cited)
