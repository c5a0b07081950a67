"""Seals: whatever is changed in a sealed log is named; erasing a person changes nothing."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from service.database import Database
from service.log.seal import Verified, seal, verify
from tests.log.archives import ADA, ERASED_AT, EVENTS, PRIVATE_AT, cloned, fill, superuser
from tests.log.batches import append, named, one


@pytest.fixture(scope="module")
def sealed(server: str, template: str) -> Iterator[str]:
    """The name of a database whose log is long enough to be sealed twice."""
    for url in cloned(server, template):
        fill(url)
        yield urlsplit(url).path[1:]


@pytest.fixture
def database_url(server: str, sealed: str) -> Iterator[str]:
    yield from cloned(server, sealed)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.connect()
    yield connection
    await connection.close()


def silent(done: int, of: int) -> None:
    assert done <= of


async def checked(database: Database, noted: bytes | None = None) -> Verified:
    return await verify(database, silent, noted)


async def named_fault(database: Database) -> tuple[str, int, str | None]:
    """The fault that verify names, its position and the type of its event."""
    found = (await checked(database)).divergence
    assert found is not None
    return found.fault, found.position, found.type


async def test_a_log_that_nobody_touched_verifies(
    database: Database, connection: asyncpg.Connection
) -> None:
    found = await checked(database)

    assert (found.events, found.seals, found.unsealed, found.divergence) == (EVENTS, 2, 297, None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE log.events SET data = '{\"a\": 1}' WHERE position = 1717", "altered"),
        ("UPDATE log.events SET metadata = '{}' WHERE position = 1717", "altered"),
        ("UPDATE log.events SET recorded_at = 'infinity' WHERE position = 1717", "altered"),
        ("UPDATE log.events SET tenant_id = gen_random_uuid() WHERE position = 1717", "altered"),
        ("UPDATE log.events SET category = 'things' WHERE position = 1717", "altered"),
        ("UPDATE log.events SET category = E'a\\nb' WHERE position = 1717", "altered"),
        ("UPDATE log.events SET stream_id = gen_random_uuid() WHERE position = 1717", "altered"),
        ("DELETE FROM log.events WHERE position = 1717", "missing"),
        ("DELETE FROM log.events WHERE position >= 1717", "missing"),
        ("INSERT INTO log.private VALUES (1717, gen_random_uuid(), '{}')", "private"),
        ("INSERT INTO log.erased VALUES (1717, '')", None),
    ],
)  # fmt: skip
async def test_a_change_is_named_by_its_position(
    change: str, fault: str | None, database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute(change)

    found = (await checked(database)).divergence
    assert (found and (found.fault, found.position)) == (fault and (fault, 1_717))


@pytest.mark.parametrize(
    "change",
    [
        'UPDATE log.private SET data = \'{"name": "Eve"}\'',
        "UPDATE log.private SET subject_id = gen_random_uuid()",
        "UPDATE log.private SET salt = uuid_send(gen_random_uuid())",
        "DELETE FROM log.private",
    ],
)
async def test_a_changed_private_payload_is_named(
    change: str, database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute(change)

    assert await named_fault(database) == ("private", PRIVATE_AT, "person.told")


async def test_a_forged_erasure_is_named(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute("UPDATE log.erased SET hash = sha256('')")

    assert await named_fault(database) == ("private", ERASED_AT, "person.told")


async def test_erasing_a_person_breaks_no_seal(
    database: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM log.private WHERE subject_id = $1", ADA)

    assert (await checked(database)).divergence is None
    assert await connection.fetchval("SELECT count(*) FROM log.private") == 0
    assert await connection.fetchval("SELECT count(*) FROM log.erased") == 2


@pytest.mark.parametrize(
    ("change", "fault", "position"),
    [
        ("UPDATE log.seals SET hash = sha256('') WHERE upto = 1000", "chain", 1_000),
        ("UPDATE log.seals SET digests = digests || '0' WHERE upto = 2000", "chain", 2_000),
        ("DELETE FROM log.seals WHERE upto = 1000", "seal-missing", 1_000),
    ],
)
async def test_a_changed_seal_is_named(
    change: str, fault: str, position: int, database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute(change)

    assert (await named_fault(database))[:2] == (fault, position)


async def test_an_event_changed_together_with_its_seal_breaks_the_chain(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute("UPDATE log.events SET data = '{}' WHERE position = 17")
        await intruder.execute("UPDATE log.events SET data = '{\"a\": 1}' WHERE position = 18")
        await intruder.execute(
            "UPDATE log.seals AS s SET hash = n.hash, digests = n.digests"
            "  FROM log.sealing(0, 1000) AS n WHERE s.upto = 1000"
        )

    assert await named_fault(database) == ("chain", 2_000, "thing.done")


async def test_only_a_seal_noted_elsewhere_shows_that_a_log_was_rewritten_whole(
    database: Database, connection: asyncpg.Connection
) -> None:
    noted = bytes.fromhex((await checked(database)).last_seal or "")
    assert (await checked(database, noted)).divergence is None
    async with superuser(database) as intruder:
        await intruder.execute("UPDATE log.events SET data = '{\"a\": 1}' WHERE position = 18")
        await intruder.execute("DELETE FROM log.seals")
    await seal(database)

    assert (await checked(database)).divergence is None
    found = (await checked(database, noted)).divergence
    assert found is not None
    assert found.fault == "unknown-seal"


@pytest.mark.parametrize(
    ("change", "fault", "position"),
    [
        ("DELETE FROM log.events WHERE position = 2222", "missing", 2_222),
        ("UPDATE log.events SET version = 9999 WHERE position = 2222", "version", 2_222),
        ("UPDATE log.events SET recorded_at = 'epoch' WHERE position = 2222", "time", 2_222),
        ("UPDATE log.head SET position = 2296", "extra", 2_297),
        ("UPDATE log.head SET position = 1500", "extra", 1_501),
        ("UPDATE log.events SET position = -1 WHERE position = 2297", "missing", 2_297),
        ("UPDATE log.head SET position = 2298", "missing", 2_298),
    ],
)
async def test_what_is_not_sealed_yet_must_stand_in_its_place(
    change: str, fault: str, position: int, database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute(change)

    assert (await named_fault(database))[:2] == (fault, position)


async def test_a_cut_off_end_is_missed_by_the_seals_beyond_it(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with superuser(database) as intruder:
        await intruder.execute("DELETE FROM log.events WHERE position > 1200")
        await intruder.execute("UPDATE log.head SET position = 1200")

    assert (await named_fault(database))[:2] == ("missing", 1_201)


async def test_a_range_is_sealed_once_it_is_closed_and_never_with_a_hole(
    database: Database, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await append(connection, one(named("more"), *range(1, 703)))
    assert await seal(database) == 0
    await append(connection, one(named("yet more"), *range(1, 2_000)))
    async with superuser(database) as intruder:
        await intruder.execute("DELETE FROM log.events WHERE position = 3500")

    assert await seal(database) == 0
    assert "hole between positions 3000 and 4000" in caplog.text
    assert (await checked(database)).divergence is not None


async def test_one_at_a_time_seals_and_the_others_do_not_wait(
    database: Database, connection: asyncpg.Connection
) -> None:
    await append(connection, one(named("more"), *range(1, 704)))
    async with connection.transaction():
        assert await connection.fetchval("SELECT log.seal(1)") == 1
        assert await seal(database) == 0
    assert (await checked(database)).seals == 3


@pytest.mark.parametrize("table", ["log.seals", "log.erased"])
@pytest.mark.parametrize("change", ["DELETE FROM", "TRUNCATE"])
async def test_seals_are_only_added(
    table: str, change: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await connection.execute(f"{change} {table}")


async def test_the_service_may_seal_and_write_no_seal(connection: asyncpg.Connection) -> None:
    await append(connection, one(named("more"), *range(1, 704)))
    await connection.execute("SET ROLE daybook_service")

    assert await connection.fetchval("SELECT log.seal(10)") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("INSERT INTO log.seals VALUES (9000, 8000, '', '')")


async def test_anybody_can_compute_a_seal(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        "SELECT e.*, p.salt, p.subject_id, p.data AS private, x.hash AS erased FROM log.events AS e"
        "  LEFT JOIN log.private AS p USING (position) LEFT JOIN log.erased AS x USING (position)"
        " ORDER BY e.position LIMIT 2000"
    )
    previous = (await connection.fetchval("SELECT id FROM log.head")).bytes
    for first in (0, 1_000):
        events = b"".join(event_hash(row) for row in rows[first : first + 1_000])
        previous = hashlib.sha256(previous + events).digest()

    assert previous == await connection.fetchval("SELECT hash FROM log.seals WHERE upto = 2000")


def event_hash(row: Any) -> bytes:
    since = row["recorded_at"].timestamp()
    microseconds = int(since) * 1_000_000 + row["recorded_at"].microsecond
    fields = (
        row["position"], microseconds, row["stream_id"], row["version"], row["tenant_id"],
        len(row["category"]), row["category"], len(row["type"]), row["type"],
        bytes(row["data"]).decode(), bytes(row["metadata"]).decode(),
    )  # fmt: skip
    private = row["erased"] or b""
    if row["private"] is not None:
        payload = row["salt"] + row["subject_id"].bytes + bytes(row["private"])
        private = hashlib.sha256(payload).digest()
    text = "\n".join(str(field) for field in fields)
    return hashlib.sha256(hashlib.sha256(text.encode()).digest() + private).digest()
