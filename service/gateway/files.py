"""The course folder: every course as files, kept up with the log, for backup and for reading.

``<COURSE_FILES>/<slug>/course.json`` and ``course.md``. Other tenants than the default one have a
folder of their own there, ``@<tenant id>``, which no slug can be called.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from service.course.decider import COURSE
from service.database import Database
from service.gateway.course_file import WrittenCourse, folder_name, rendered
from service.gateway.folder import Folder
from service.gateway.subscriber import Subscriber
from service.http.call import Resources
from service.http.token import tenant
from service.log.codec import classes_of
from service.log.event import Recorded
from service.sql import SQL

T = TypeVar("T")

NAME: Final = "files"
TYPES: Final = tuple(classes_of(COURSE.events))
"""Whatever happens to a course: whether it changes a file is seen when the file is looked at."""
DEFAULT: Final = tenant("default")

log: Final = logging.getLogger(__name__)


class Behind(Exception):  # noqa: N818 - it is simply tried again
    """The read models do not hold yet what is to be written."""


class CourseFiles(Struct, frozen=True):
    """A course as files, at a `version` of its stream; `name` is that of its folder.

    `position` is the last event that the read models have of it. A course that is not `outlined`
    has no slug yet, and is called by its id.
    """

    tenant_id: UUID
    version: int
    position: int
    name: str
    outlined: bool
    files: Mapping[str, bytes]

    @property
    def place(self) -> tuple[str, ...]:
        """Where its folder stands in the folder of all courses."""
        return (self.name,) if self.tenant_id == DEFAULT else (f"@{self.tenant_id}", self.name)


def files(of: Resources) -> Subscriber | None:
    """Return the subscriber that keeps the course folder, if there is to be one."""
    root = of.settings.course_files
    return None if root is None else Subscriber(NAME, TYPES, partial(keep, of.database, root))


async def keep(database: Database, root: Path, events: Sequence[Recorded]) -> None:
    """Bring the folders of the courses that `events` happened to up to date.

    Raises FolderError where the disk does not take it, Unavailable.
    """
    latest = {event.stream_id: event.position for event in events}
    for course_id, position in latest.items():
        await write(database, root, course_id, position)


async def write(database: Database, root: Path, course_id: UUID, position: int = 0) -> bool:
    """Write the files of one course below `root`, and tell whether something was to be written.

    It is read while the folder is locked, so that nobody writes older things over newer ones.
    Raises `Behind` where the read models are still before `position`, FolderError, Unavailable.
    """
    async with opened(root) as folder:
        found = await read(database, None, course_id)
        if found is None or found.position < position:
            await waited(database, "course", course_id, position)
        if found is None or not found.outlined:
            return False
        return bool(await ended(asyncio.to_thread(folder.store, found.place, found.files)))


async def read(database: Database, tenant_id: UUID | None, key: UUID | str) -> CourseFiles | None:
    """Return the files of a course by its id or its slug; `tenant_id` None takes any tenant's."""
    by_id, by_slug = (key, None) if isinstance(key, UUID) else (None, key)
    row = await database.fetchrow(SQL["gateway/course_files"], tenant_id, by_id, by_slug)
    if row is None:
        return None
    course = msgspec.json.decode(row["course"], type=WrittenCourse)
    return CourseFiles(
        row["tenant_id"],
        row["version"],
        row["position"],
        folder_name(course.metadata),
        course.metadata.slug is not None,
        await asyncio.to_thread(rendered, course),
    )


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Folder]:
    """Yield the folder, which no other process writes into meanwhile. Raises FolderError."""
    folder = Folder(root)
    try:
        await ended(asyncio.to_thread(folder.open))
        yield folder
    finally:
        folder.close()


async def ended(work: Awaitable[T]) -> T:
    """Return what `work` returns; who is cancelled waits for its end, as a thread goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def waited(database: Database, kind: str, own: UUID, position: int) -> None:
    """Raise `Behind` unless the events of this one are kept from the read models on purpose."""
    if await database.fetchval(SQL["gateway/behind"], kind, position):
        raise Behind(f"The read models of {kind}s have not come to position {position} yet.")
    log.warning("%s %s is parked: its files stay as they are until it is retried", kind, own)
