"""Courses as they were, over HTTP: at a time or position, and between two versions."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from service.content.change import Change
from service.course import past
from service.course.views import CourseView
from service.http import as_of, feed, paging
from service.http.as_of import AsOf
from service.http.body import Nothing
from service.http.call import Answer, Call
from service.http.feed import EventView
from service.http.paging import Paged
from service.http.query import misfit
from service.log.event import read_stream

Version = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Versions(Paged, frozen=True):
    """Which part of a course's history; with `from` or `to`, that between two versions."""

    since: Version | None = field(default=None, name="from")
    to: Version | None = None

    @property
    def compares(self) -> bool:
        """Tell whether two versions are to be compared."""
        return self.since is not None or self.to is not None


class History(Struct, frozen=True):
    """Events of a course; `changes` is what differs between the versions that were asked for."""

    items: Sequence[EventView]
    next: str | None = None
    changes: list[Change] | UnsetType = UNSET


async def stood(call: Call[Any, AsOf], course: CourseView) -> CourseView:
    """Return the course as of the time or position that is asked for, if one is."""
    at = await as_of.position(call)
    return course if at is None else await past.stood(call.resources.database, course, at)


async def between(call: Call[Nothing, Versions], course: CourseView) -> Answer[History]:
    """Answer with the events after version `from` up to `to`, and with what they changed."""
    database, since = call.resources.database, call.query.since or 0
    before, _ = await _version(call, course, since, "from")
    upto, to = await _version(call, course, call.query.to, "to")
    if since > to:
        raise misfit("from", f"Version {since} comes after version {to}.")
    after = paging.after(call, int) or since
    found = await read_stream(database, course.id, after, call.query.limit + 1)
    rows = [feed.event_view(event) for event in found if event.version <= to]
    page = paging.page(call, rows, lambda event: event.version)
    changes = await past.changes(database, course, before, upto)
    return Answer(History(page.value.items, page.value.next, changes), page.headers)


async def _version(
    call: Call[Any, Any], course: CourseView, number: int | None, parameter: str
) -> tuple[int, int]:
    """Return a version's position, and the version; 0 is before the first one."""
    if number == 0:
        return 0, 0
    found = await past.version(call.resources.database, call.tenant_id, course.id, number)
    if found is None:
        raise misfit(parameter, f"This course has no version {number}.")
    return found
