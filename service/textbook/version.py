"""A chapter's versions as they are read: who made each, when, what became of it, what it says.

All of it is read from the log, so it is never behind a command.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.log.handle import Log
from service.sql import SQL
from service.textbook import chapter
from service.textbook.chapter import Chapter, Version, latest
from service.textbook.decider import TEXTBOOK, NoSuchTextbook, Textbook
from service.textbook.identity import chapter_id

ORIGINS: Final = {
    "chapter.generated": "generated",
    "chapter.revised": "revised",
    "chapter.rolled-back": "rolled-back",
}
"""How a version comes into being, by the event that brings it."""


class Act(Struct, frozen=True):
    """One thing done to a version of a chapter: it was begun, or published."""

    textbook_version: int
    position: int
    type: str
    recorded_at: datetime
    actor: str
    version: int


class VersionLine(Struct, frozen=True):
    """A version: how it came, from whom, when, what the policy said, and whether readers have it.

    `origin` is generated (by a job), revised (by a person) or rolled-back (to its `base`); `base`
    is 0 for a generated one. `standing` is generated (not judged yet), validated or rejected, for
    the reasons in `errors`. `published_at` is when it was published, null where it never was.
    `textbook_version` and `position` are those of the event that brought it.
    """

    version: int
    origin: str
    base: int
    title: str
    instructions: str
    standing: str
    errors: Sequence[str]
    word_count: int
    reading_time_minutes: int
    actor: str
    job_id: UUID | None
    created_at: datetime
    published_at: datetime | None
    published: bool
    latest: bool
    textbook_version: int
    position: int


class Versioned(Struct, frozen=True):
    """A chapter with its versions, oldest first; `textbook_version` is the textbook's."""

    id: UUID
    textbook_id: UUID
    number: int
    textbook_version: int
    kept: Chapter
    lines: Sequence[VersionLine]

    def line(self, version: int) -> VersionLine:
        """Return what is told of one version. Raises NoSuchVersion."""
        return self.lines[self.said(version).version - 1]

    def said(self, version: int) -> Version:
        """Return what one version says. Raises NoSuchVersion."""
        return chapter.version(self.kept, version)


async def versioned(
    log: Log, database: Database, tenant_id: UUID, textbook_id: UUID, number: int
) -> Versioned:
    """Return a chapter with its versions. Raises NoSuchTextbook and NoSuchChapter."""
    loaded = await log.load(TEXTBOOK, textbook_id, tenant_id)
    if not isinstance(loaded.state, Textbook):
        raise NoSuchTextbook
    kept = loaded.state.chapter(number)
    latest(kept, number)
    rows = await database.fetch(SQL["textbook/acts"], tenant_id, textbook_id, number)
    acts = [Act(**row) for row in rows if row["textbook_version"] <= loaded.version]
    at = chapter_id(textbook_id, number)
    return Versioned(at, textbook_id, number, loaded.version, kept, list(_lines(kept, acts)))


def _lines(kept: Chapter, acts: Sequence[Act]) -> Iterator[VersionLine]:
    out = {act.version: act.recorded_at for act in acts if act.type == "chapter.published"}
    for act in acts:
        if act.type in ORIGINS:
            of = kept.versions[act.version - 1]
            yield VersionLine(
                of.version,
                ORIGINS[act.type],
                of.base,
                of.title,
                of.instructions,
                of.standing,
                of.errors,
                of.word_count,
                of.reading_time_minutes,
                act.actor,
                of.job_id,
                act.recorded_at,
                out.get(of.version),
                published=of.version == kept.published,
                latest=of.version == len(kept.versions),
                textbook_version=act.textbook_version,
                position=act.position,
            )
