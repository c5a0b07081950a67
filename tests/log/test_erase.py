"""Erasing a person: all of it or nothing, whoever else is at work; and the scan that proves it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from service.account import erasure
from service.account.claim import CLAIM, ClaimMade
from service.account.commands import Erase
from service.account.decider import ACCOUNT
from service.account.events import AccountRegistered, ProfileUpdated
from service.account.registration import claim_id
from service.audit.events import ORIGIN, OriginSeen
from service.database import Database
from service.log import erase as erasing
from service.log import proof
from service.log.append import columns
from service.log.codec import encode
from service.log.commit import Conflict, StreamWrite
from service.log.erase import Erasure
from service.log.handle import Context, Log, Write
from service.log.needle import NEVER, Value, kind_of, needles
from service.log.proof import NotGenuine, Report
from service.log.scan import Person
from service.projection import engine, scratch
from service.projection.text import projection
from service.settings import Secret
from service.sql import SQL
from tests.log.archives import superuser
from tests.log.batches import commit
from tests.projection.generations import Rows, live, rows, step

Project = Callable[[], Awaitable[None]]
TENANT: Final = UUID(int=1)
ADA: Final = UUID("a0000000-0000-4000-8000-000000000001")
SECRET: Final = Secret("a key for tests that opens nothing")
EMAIL: Final = "Ada.Byron@Example.org"
REASON: Final = "asked for by letter"
WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
VALUES: Final = (
    Value("email", EMAIL),
    Value("name", "Ada"),
    Value("name", "Ada Lovelace"),
    Value("birthdate", "1990-12-10"),
)


def context(tenant: UUID = TENANT) -> Context:
    return Context(tenant, "operator", uuid4())


async def register(
    log: Log, account: UUID = ADA, tenant: UUID = TENANT, email: str = EMAIL
) -> None:
    opened = AccountRegistered(account=account, role="user", email=email, name="Ada Lovelace")
    profile = ProfileUpdated(
        account=account, experience_level=None, preferred_language="en", interests=("astronomy",)
    )
    claim = claim_id(tenant, "email", email)
    await log.append(
        context(tenant),
        Write(ACCOUNT, account, 0, (opened, profile)),
        Write(CLAIM, claim, 0, (ClaimMade(account),)),
    )


async def erase(database: Database, log: Log) -> Erasure:
    done = await erasure.erase(database, log, context(), ADA, REASON)
    assert done.erasure is not None
    return done.erasure


async def prove(database: Database, done: Erasure, values: Sequence[Value] = VALUES) -> Report:
    return (await erasing.prove(database, done, values, SECRET, context())).report


def holds(found: Rows, *texts: str) -> bool:
    everything = str(found).casefold()
    return any(text.casefold() in everything for text in texts)


async def test_the_rows_are_blank_before_anything_is_folded(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    await projected()
    schema = await live(database, "account")
    assert holds(await rows(database, schema), EMAIL)

    done = await erase(database, log)

    assert not holds(await rows(database, schema), EMAIL, "Lovelace", "astronomy")
    assert (done.payloads, done.failed) == (2, [])
    assert done.blanked > 0
    blank = await rows(database, schema)
    again = await erasure.erase(database, log, context(), ADA, REASON)
    assert again.erasure is None
    assert not again.receipt.changed
    await projected()
    assert not holds(blank, EMAIL)
    assert (await prove(database, done)).result == "nothing left"


async def test_a_conflict_leaves_everything_as_it_was(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    await projected()
    schema = await live(database, "account")
    before = await rows(database, schema)
    loaded = await log.load(ACCOUNT, ADA, TENANT)
    late = Write(ACCOUNT, ADA, loaded.version - 1, ACCOUNT.decide(Erase(), loaded.state))

    with pytest.raises(Conflict):
        await erasing.erase(database, context(), Person(ADA, [ADA], TENANT), [late], REASON)

    assert await rows(database, schema) == before
    assert await database.fetchval("SELECT count(*) FROM log.private") == 2
    assert await database.fetchval("SELECT count(*) FROM log.erased") == 0


async def test_what_is_on_its_way_is_stored_without_its_private_part(
    database: Database, log: Log
) -> None:
    await register(log)
    await erase(database, log)
    late = ProfileUpdated(account=ADA, experience_level=None, preferred_language=None, name="Ada")

    seen = OriginSeen(claim_id(TENANT, "email", EMAIL), "visitor", "192.0.2.7", "curl")
    await log.append(
        context(), Write(ACCOUNT, uuid4(), 0, (late,)), Write(ORIGIN, uuid4(), 0, (seen,))
    )

    assert await database.fetchval("SELECT count(*) FROM log.private") == 0


async def test_what_came_in_before_the_head_was_free_is_deleted_too(
    database: Database, log: Log
) -> None:
    await register(log)
    late = ProfileUpdated(account=ADA, experience_level=None, preferred_language=None, name="Ada")
    event = encode(late)
    started = commit(StreamWrite(uuid4(), "session", 0, (event,)), tenant=TENANT)
    connection = await database.connect()
    async with asyncio.timeout(20):
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchrow(SQL["log/append"], *columns([started]))
        erasing_now = asyncio.create_task(erase(database, log))
        while not await database.ops.fetchval(WAITING):
            assert not erasing_now.done(), "the append was not waited for"
        await transaction.commit()
        done = await erasing_now
    await connection.close()

    assert done.payloads == 3
    assert await database.fetchval("SELECT count(*) FROM log.private") == 0


async def test_what_has_come_back_is_forgotten_again(database: Database, log: Log) -> None:
    await register(log)
    done = await erase(database, log)
    async with superuser(database) as intruder:
        await intruder.execute("DELETE FROM log.erased WHERE position = 1")
        await intruder.execute("INSERT INTO log.private VALUES (1, $1, '{}')", ADA)

    await erasing.forget(database, Person(ADA, done.subjects, TENANT))

    assert await database.fetchval("SELECT count(*) FROM log.private") == 0


async def test_the_reason_may_not_keep_what_is_to_be_forgotten(
    database: Database, log: Log
) -> None:
    await register(log)

    with pytest.raises(erasure.ReasonTellsTooMuch):
        await erasure.erase(database, log, context(), ADA, "a letter of ada.byron@example.org")

    assert await database.fetchval("SELECT count(*) FROM log.private") == 2


async def test_a_candidate_that_is_being_built_meanwhile_ends_without_a_trace(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    await projected()
    current = projection("account")
    built, installed = f"{current.schema}_1", f"{current.schema}_2"
    await engine.install(database, current, built)
    connection = await database.connect()
    async with asyncio.timeout(20):
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchrow("SELECT ops.build($1, 2)", built)  # and it is not at its end
        erasing_now = asyncio.create_task(erase(database, log))
        while not await database.ops.fetchval(WAITING):
            assert not erasing_now.done(), "the build was not waited for"
        await transaction.commit()
        done = await erasing_now
    await connection.close()
    assert not holds(await rows(database, built), EMAIL, "Lovelace", "astronomy")
    await engine.install(database, current, installed)
    for schema in (built, installed):
        await step(database, schema, 1_000)

    report = await prove(database, done)

    assert report.result == "nothing left"
    assert {built, installed} <= {each.schema for each in report.tables}


async def test_a_rebuild_is_what_was_erased_live(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    await projected()
    await erase(database, log)
    await projected()
    served = await live(database, "account")

    async with scratch.beside(database, served) as schema:
        await scratch.build(database, "account", schema)
        assert await rows(database, schema) == await rows(database, served)


LEFT: Final = {
    "text": ("text", "'mail ADA.BYRON@example.org today'"),
    "list": ("text[]", "ARRAY['a', 'ada lovelace']"),
    "jsonb": ("jsonb", """'{"a": [{"b": "see\\nAda.Byron@Example.org."}]}'"""),
    "json": ("json", """'{"a": "ada.byron\\u0040example.org"}'"""),
    "bytes": ("bytea", "convert_to('to ada.byron@example.org', 'UTF8')"),
    "words": ("tsvector", "to_tsvector('english', 'from ada.byron@example.org')"),
    "link": ("text", "'/people?mail=ada.byron%40example.org'"),
    "own": ("text", "'Ada'"),
    "day": ("date", "'1990-12-10'"),
}
INNOCENT: Final = {
    "another address": ("text", "'lada.byron@example.org ada.byron@example.org.uk'"),
    "another word": ("text", "'Ada is a language, and so is adagio'"),
    "another day": ("date", "'1990-12-11'"),
}


async def test_whatever_is_left_anywhere_is_found_and_nothing_else(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    bob = uuid4()
    await register(log, bob, email="bob@example.org")
    await register(log, uuid4(), UUID(int=2))
    await projected()
    done = await erase(database, log)
    await database.execute("CREATE SCHEMA strange")
    for name, (kind, value) in (LEFT | INNOCENT).items():
        await database.execute(f'CREATE TABLE strange."{name}" (id uuid, what {kind})')
        await database.execute(
            f'INSERT INTO strange."{name}" VALUES ($1, {value}), ($1, NULL)',  # noqa: S608 - ours
            ADA,
        )
    await database.execute("CREATE TABLE strange.somebody (id uuid, name text)")
    await database.execute("INSERT INTO strange.somebody VALUES ($1, 'ADA LOVELACE')", bob)

    report = await prove(database, done)

    found = {each.table: each for each in report.tables if each.schema == "strange"}
    assert report.result == "traces left"
    assert {each.table for each in report.traces} == set(LEFT)  # and not the other tenant's
    assert {(each.rows, each.traces) for name, each in found.items() if name in LEFT} == {(2, 1)}
    assert (found["somebody"].traces, found["somebody"].others) == (0, 1)
    proof.check(report, SECRET)
    personal = [value.text.casefold() for value in VALUES if len(value.text) > 3]
    assert not any(text in str(report).casefold() for text in personal)
    kept = await erasing.found(database, TENANT, ADA)
    assert kept is not None
    assert kept.report == report


async def test_what_postgresql_has_sampled_is_taken_anew(
    database: Database, log: Log, projected: Project
) -> None:
    await register(log)
    for other in range(3):
        await register(log, uuid4(), email=f"somebody{other}@example.org")
    await projected()
    await database.execute("ANALYZE")
    sampled = "SELECT count(*) FROM pg_stats AS s WHERE s::text ILIKE '%ada.byron%'"
    assert await database.fetchval(sampled) > 0

    report = await prove(database, await erase(database, log))

    assert await database.fetchval(sampled) == 0
    assert report.result == "nothing left"
    assert ("pg_catalog", "pg_stats") in {(each.schema, each.table) for each in report.tables}


async def test_a_login_with_few_rights_reads_every_table_that_migrations_make(
    database: Database,
) -> None:
    connection = await database.connect()
    await connection.execute("SET ROLE daybook_service")

    held = "SELECT schema || '.' || \"table\" FROM ops.holdings() WHERE NOT readable"
    assert await connection.fetch(held) == []
    await connection.close()


async def test_what_nobody_looked_for_or_could_read_is_not_proved(
    database: Database, log: Log
) -> None:
    await register(log)
    done = await erase(database, log)

    assert (await prove(database, done, ())).result == "not proved"
    looked = proof.Looked(schema="s", table="t", rows=None)
    assert proof.judged([looked], ["value"], 0) == "not proved"
    assert proof.judged([replace(looked, rows=1)], ["value"], 1) == "not proved"
    assert proof.judged([replace(looked, rows=1)], ["value"], 0) == "nothing left"


async def test_a_report_that_was_altered_or_is_of_another_service_is_not_genuine(
    database: Database, log: Log
) -> None:
    await register(log)
    report = await prove(database, await erase(database, log))

    [kept] = proof.read(b"\n".join([msgspec.json.encode(report), b""]))
    proof.check(kept, SECRET)
    with pytest.raises(NotGenuine, match="altered"):
        proof.check(replace(report, blanked=report.blanked + 1), SECRET)
    with pytest.raises(NotGenuine, match="another key"):
        proof.check(report, Secret("another key for tests"))
    with pytest.raises(NotGenuine, match="no report"):
        proof.read(b'{"daybook": "log"}')


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("email", EMAIL, "unique"),
        ("password_hash", "$argon2id$v=19$abc", "unique"),
        ("name", "Ada Lovelace", "shared"),
        ("username", "ada1815", "shared"),
        ("text", "words " * 10, "shared"),
        ("name", "Ada", "common"),
        ("name", "Christian", "common"),
        ("birthdate", "1990-12-10", "common"),
        ("address", "2001:db8::1", "common"),
        ("learning_goals", "understand machine learning in medicine, for good", "common"),
    ],
)
def test_how_sure_it_is_that_a_value_is_of_one_person(field: str, text: str, kind: str) -> None:
    assert kind_of(Value(field, text)) == kind


def test_words_of_the_product_and_too_much_are_left_out() -> None:
    made = needles([Value("username", "admin"), *(Value("t", f"a@{n}") for n in range(103))])

    assert made.left_out == 3
    assert "admin" not in made.texts
    assert (made.shared, made.common) == (NEVER, [])


def test_neither_values_nor_patterns_show_in_a_traceback() -> None:
    said: list[Any] = [*VALUES, needles(VALUES)]

    assert "ada" not in repr(said).casefold()
