"""Textbooks over HTTP: asking for them, reading them, publishing and keeping them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.budget.decider import BadBudget, checked
from service.content.title import TitleMissing
from service.http import as_of, feed, paging, spooled
from service.http.as_of import AsOf
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed
from service.http.feed import EventView
from service.http.language import Language
from service.http.paging import Page, Paged
from service.job import http as job
from service.job.decider import JOB, Cancel, Create, Retry
from service.job.requested import Requested, accepted, answered, steered
from service.log.commit import StaleVersion
from service.log.handle import Loaded, Write
from service.textbook import past, views
from service.textbook.commands import ArchiveTextbook, Command, PublishTextbook, RequestTextbook
from service.textbook.content import Policy
from service.textbook.contradiction import PolicyContradictsItself
from service.textbook.decider import (
    TEXTBOOK,
    NoSuchTextbook,
    NothingToPublish,
    SubjectMissing,
    Textbook,
    TextbookIsArchived,
)
from service.textbook.views import TextbookLine, TextbookView

WHOLE: Final = "textbook"
"""The kind of job that makes a textbook."""

ASKED: Final = (TitleMissing, SubjectMissing, PolicyContradictsItself, BadBudget)
FOUND: Final = (NoSuchTextbook,)
KEPT: Final = (NoSuchTextbook, TextbookIsArchived)
PUBLISHED: Final = (*KEPT, NothingToPublish)
CANCELLED: Final = (NoSuchTextbook, *job.CANCELLED)
RETRIED: Final = (NoSuchTextbook, *job.RETRIED)
"""What may stand in the way of a command on a textbook."""


class NewTextbook(Struct, frozen=True, forbid_unknown_fields=True):
    """What to make a textbook of; `source_filter` keeps it to sources below a path.

    `policy` is what each of its chapters must be so that it may be published. `budget` is what
    calls of language models may cost for it, in US dollars.
    """

    title: Annotated[str, Meta(min_length=1, max_length=300, examples=["Forces and motion"])]
    subject: Annotated[str, Meta(min_length=1, max_length=300, examples=["Physics"])]
    audience: Annotated[str, Meta(min_length=1, max_length=100)] = "Grade 8"
    chapters_total: Annotated[int, Meta(ge=1, le=40)] = 8
    source_filter: Annotated[str, Meta(max_length=500, examples=["physics/"])] | None = None
    language: Language = "en"
    policy: Policy = Policy()
    user_id: Annotated[str, Meta(min_length=1, max_length=200, examples=["u-17"])] | None = None
    budget: Annotated[Decimal, Meta(description="US dollars.", examples=["0.50"])] | None = None


class Textbooks(Paged, frozen=True):
    """Which textbooks to list."""

    status: Literal["QUEUED", "GENERATING", "READY", "FAILED"] | None = None
    user_id: Annotated[str, Meta(max_length=200)] | None = None


async def request(call: Call[NewTextbook, Nothing]) -> Answer[Requested]:
    """Request a textbook.

    A job generates it: follow it at `Location`. With `Prefer: wait=N` the answer waits up to N
    seconds (10 at most) for the job to end. While the database is away the request is kept on the
    disk, which `X-Spooled` says, and taken up once it is back.
    """
    body, user_id = call.body, call.body.user_id or call.principal.subject
    textbook_id, job_id = spooled.new_ids(call.context, call.resources.new_id, 2)
    receipt = await spooled.append(call, *requested(body, user_id, textbook_id, job_id))
    (textbook_id, version), (job_id, _) = receipt.versions
    position = receipt.position or None
    return await accepted(call, receipt, Requested(textbook_id, job_id, version, position))


def requested(
    asked: NewTextbook, user_id: str, textbook_id: UUID, job_id: UUID
) -> tuple[Write, Write]:
    """Return what a request causes: a textbook, and the job that makes it.

    Raises TitleMissing, SubjectMissing, PolicyContradictsItself and BadBudget.
    """
    wanted = RequestTextbook(
        asked.title,
        asked.subject,
        user_id,
        job_id,
        asked.audience,
        asked.chapters_total,
        asked.source_filter,
        asked.language,
        asked.policy,
    )
    textbook = TEXTBOOK.decide(wanted, TEXTBOOK.initial)
    create = Create(WHOLE, textbook_id, user_id, budget=checked(asked.budget))
    job = JOB.decide(create, JOB.initial)
    return Write(TEXTBOOK, textbook_id, 0, textbook), Write(JOB, job_id, 0, job)


async def browse(call: Call[Nothing, Textbooks]) -> Answer[Page[TextbookLine]]:
    """List textbooks, newest first; archived ones are left out."""
    of = call.query
    rows = await views.page(
        call.resources.database,
        call.tenant_id,
        status=of.status,
        user_id=of.user_id,
        before=paging.after(call, tuple[datetime, UUID]),
        limit=of.limit + 1,
    )
    return paging.page(call, rows, lambda row: (row.created_at, row.id))


async def show(call: Call[Nothing, AsOf]) -> Answer[TextbookView]:
    """Show a textbook, as it is or was, with how many chapters are sound, out, and failed."""
    textbook, at = await found(call), await as_of.position(call)
    if at is not None:
        textbook = await past.textbook(call.resources.database, textbook, at)
    return Answer(textbook, {"ETag": f'"{textbook.version}"'})


async def history(call: Call[Nothing, Paged]) -> Answer[Page[EventView]]:
    """Show everything that has happened to a textbook and its chapters, oldest first."""
    return await feed.history(call, await identified(call))


async def publish(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Publish every chapter whose latest version is validated and not out yet."""
    return await command(call, PublishTextbook())


