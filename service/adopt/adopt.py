"""Moving in: each old course becomes events, once, however often it is done."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.adopt import files, tables
from service.adopt.moving import Moving, Unfit, check, course_id, job_id, missing
from service.adopt.old import OldCourse
from service.course.decider import COURSE, Course
from service.course.events import LessonGenerated
from service.database import Database
from service.generation.provenance import Provenance
from service.job.decider import JOB
from service.log.commit import Conflict
from service.log.handle import Context, Log, Write
from service.refusal import NotFound
from service.sql import SQL

Outcome = Literal["adopted", "completed", "unchanged", "skipped", "refused"]
Found = tuple[str, int, OldCourse | Unfit | None]
"""How one is known, of how many, and the course; why it cannot be read; None where it is none."""

PROVIDER: Final = "imported"
ATTEMPTS: Final = 10
"""How often it is decided again when somebody else changes the course meanwhile."""


class Row(Struct, frozen=True):
    """What became of one course; `id` is the one it has here, `slug` the one it had."""

    known_as: str
    outcome: Outcome
    reason: str = ""
    id: UUID | None = None
    slug: str = ""
    title: str = ""
    lessons: int = 0
    total_lessons: int = 0


class Adoption:
    """Takes courses over into one tenant."""

    def __init__(
        self,
        log: Log,
        database: Database,
        context: Context,
        *,
        user: str = "",
        dry: bool = False,
    ) -> None:
        """Give those that say no owner to `user`; a `dry` one changes nothing."""
        self._log = log
        self._database = database
        self._context = context
        self._user = user
        self._dry = dry
        self._lessons: dict[UUID, UUID] = {}
        """Ids of lessons, and the courses they were met in: no two courses may share one."""

    async def take(self, known_as: str, found: OldCourse | Unfit | None) -> Row:
        """Take over what was found, and tell what became of it. Raises Unavailable."""
        if found is None:
            return Row(known_as, "skipped", "It holds no course.")
        try:
            if isinstance(found, Unfit):
                raise found
            old = found if found.user_id else replace(found, user_id=self._user)
            check(old)
            return await self._take(await self._distinct(old))
        except Unfit as refusal:
            return Row(known_as, "refused", str(refusal))
        except NotFound:
            return Row(known_as, "refused", "Its id is taken here, by another tenant perhaps.")

    async def _take(self, old: OldCourse) -> Row:
        of = course_id(self._context.tenant_id, old)
        for _ in range(ATTEMPTS):
            with suppress(Conflict):
                fresh, moving = await self._moved(old, of)
                made = [one for one in moving.course if isinstance(one, LessonGenerated)]
                outcome: Outcome = "adopted" if fresh else "completed"
                return Row(
                    old.known_as,
                    outcome if moving.course else "unchanged",
                    "",
                    of,
                    old.slug,
                    old.title,
                    len(made),
                    old.total_lessons,
                )
        raise Conflict

    async def _moved(self, old: OldCourse, of: UUID) -> tuple[bool, Moving]:
        """Append what is missing; return whether the course was not here, and what it was."""
        tenant_id, job = self._context.tenant_id, job_id(of)
        # The job is read first: whoever ends it ends the course in the same commit, so a course
        # that is unended beside an ended job never was; the other way round is a mere conflict.
        then = await self._log.load(JOB, job, tenant_id)
        now = await self._log.load(COURSE, of, tenant_id)
        moving = missing(old, of, now.state, then.state)
        writes = []
        if moving.job:  # comes first, as what ends last says how the course stands
            writes.append(Write(JOB, job, then.version, moving.job))
        if moving.course:
            came = Provenance(PROVIDER, model_asked=old.model, parameters={"from": old.known_as})
            writes.append(Write(COURSE, of, now.version, moving.course, came))
        if writes and not self._dry:
            await self._log.append(replace(self._context, correlation_id=job), *writes)
        return not isinstance(now.state, Course), moving

    async def _distinct(self, old: OldCourse) -> OldCourse:
        """Return the course, with no ids of lessons where another course has one of them."""
        of = course_id(self._context.tenant_id, old)
        ids = [lesson.id for lesson in old.lessons if lesson.id]
        met = any(self._lessons.setdefault(one, of) != of for one in ids)
        if not met and not await self._taken(ids, of):
            return old
        return replace(old, lessons=tuple(replace(one, id=None) for one in old.lessons))

    async def _taken(self, ids: Sequence[UUID], of: UUID) -> bool:
        if not ids or not await self._database.fetchval(SQL["gateway/courses_made"]):
            return False
        return bool(await self._database.fetchval(SQL["adopt/lessons_taken"], ids, of))


async def in_files(folder: Path) -> AsyncGenerator[Found, None]:
    """Yield what each JSON file below a folder holds."""
    places = files.places(folder)
    for place in places:
        yield place.relative_to(folder).as_posix(), len(places), _read(place, folder)


async def in_tables(url: str) -> AsyncGenerator[Found, None]:
    """Yield the courses of an old database, oldest first. Raises ValueError where it is none."""
    async with tables.opened(url) as connection:
        rows = await tables.listed(connection)
        for row in rows:
            yield str(row.get("id")), len(rows), await tables.read(connection, row)


def _read(place: Path, folder: Path) -> OldCourse | Unfit | None:
    try:
        return files.read(place, folder)
    except Unfit as refusal:
        return refusal
