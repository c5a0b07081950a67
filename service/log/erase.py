"""Erasing a person: one call to the log does it; a scan of the whole database proves it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from service.database import Database
from service.log import proof
from service.log.codec import encode
from service.log.commit import Conflict, KeyReused
from service.log.handle import Context, Metadata, Write
from service.log.needle import Value, needles
from service.log.proof import Report
from service.log.scan import Person, Progress, scan
from service.refusal import Unavailable
from service.settings import Secret
from service.sql import SQL

VALUES: Final = 10_000
"""Most different texts of one person that are gathered."""
BUDGETS: Final = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000)
"""Milliseconds in which whoever builds projections must have come to the end of a step."""
TRIES: Final = 3
PAUSE: Final = 0.2
"""Seconds before the same call is sent again, whose answer was lost or which gave up."""
CALL_SECONDS: Final = 60.0


class Erasure(Struct, frozen=True, kw_only=True):
    """What was done: `payloads` were deleted, `blanked` rows blanked, and `failed` not."""

    account: UUID
    tenant_id: UUID
    subjects: Sequence[UUID]
    position: int
    erased_at: datetime
    payloads: int
    blanked: int
    failed: Sequence[str]
    report: Report | None = None


class Proof(Struct, frozen=True):
    """A report, and how many rows of other tenants look alike: for those who run the service."""

    report: Report
    elsewhere: int


class Listed(Struct, frozen=True):
    """An erasure as the list of all shows it."""

    tenant_id: UUID
    account: UUID
    begun_at: datetime
    report: Report | None


async def values_of(database: Database, subjects: Sequence[UUID]) -> list[Value]:
    """Return what the log holds in private of some subjects; it is for this process's memory."""
    rows = await database.queries.fetch(SQL["log/private_values"], list(subjects), VALUES)
    return [Value(**row) for row in rows]


async def erase(
    database: Database,
    context: Context,
    person: Person,
    writes: Sequence[Write],
    reason: str,
) -> Erasure:
    """Erase `person` and append `writes`, one event each, in one transaction; or do nothing.

    Raises Conflict where a stream is at another version, KeyReused, and Unavailable, after which
    the same key resolves what became of it.
    """
    row = await _patiently(
        database,
        "log/erase",
        person.account,
        list(person.subjects),
        None,
        context.key or uuid7(),
        context.fingerprint,
        person.tenant_id,
        reason,
        _metadata(context),
        *_columns(writes),
    )
    if row["outcome"] == "conflict":
        raise Conflict(current_version=row["actual"])
    if row["outcome"] == "reused":
        raise KeyReused
    facts = {name: row[name] for name in ("position", "erased_at", "payloads", "blanked", "failed")}
    return Erasure(
        account=person.account, tenant_id=person.tenant_id, subjects=person.subjects, **facts
    )


async def forget(database: Database, person: Person) -> None:
    """Do again what an erasure does beside its events: for what may have come back since."""
    await _patiently(database, "log/erase_again", list(person.subjects), None)


async def prove(
    database: Database,
    erasure: Erasure,
    values: Sequence[Value],
    secret: Secret,
    context: Context,
    *,
    progress: Progress = lambda _done, _of: None,
) -> Proof:
    """Look for `values` everywhere; sign the report, record it, and return it.

    Raises Unavailable.
    """
    person = Person(erasure.account, erasure.subjects, erasure.tenant_id)
    wanted = needles(values)
    log = await database.ops.fetchrow(SQL["log/sealed"], None)
    tables, elsewhere = await scan(database, person, wanted, progress)
    scanned_at = await database.ops.fetchval(SQL["log/now"])
    report = proof.signed(
        Report(
            subject=erasure.account,
            tenant_id=erasure.tenant_id,
            log_id=log["id"],
            erased_at=erasure.erased_at,
            position=erasure.position,
            payloads=erasure.payloads,
            blanked=erasure.blanked,
            failed=erasure.failed,
            head=log["head"],
            scanned_at=scanned_at,
            values=proof.named(secret, wanted.texts),
            left_out=wanted.left_out,
            tables=tables,
            result=proof.judged(tables, wanted.texts, wanted.left_out),
        ),
        secret,
    )
    await _record(database, report, context)
    return Proof(report, elsewhere)


async def log_of(database: Database) -> UUID:
    """Return the id of the log."""
    id: UUID = (await database.ops.fetchrow(SQL["log/sealed"], None))["id"]  # noqa: A001
    return id


async def found(database: Database, tenant_id: UUID, account: UUID) -> Erasure | None:
    """Return what the log says of an erasure, None where this account was not erased."""
    row = await database.queries.fetchrow(SQL["log/erasure"], tenant_id, account)
    if row is None:
        return None
    begun = msgspec.json.decode(row["begun"], type=dict[str, Any])
    return Erasure(
        account=account,
        tenant_id=tenant_id,
        subjects=[UUID(each) for each in begun["subjects"]],
        position=row["position"],
        erased_at=row["erased_at"],
        payloads=begun["payloads"],
        blanked=begun["blanked"],
        failed=begun["failed"],
        report=_report(row["report"]),
    )


async def listed(database: Database) -> list[Listed]:
    """Return every erasure, oldest first."""
    rows = await database.ops.fetch(SQL["log/erasures"], timeout=CALL_SECONDS)
    return [Listed(**{**row, "report": _report(row["report"])}) for row in rows]


def _metadata(context: Context) -> str:
    """Return what stands beside the events, as JSON."""
    metadata = Metadata(
        context.actor,
        context.correlation_id,
        traceparent=context.traceparent,
        origin=context.origin,
    )
    return msgspec.json.encode(metadata).decode()


def _columns(writes: Sequence[Write]) -> tuple[list[Any], ...]:
    """Return the events of `writes`, of which each has one, as log.erase takes them."""
    events = [encode(event) for write in writes for event in write.events]
    return (
        [write.stream_id for write in writes],
        [write.expected_version + 1 for write in writes],
        [write.decider.category for write in writes],
        [event.type for event in events],
        [event.data for event in events],
    )


async def _record(database: Database, report: Report, context: Context) -> None:
    kind = "erasure.verified" if report.result == "nothing left" else "erasure.incomplete"
    metadata = {"actor": context.actor, "correlation_id": context.correlation_id}
    arguments = (str(report.subject), kind, report.tenant_id, report, metadata)
    await database.ops.fetchval(SQL["log/record_erasure"], *arguments)


async def _patiently(database: Database, name: str, *arguments: Any) -> Any:
    """Return the row of a call; `None` among its arguments is the budget of its locks.

    It is repeated with more patience where somebody builds projections in long steps, and as it is
    where its answer was lost. Raises Unavailable.
    """
    lost = 0
    budgets = iter(BUDGETS)
    budget = next(budgets)
    while True:
        asked = [budget if argument is None else argument for argument in arguments]
        timeout = CALL_SECONDS + budget / 1_000
        try:
            return await database.commands.fetchrow(SQL[name], *asked, timeout=timeout)
        except Unavailable as error:
            held = isinstance(error.__cause__, asyncpg.LockNotAvailableError)
            lost += not held
            following = next(budgets, None) if held else budget
            if following is None or lost == TRIES:
                raise
            budget = following
        await asyncio.sleep(PAUSE)


def _report(data: Any) -> Report | None:
    return None if data is None else msgspec.json.decode(data, type=Report)
