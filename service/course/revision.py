"""A lesson's revisions as they are read: what was done to it, by whom, and what each of them says.

All of it is read from the log, so it is never behind a command.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.content.part import part_id
from service.course.content import Lesson, Section
from service.course.decider import COURSE, Course, NoSuchCourse, NoSuchLesson
from service.course.events import LessonRevised
from service.course.lesson import Kept, NoSuchRevision
from service.database import Database
from service.log.event import Recorded, decoded
from service.log.handle import Log
from service.sql import SQL

ORIGINS: Final = {
    "lesson.generated": "generated",
    "lesson.drafted": "drafted",
    "lesson.revised": "revised",
}
"""How a revision comes into being, by the event that brings it."""


class Act(Struct, frozen=True):
    """One thing done to a lesson; fields that an event has no use for are None."""

    version: int
    position: int
    type: str
    recorded_at: datetime
    actor: str
    revision: int | None
    title: str | None
    instructions: str | None


class RevisionLine(Struct, frozen=True):
    """A revision: how it came, from whom, when, and whether it serves or is the draft that waits.

    `origin` is generated, drafted or revised (by a person); `base` is the revision whose sources
    and checks it has; `version` and `position` are those of the event that brought it.
    """

    revision: int
    origin: str
    base: int
    title: str
    instructions: str
    actor: str
    created_at: datetime
    version: int
    position: int
    serves: bool
    waits: bool


class Revised(Struct, frozen=True):
    """A lesson with its revisions, oldest first; `version` is the course's."""

    id: UUID
    course_id: UUID
    number: int
    version: int
    kept: Kept
    acts: Sequence[Act]

    @property
    def lines(self) -> list[RevisionLine]:
        """The revisions, oldest first."""
        return [_line(act, self.kept) for act in self.acts if act.type in ORIGINS]

    def line(self, revision: int) -> RevisionLine:
        """Return one revision. Raises NoSuchRevision."""
        for line in self.lines:
            if line.revision == revision:
                return line
        raise NoSuchRevision(revision=revision)


def lesson_id(course_id: UUID, course: Course, number: int) -> UUID:
    """Return the id of a lesson: the one it has brought along, else that of the course's part."""
    brought = course.lesson_ids[number - 1] if number <= len(course.lesson_ids) else None
    if brought is not None:
        return brought
    return part_id(course_id, number)


async def revised(
    log: Log, database: Database, tenant_id: UUID, course_id: UUID, number: int
) -> Revised:
    """Return a lesson with its revisions. Raises NoSuchCourse and NoSuchLesson."""
    loaded = await log.load(COURSE, course_id, tenant_id)
    if not isinstance(loaded.state, Course):
        raise NoSuchCourse
    kept = loaded.state.lessons.get(number)
    if kept is None:
        raise NoSuchLesson(number=number)
    rows = await database.fetch(SQL["course/acts"], tenant_id, course_id, number)
    acts = [Act(**row) for row in rows if row["version"] <= loaded.version]
    at = lesson_id(course_id, loaded.state, number)
    return Revised(at, course_id, number, loaded.version, kept, acts)


async def events(
    database: Database, tenant_id: UUID, course_id: UUID, lines: Iterable[RevisionLine]
) -> dict[int, Recorded]:
    """Return the events that brought revisions, by revision."""
    revisions = {line.version: line.revision for line in lines}
    rows = await database.fetch(SQL["course/versions"], tenant_id, course_id, list(revisions))
    return {revisions[row["version"]]: Recorded(**row) for row in rows}


async def texts(
    database: Database, tenant_id: UUID, of: Revised, revisions: Sequence[int]
) -> dict[int, Lesson]:
    """Return what revisions say, whole: a person's has the rest from its base.

    Raises NoSuchRevision.
    """
    lines = {number: of.line(number) for number in revisions}
    wanted = {line.base for line in lines.values()} | lines.keys()
    found = await events(database, tenant_id, of.course_id, [of.line(each) for each in wanted])
    said = {number: decoded(COURSE, event) for number, event in found.items()}
    return {number: composed(said[line.base], said[number]) for number, line in lines.items()}


def composed(base: Lesson, said: Lesson | LessonRevised) -> Lesson:
    """Return a revision whole; an edit is one section of its base's lesson."""
    if isinstance(said, LessonRevised):
        section = Section(said.title, said.content_md)
        base = replace(base, title=said.title, content_md=said.content_md, sections=(section,))
    fields = asdict(base)
    return Lesson(**{name: fields[name] for name in Lesson.__struct_fields__})


def _line(act: Act, kept: Kept) -> RevisionLine:
    number = act.revision or 1
    return RevisionLine(
        number,
        ORIGINS[act.type],
        kept.revisions[number].base,
        act.title or "",
        act.instructions or "",
        act.actor,
        act.recorded_at,
        act.version,
        act.position,
        serves=number == kept.revision,
        waits=number == kept.draft,
    )
