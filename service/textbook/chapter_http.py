"""A textbook's chapters over HTTP: reading them, publishing and keeping them, making them anew."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from service.content.title import TitleMissing
from service.http import as_of
from service.http.as_of import AsOf
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed
from service.job.decider import Create
from service.job.requested import Regenerate, Requested, answered, queued
from service.textbook import past, views
from service.textbook.chapter import NoSuchChapter, NoSuchVersion
from service.textbook.commands import PublishChapter, ReviseChapter, RollBackChapter
from service.textbook.decider import NoSuchTextbook, Textbook, TextbookIsArchived
from service.textbook.http import command, found, identified, opened
from service.textbook.keeping import ChapterNotValidated, NewerVersion, VersionIncomplete
from service.textbook.views import ChapterLine, ChapterView

ANEW: Final = "chapter"
"""The kind of job that makes one chapter anew."""

FOUND: Final = (NoSuchTextbook, NoSuchChapter)
KEPT: Final = (*FOUND, TextbookIsArchived)
PUBLISHED: Final = (*KEPT, ChapterNotValidated, NewerVersion)
REVISED: Final = (*KEPT, TitleMissing, VersionIncomplete)
ROLLED_BACK: Final = (*KEPT, NoSuchVersion)
"""What may stand in the way of a command on a chapter."""

VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, examples=[1])]


class PublishVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that was read; where another one has come since, nothing is published."""

    version: VersionNumber | None = None


class NewText(Struct, frozen=True, forbid_unknown_fields=True):
    """A chapter's new text, in Markdown, and its title if that changes too."""

    markdown: Annotated[str, Meta(min_length=1, max_length=200_000, examples=["## Light\n\n…"])]
    title: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class BackTo(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that the next one is to be the same as."""

    version: VersionNumber


async def contents(call: Call[Nothing, AsOf]) -> Answer[list[ChapterLine]]:
    """List a textbook's chapters, those still to come included; as they are or were."""
    textbook, at = await found(call), await as_of.position(call)
    if at is not None:
        then = await past.chapters(call.resources.database, textbook, at)
        return Answer(then.chapters, {"ETag": f'"{then.version}"'})
    lines = await views.chapters(call.resources.database, call.tenant_id, textbook.id)
    return Answer(lines, {"ETag": f'"{textbook.version}"'})


async def show(call: Call[Nothing, AsOf]) -> Answer[ChapterView]:
    """Show a chapter as its latest version stands or stood, with its summary, quiz and boosters."""
    number, at, of = call.path["chapter"], await as_of.position(call), call.resources.database
    if at is None:
        shown = await views.chapter(of, call.tenant_id, await identified(call), number)
    else:
        shown = await past.chapter(of, await found(call), number, at)
    if shown is None:
        raise NoSuchChapter
    return Answer(shown, {"ETag": f'"{shown.textbook_version}"'})


async def publish(call: Call[PublishVersion, Nothing]) -> Answer[Committed]:
    """Publish the latest version of a chapter: readers have it until another one is published."""
    return await command(call, PublishChapter(call.path["chapter"], call.body.version))


async def revise(call: Call[NewText, Nothing]) -> Answer[Committed]:
    """Replace a chapter's text by a person's: its next version, judged by the policy at once.

    Its summary, quiz and boosters stay. Readers have it once it is published.
    """
    body = call.body
    return await command(call, ReviseChapter(call.path["chapter"], body.markdown, body.title))


async def roll_back(call: Call[BackTo, Nothing]) -> Answer[Committed]:
    """Make any version of a chapter the latest again; no version is lost by it.

    Readers have it once it is published.
    """
    return await command(call, RollBackChapter(call.path["chapter"], call.body.version))


async def regenerate(call: Call[Regenerate, Nothing]) -> Answer[Requested]:
    """Make a chapter anew, as its next version; readers keep the published one meanwhile."""
    textbook_id, number = await identified(call), call.path["chapter"]
    if (before := await answered(call, textbook_id)) is not None:
        return before
    check((await opened(call, textbook_id)).state, number)
    asked_by, instructions = call.principal.subject, call.body.instructions
    wanted = Create(ANEW, textbook_id, asked_by, number=number, instructions=instructions)
    return await queued(call, wanted)


def check(state: Textbook, number: int) -> None:
    """Raise where a chapter cannot be made anew."""
    if state.archived:
        raise TextbookIsArchived
    state.chapter(number)
