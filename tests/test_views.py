"""What analysts rely on: each view says what it is and what identifies its rows, truly."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from psycopg import sql

from service.account.decider import ACCOUNT
from service.account.session import SESSION
from service.account.session import Start as LogIn
from service.audit.events import AUDIT, LoginFailed
from service.budget.book import tenant_account
from service.budget.decider import BUDGET, Reserve, SetBudget, Settle
from service.course.commands import RecordLesson, RecordOutline
from service.course.content import Check, Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import JOB, Command, Complete, Create, Fail, Start
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.library.decider import SOURCE, source_id
from service.log.claim import claimed
from service.log.handle import Log, Write
from service.price.decider import PRICE, Publish
from service.projection.text import PROJECTIONS
from service.service_token.decider import SERVICE_TOKEN
from service.sql import SQL
from service.textbook.commands import PublishTextbook, ReviseChapter
from service.textbook.decider import TEXTBOOK
from tests.account.people import NOW, REGISTER
from tests.embedding.rows import embed_all
from tests.ledger.calls import call
from tests.library.content import add
from tests.projection.histories import TENANTS, Place, context, request
from tests.service_token.machines import ISSUE
from tests.textbook.histories import request as ask
from tests.textbook.histories import shelf
from tests.textbook.pieces import ANEW, WHOLE, made

Project = Callable[[], Awaitable[None]]
SCRIPTS: Final = "\n".join(SQL[f"{name}/views"] for name in PROJECTIONS if f"{name}/views" in SQL)
VIEWS: Final = re.findall(r"^CREATE VIEW (\w+)", SCRIPTS, re.MULTILINE)

PLANS: Final = (LessonPlan("Rain", "", (), ()), LessonPlan("Snow", "", (), ()))
ENDS: Final[tuple[tuple[Command, ...], ...]] = (
    (Start("w"),),
    (Start("w"), Complete()),
    (Start("w"), Fail("No sources.", "Add some.", retryable=False)),
    (Start("w"), Fail("Too long.", "Ask for less.", retryable=False)),
)

CALLS: Final = (
    call(),
    call(),
    call(provider="ollama"),
    call(kind="lesson"),
    call(model_returned="other"),
)

FAILED: Final = (LoginFailed(None, "unknown"), LoginFailed(uuid4(), "wrong-password"))


def lesson(number: int, title: str) -> Lesson:
    check = Check("What falls?", "Rain.")
    return Lesson(number, title, "", "It falls.", (), (), (), (), (check,), Readability(3.0, 2))


async def generate(log: Log, place: Place, topic: str, *commands: Command) -> None:
    """Let a course be requested, outlined, and have its first two lessons, from a new source."""
    await request(log, place, topic)
    on = context(place.tenant)
    for path in (f"{topic}/a.md", f"{topic}/b/c.md"):
        source = source_id(place.tenant, path)
        await log.handle(SOURCE, source, add(path, f"# {topic}\n\nA.\n\n## B\n\nB."), on)
    await log.handle(COURSE, place.course, RecordOutline(Outline(topic, PLANS)), on)
    for number in (1, 2):
        await log.handle(COURSE, place.course, RecordLesson(lesson(number, topic)), on)
    await log.append(on, Write(AUDIT, uuid4(), 0, FAILED))
    await work(log, place, place.job, commands, CALLS)
    for calls in (CALLS, ()):
        made_anew = uuid4()
        create = Create("lesson", place.course, "ann")
        await work(log, place, made_anew, (create, *commands), calls)


async def work(
    log: Log, place: Place, job: UUID, commands: Sequence[Command], calls: Sequence[RecordCall]
) -> None:
    """Let a job go on, and call language models."""
    on = context(place.tenant)
    for command in commands:
        await log.handle(JOB, job, command, on)
    for one in calls:
        stream = ledger_id(place.tenant, job)
        await log.handle(LEDGER, stream, replace(one, job_id=job), on)


async def enrol(log: Log, tenant: UUID) -> None:
    """Let somebody register and log in, a machine have a token, models prices, and a textbook."""
    account, on = uuid4(), context(tenant)
    await log.handle(ACCOUNT, account, replace(REGISTER, account=account), on)
    start = LogIn(account=account, secret=b"s" * 32, version=1, now=NOW)
    await log.handle(SESSION, uuid4(), start, on)
    for token in (uuid4(), uuid4()):
        await log.handle(SERVICE_TOKEN, token, replace(ISSUE, token=token), on)
    for model in ("gpt-5-mini", "qwen3:8b"):
        price = Publish(model, Decimal("0.25"), Decimal(2))
        await log.handle(PRICE, claimed(tenant, "price", model), price, on)
    await charge(log, tenant)
    await write(log, tenant)


async def write(log: Log, tenant: UUID) -> None:
    """Let a textbook have two chapters, both out: a sound newer version of one, and a bad one."""
    at = shelf(tenant)
    await ask(log, at)
    later = (*made(1, 2, ANEW), ReviseChapter(2, "Too short."))
    for command in (*WHOLE[1:], PublishTextbook(), *later):
        await log.handle(TEXTBOOK, at.textbook, command, context(tenant))


async def charge(log: Log, tenant: UUID) -> None:
    """Let a tenant have a budget, to which a call is charged."""
    account, of, on = tenant_account(tenant), uuid4(), context(tenant)
    held = Reserve(of, None, Decimal("0.02"), datetime.now(UTC).date())
    for command in (SetBudget(Decimal(10), "month"), held, Settle(of, Decimal("0.01"))):
        await log.handle(BUDGET, account, command, on)


@pytest.fixture
async def seeded(log: Log, database: Database, projected: Project) -> Database:
    """Courses of two tenants on two days, whose jobs ended in every way or not at all."""
    for day in (1, 2):
        at = datetime(2101, 1, day, tzinfo=UTC)
        await database.queries.execute("UPDATE log.head SET recorded_at = $1", at)
        for tenant in TENANTS:
            for number, ends in enumerate(ENDS):
                topic = f"Topic {number}"
                await generate(log, Place(tenant, uuid4(), uuid4()), topic, *ends)
            await enrol(log, tenant)
    await projected()
    await embed_all(database)
    return database


async def columns(database: Database, view: str) -> set[str]:
    found = await database.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'read' AND table_name = $1",
        view,
    )
    return {row["column_name"] for row in found}


async def key(database: Database, view: str) -> list[str]:
    """Return the columns that the comment on a view names as its key."""
    comment = await database.fetchval(f"SELECT obj_description('read.{view}'::regclass)")
    sentence = re.fullmatch(r"[A-Z].+[.] Key: (\w+(?:, \w+)*)[.]", comment or "")
    assert sentence, (view, comment)
    return sentence[1].split(", ")


async def keys(database: Database, view: str, names: list[str]) -> Any:
    """Return how many rows a view has, how many different values of the columns, and whole ones."""
    query = sql.SQL(
        "SELECT count(*) AS rows, count(DISTINCT ({names})) AS keys,"
        "       count(*) FILTER (WHERE ({names}) IS NOT NULL) AS whole FROM read.{view}"
    ).format(
        names=sql.SQL(", ").join(sql.Identifier(name) for name in names),
        view=sql.Identifier(view),
    )
    return await database.fetchrow(query.as_string())


async def plain(database: Database) -> list[str]:
    """Return the views that the engine makes, one for each table of a projection."""
    found = await database.fetch(
        "SELECT table_name FROM information_schema.views WHERE table_schema = 'read'"
    )
    return sorted({row["table_name"] for row in found} - {*VIEWS, "freshness", "generations"})


async def test_every_view_says_what_it_is_and_by_which_of_its_columns_a_row_is_known(
    seeded: Database,
) -> None:
    for view in (*VIEWS, *await plain(seeded)):
        named = await key(seeded, view)
        assert set(named) <= await columns(seeded, view), view


async def test_every_row_has_a_tenant_and_the_position_that_last_changed_it(
    seeded: Database,
) -> None:
    for view in (*VIEWS, *await plain(seeded)):
        assert {"tenant_id", "position"} <= await columns(seeded, view), view


async def test_no_two_rows_share_a_key_and_no_part_of_a_key_is_missing(seeded: Database) -> None:
    for view in VIEWS:
        found = await keys(seeded, view, await key(seeded, view))
        assert found["rows"] > 1, view
        assert found["rows"] == found["keys"] == found["whole"], view


async def test_a_key_is_no_longer_than_it_must_be(seeded: Database) -> None:
    for view in VIEWS:
        named = await key(seeded, view)
        for spare in named if len(named) > 1 else []:
            found = await keys(seeded, view, [name for name in named if name != spare])
            assert found["keys"] < found["rows"], (view, spare)


async def test_every_row_is_of_the_tenant_it_says(seeded: Database) -> None:
    for view in VIEWS:
        query = sql.SQL("SELECT array_agg(DISTINCT tenant_id ORDER BY tenant_id) FROM read.{}")
        found = await seeded.fetchval(query.format(sql.Identifier(view)).as_string())
        assert found == list(TENANTS), view


async def test_a_view_shows_only_what_whoever_asks_may_see(seeded: Database) -> None:
    others = await seeded.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace"
        "   AND relname <> ALL ($1) AND reloptions IS DISTINCT FROM $2",
        ["freshness", "generations"],
        ["security_invoker=true"],
    )

    assert others == []
