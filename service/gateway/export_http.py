"""Courses as files over HTTP."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from service.course.decider import NoSuchCourse
from service.gateway.files import read
from service.gateway.zipped import MEDIA, zipped
from service.http.body import Nothing
from service.http.call import Call, Read
from service.http.download import Download

FOUND: Final = (NoSuchCourse,)
"""What may stand in the way."""


async def course(call: Call[Nothing, Read]) -> Download:
    """Export a course: a ZIP archive of its folder, with all of it as JSON and as Markdown.

    It holds what the course folder holds (COURSE_FILES). The same version is the same bytes.
    """
    found = await read(call.resources.database, call.tenant_id, call.path["course"])
    if found is None:
        raise NoSuchCourse
    data = zipped({f"{found.name}/{name}": held for name, held in found.files.items()})
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}.zip",
        "Content-Length": str(len(data)),
        "ETag": f'"{found.version}"',
    }
    return Download(MEDIA, whole(data), headers)


async def whole(data: bytes) -> AsyncIterator[bytes]:
    """Yield `data`."""
    yield data
