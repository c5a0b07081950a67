"""A lesson's revisions over HTTP: which there are, what each says, and how two of them differ."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct, field
from msgspec.structs import asdict

from service.content.block import Block, blocks
from service.content.change import Change, differing
from service.content.diff import BlockChange, differences, sides
from service.course import revision
from service.course.check import Identified, identified_checks
from service.course.content import Citation, Lesson, Readability, Section
from service.course.decider import NoSuchCourse, NoSuchLesson
from service.course.http import identified
from service.course.lesson import NoSuchRevision
from service.course.revision import Revised, RevisionLine
from service.http.body import Nothing
from service.http.call import Answer, Call, Read

FOUND: Final = (NoSuchCourse, NoSuchLesson)
COMPARED: Final = (*FOUND, NoSuchRevision)
"""What may stand in the way of reading revisions."""

TEXTUAL: Final = ("title", "description", "key_concepts", "learning_objectives", "checks")
"""What two revisions may differ in besides their text."""

Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class RevisionText(Struct, frozen=True):
    """What a revision says, whole."""

    id: UUID
    course_id: UUID
    lesson_number: int
    revision: RevisionLine
    title: str
    description: str
    key_concepts: Sequence[str]
    learning_objectives: Sequence[str]
    content_md: str
    sections: Sequence[Section]
    sources: Sequence[Citation]
    readability: Readability
    checks: Sequence[Identified]
    blocks: Sequence[Block]


class Revisions(Read, frozen=True):
    """Which revisions to compare: the draft that waits with what serves, unless given."""

    since: Revision | None = field(default=None, name="from")
    to: Revision | None = None


class LessonDiff(Struct, frozen=True):
    """How two revisions differ; `counts` says how many blocks were changed, added, removed."""

    id: UUID
    course_id: UUID
    lesson_number: int
    before: RevisionLine
    after: RevisionLine
    counts: dict[str, int]
    changes: Sequence[Change]
    blocks: Sequence[BlockChange]


async def browse(call: Call[Nothing, Read]) -> Answer[list[RevisionLine]]:
    """List a lesson's revisions, oldest first, drafts that never served too."""
    of = await revised(call)
    return Answer(of.lines, {"ETag": f'"{of.version}"'})


async def show(call: Call[Nothing, Read]) -> Answer[RevisionText]:
    """Show one revision of a lesson, whole."""
    of, number = await revised(call), call.path["revision"]
    said = await revision.texts(call.resources.database, call.tenant_id, of, [number])
    return Answer(await asyncio.to_thread(_text, of, of.line(number), said[number]))


async def compare(call: Call[Nothing, Revisions]) -> Answer[LessonDiff]:
    """Compare two revisions of a lesson, block by block and word by word.

    Unless given, `to` is the draft that waits, else what serves; `from` is what serves, or where
    that is `to`, the revision before it.
    """
    of = await revised(call)
    since, to = chosen(of, call.query.since, call.query.to)
    said = await revision.texts(call.resources.database, call.tenant_id, of, [since, to])
    return Answer(await asyncio.to_thread(difference, of, said, since, to))


async def revised(call: Call[Any, Any]) -> Revised:
    """Return the lesson of the path with its revisions. Raises NoSuchCourse and NoSuchLesson."""
    of, course_id = call.resources, await identified(call)
    number = call.path["lesson"]
    return await revision.revised(of.log, of.database, call.tenant_id, course_id, number)


def chosen(of: Revised, since: int | None, to: int | None) -> tuple[int, int]:
    """Return which revisions to compare."""
    to = to or of.kept.draft or of.kept.revision
    return since or (of.kept.revision if of.kept.revision != to else max(to - 1, 1)), to


def difference(of: Revised, said: dict[int, Lesson], since: int, to: int) -> LessonDiff:
    """Return how two revisions differ; `said` has what they say."""
    texts = [said[number].content_md for number in (since, to)]
    before, after = (sides(blocks(of.id, text), text) for text in texts)
    changed = tuple(differences(before, after))
    return LessonDiff(
        of.id,
        of.course_id,
        of.number,
        of.line(since),
        of.line(to),
        Counter(each.change for each in changed),
        list(
            differing(
                "", *({name: getattr(said[n], name) for name in TEXTUAL} for n in (since, to))
            )
        ),
        changed,
    )


def _text(of: Revised, line: RevisionLine, said: Lesson) -> RevisionText:
    fields = asdict(said) | {"checks": identified_checks(of.id, said.checks)}
    del fields["number"]
    shown = blocks(of.id, said.content_md)
    return RevisionText(of.id, of.course_id, of.number, line, **fields, blocks=shown)
