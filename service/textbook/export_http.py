"""Textbooks in the formats of their readers, over HTTP."""

from typing import Final
from urllib.parse import quote

from service.export.pdf import PATIENCE, NoChromium, Unprintable
from service.gateway.export_http import whole
from service.http.body import Nothing
from service.http.call import Call, Read
from service.http.download import Download
from service.textbook.decider import NoSuchTextbook
from service.textbook.export import FORMATS, Name, NothingIsAsked, exported
from service.textbook.out import NothingIsOut, out

FOUND: Final = (NoSuchTextbook, NothingIsOut, NothingIsAsked, NoChromium, Unprintable)
"""What may stand in the way."""
SECONDS: Final = PATIENCE + 30.0
"""What all but printing is given everywhere."""
MEDIA: Final = tuple(dict.fromkeys(each.media for each in FORMATS.values()))


class Wanted(Read, frozen=True, kw_only=True):
    """The format to take it in."""

    format: Name = "docusaurus"


async def textbook(call: Call[Nothing, Wanted]) -> Download:
    """Export what is published of a textbook: for a site, a reader, a deck of cards or a course.

    `docusaurus`, which it is if none is named, is a whole site as a ZIP archive, its folder `docs`
    for any other site; `epub` a book; `anki` a deck; `gift` and `moodle` the questions; `html` a
    page to print; `pdf` that page, printed. The same version is the same bytes.
    """
    resources = call.resources
    book = await out(resources.database, call.tenant_id, call.path["textbook"])
    made = await exported(book, call.query.format, resources.settings.chromium)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}",
        "Content-Length": str(len(made.data)),
        "ETag": f'"{book.version}"',
    }
    return Download(made.media, whole(made.data), headers)
