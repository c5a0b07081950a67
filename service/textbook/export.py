"""The formats in which a textbook leaves the service, in one table."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

from msgspec import Struct

from service.export import anki, docusaurus, epub, gift, moodle, page, pdf
from service.gateway.zipped import MEDIA as ZIP
from service.gateway.zipped import zipped
from service.refusal import StateConflict
from service.textbook.published import PublishedTextbook

MAKERS: Final = ThreadPoolExecutor(2, "export")
"""A large book takes seconds: threads of their own, so that all else that needs one goes on."""

Name = Literal["docusaurus", "epub", "anki", "gift", "moodle", "html", "pdf"]


class Format(Struct, frozen=True):
    """A format: its media type, what its files end with, and what makes one.

    `printed` says that Chromium makes it of the page, `asks` that it holds questions and no more.
    """

    media: str
    suffix: str
    make: Callable[[PublishedTextbook], bytes]
    printed: bool = False
    asks: bool = False


class NothingIsAsked(StateConflict):
    """No chapter that is out has a question, and this format holds only those; take another."""


class Exported(Struct, frozen=True):
    """A textbook in a format; `name` is what its file may be called in any folder."""

    name: str
    media: str
    data: bytes


def site(book: PublishedTextbook) -> bytes:
    """Return a Docusaurus project as an archive, all in one folder."""
    return zipped({f"{book.slug}/{path}": data for path, data in docusaurus.site(book)})


FORMATS: Final[dict[Name, Format]] = {
    "docusaurus": Format(ZIP, ".zip", site),
    "epub": Format(epub.MEDIA, ".epub", epub.epub),
    "anki": Format(anki.MEDIA, ".apkg", anki.apkg, asks=True),
    "gift": Format(gift.MEDIA, ".gift.txt", gift.gift, asks=True),
    "moodle": Format(moodle.MEDIA, ".moodle.xml", moodle.moodle, asks=True),
    "html": Format(page.MEDIA, ".html", page.page),
    "pdf": Format(pdf.MEDIA, ".pdf", page.page, printed=True),
}


async def exported(book: PublishedTextbook, form: Name, chromium: str | None = None) -> Exported:
    """Return what is published of a textbook in a format; the same version, the same bytes.

    Raises `NothingIsAsked` for a format of questions; `NoChromium` and `Unprintable` for a PDF.
    """
    of = FORMATS[form]
    if of.asks and not any(chapter.questions for chapter in book.chapters):
        raise NothingIsAsked
    data = await asyncio.get_running_loop().run_in_executor(MAKERS, of.make, book)
    made = await pdf.pdf(data, chromium) if of.printed else data
    return Exported(f"{book.slug}{of.suffix}", of.media, made)
