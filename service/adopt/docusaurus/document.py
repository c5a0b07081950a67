"""A document of a Docusaurus site as a chapter-to-be. Pure."""

import hashlib
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.adopt.docusaurus import address, matter, ours
from service.adopt.docusaurus.matter import Matter
from service.adopt.docusaurus.parts import Parts, parts
from service.adopt.moving import Unfit
from service.content.title import LONGEST, is_line
from service.library.plain import decode, one_line, unmarked
from service.refusal import Refusal
from service.textbook import length, section

MOST_WORDS: Final = 100_000
"""Words of a chapter; a textbook's policy cannot allow more."""
MOST_CHARACTERS: Final = 200_000
"""Characters of a chapter; a person could not revise a longer one."""
_TITLE: Final = re.compile(r"((?:[ \t]*\n|import\s[^\n]*\n)*)# +(.+)(?:\n|$)")
"""A heading that nothing but imports stands before."""


class Skipped(Exception):  # noqa: N818 - no error: there is nothing to take over
    """This file is no page of the site, or shows nothing."""


class Document(Struct, frozen=True):
    """A document; `path` is below the docs folder, `address` below the address of all documents.

    `position` is the sidebar's, or the number in front of the name; `sha256` that of the file.
    """

    path: str
    address: str
    position: float | None
    title: str
    description: str
    written_at: datetime | None
    sha256: str
    word_count: int
    parts: Parts


def read(data: bytes, path: str) -> Document:
    """Return the document that a file holds.

    Raises `Unfit` where it cannot be taken over, `Skipped` where the site does not show it.
    """
    try:
        text = decode(data, "It")
    except Refusal as refusal:
        raise Unfit(str(refusal)) from refusal
    fields, body = matter.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    if matter.word(fields, "draft").lower() == "true":
        raise Skipped("It is a draft, which the site does not show.")
    title, found = _apart(fields, body, PurePosixPath(path).stem)
    if not (found.markdown.strip() or found.questions or found.takeaways):
        raise Skipped("It has no text.")
    place = PurePosixPath(path)
    own, slug = matter.word(fields, "id"), matter.word(fields, "slug")
    position = matter.number(fields, "sidebar_position", "front matter")
    return Document(
        path,
        address.address(place, own, slug),
        address.prefix(place.stem)[0] if position is None else position,
        title,
        matter.word(fields, "description"),
        matter.moment(fields),
        hashlib.sha256(data).hexdigest(),
        _measured(found.markdown),
        found,
    )


def _apart(fields: Matter, body: str, stem: str) -> tuple[str, Parts]:
    """Return a document's title and parts; a page of our own export says more than others do."""
    said = matter.word(fields, "title")
    if not ours.wrote(fields):
        title, text = titled(said, body, stem)
        return title, parts(text)
    if ours.is_contents(fields):
        raise Skipped("It is the contents of a textbook, which are made of its chapters.")
    heading, text, questions = ours.chapter(body)
    title, text = titled(one_line(heading) or said, text, stem)
    return title, replace(parts(text), questions=questions, key_points=ours.key_points(fields))


def titled(said: str, body: str, stem: str) -> tuple[str, str]:
    """Return a document's title, and its text below that: a heading that says else stays there.

    Raises `Unfit` where nothing can be a title.
    """
    found = _TITLE.match(body)
    heading = unmarked(section.words(found[2])) if found else ""
    title = (said or heading or one_line(address.prefix(stem)[1].replace("-", " ")))[:LONGEST]
    if not is_line(title):
        raise Unfit("It has no title with a letter or digit in it.")
    shown = found and heading[:LONGEST].casefold() == title.casefold()
    return title, (found[1] + body[found.end() :] if found and shown else body).strip("\n")


def _measured(markdown: str) -> int:
    words = length.words(markdown)
    if words > MOST_WORDS or len(markdown) > MOST_CHARACTERS:
        raise Unfit(
            f"It has {words:,} words, {len(markdown):,} characters; a chapter has at most"
            f" {MOST_WORDS:,} words, {MOST_CHARACTERS:,} characters. Split it."
        )
    return words