async def archive(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Put a textbook away: it can still be read, and nothing changes it."""
    return await command(call, ArchiveTextbook())


async def cancel(call: Call[Nothing, Nothing]) -> Answer[Requested]:
    """Stop a textbook's generation; what there is of its chapters stays."""
    return await steer(call, Cancel())


async def retry(call: Call[Nothing, Nothing]) -> Answer[Requested]:
    """Take a failed or cancelled generation up again; only what failed or is missing is made."""
    return await steer(call, Retry())


async def command(call: Call[Any, Any], wanted: Command) -> Answer[Committed]:
    """Decide a command on the textbook of the path."""
    textbook_id = await identified(call)
    receipt = await call.resources.log.handle(
        TEXTBOOK, textbook_id, wanted, call.context, expected_version=call.expected_version
    )
    return committed(receipt, f"/api/v1/textbooks/{textbook_id}")


async def steer(call: Call[Any, Any], wanted: Cancel | Retry) -> Answer[Requested]:
    """Decide a command on the job that generates the textbook of the path."""
    textbook_id = await identified(call)
    if (before := await answered(call, textbook_id)) is not None:
        return before
    loaded = await opened(call, textbook_id)
    return await steered(call, textbook_id, loaded.state.request.job_id, wanted)


async def opened(call: Call[Any, Any], textbook_id: UUID) -> Loaded:
    """Return the textbook as the log has it, at the version the caller expects.

    Raises NoSuchTextbook, and StaleVersion when If-Match names another version.
    """
    loaded = await call.resources.log.load(TEXTBOOK, textbook_id, call.tenant_id)
    if not isinstance(loaded.state, Textbook):
        raise NoSuchTextbook
    if call.expected_version not in (None, loaded.version):
        raise StaleVersion(current_version=loaded.version)
    return loaded


async def identified(call: Call[Any, Any]) -> UUID:
    """Return the id of the path's textbook. Raises NoSuchTextbook for a slug nothing has."""
    key = call.path["textbook"]
    return key if isinstance(key, UUID) else (await found(call)).id


async def found(call: Call[Any, Any]) -> TextbookView:
    """Return the path's textbook as the read models have it. Raises NoSuchTextbook."""
    key = call.path["textbook"]
    textbook = await views.textbook(call.resources.database, call.tenant_id, key)
    if textbook is None:
        raise NoSuchTextbook
    return textbook
