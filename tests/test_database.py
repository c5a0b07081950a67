import asyncio
import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec
import pytest

from service import embedded, pool
from service.database import Database, of
from service.refusal import Unavailable
from service.settings import load
from tests.proxy import Proxy, proxied


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    folder = parse_qs(urlsplit(database_url).query).get("host")
    if not folder:
        pytest.skip("the proxy forwards to a unix socket")
    async with proxied(Path(folder[0])) as proxy:
        yield proxy


@pytest.fixture
async def behind(
    proxy: Proxy, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """The database through the proxy, with deadlines of a second."""
    monkeypatch.setattr(pool, "STATEMENT_SECONDS", 1)
    monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 1)
    name = urlsplit(database_url).path
    database = Database(
        f"postgresql://daybook:s3cret@127.0.0.1:{proxy.port}{name}?sslmode=disable", size=4
    )
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="daybook-tests-") as folder:
        yield Path(folder)
        embedded.stop(Path(folder))


def processes(home: Path) -> list[int]:
    """The postmaster and all of its children."""
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


def tell(pids: list[int], number: int) -> None:
    """Send a signal to processes, of which some may have ended by themselves meanwhile."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def test_json_goes_in_and_out_without_being_parsed(database: Database) -> None:
    for given in (b'{"a": [1, null]}', msgspec.Raw(b'{"a": [1, null]}'), {"a": [1, None]}):
        found = await database.fetchval("SELECT $1::jsonb", given)

        assert isinstance(found, msgspec.Raw)
        assert bytes(found) == b'{"a": [1, null]}'


async def test_arrays_of_json_are_not_taken_for_nested_arrays(database: Database) -> None:
    found = await database.fetchval("SELECT $1::jsonb[]", [b"[1, 2]", b"[]"])

    assert [bytes(item) for item in found] == [b"[1, 2]", b"[]"]


async def test_a_read_after_an_idle_disconnect_succeeds(database: Database) -> None:
    before = await database.fetchval("SELECT pg_backend_pid()")
    await database.ops.fetch("SELECT pg_terminate_backend($1::int, 5000)", before)

    assert await database.fetchval("SELECT pg_backend_pid()") != before


async def test_a_write_cut_off_half_way_is_not_sent_twice(database: Database) -> None:
    await database.execute("CREATE SEQUENCE calls")

    with pytest.raises(Unavailable):
        await database.execute("SELECT nextval('calls'), pg_terminate_backend(pg_backend_pid())")

    assert await database.fetchval("SELECT nextval('calls')") == 2


async def test_a_mistake_in_a_statement_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.fetch("SELECT * FROM nowhere")
    with pytest.raises(asyncpg.DataError):
        await database.fetch("SELECT $1::int", "one")

    assert database.trouble is None


async def test_no_session_state_outlives_a_transaction(database: Database) -> None:
    async def fail(connection: Any) -> None:
        async with connection.transaction():
            await connection.execute("SET LOCAL application_name = 'tenant'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.ops.run(fail)

    assert await database.ops.fetchval("SHOW application_name") == "daybook"


async def test_pools_do_not_starve_one_another(database: Database) -> None:
    async with database.ops.connection(), database.builds.connection():
        assert await database.projector.fetchval("SELECT 1") == 1
        assert await database.fetchval("SELECT 1") == 1
        assert await database.execute("SELECT 1") == "SELECT 1"


@pytest.mark.parametrize("size", [4, 10, 15, 100])
def test_the_pools_share_what_the_settings_allow(size: int) -> None:
    database = Database("postgresql://h/d", size=size)

    assert sum(pool.size for pool in database.pools) == size


async def test_it_opens_before_the_database_is_there(home: Path) -> None:
    database = Database(embedded.dsn(home))
    await database.open()
    with pytest.raises(Unavailable):
        await database.fetchval("SELECT 1")
    assert "No such file" in str(database.trouble)

    await asyncio.to_thread(embedded.start, home)

    assert await database.fetchval("SELECT 1") == 1
    assert database.trouble is None
    await database.close()


async def test_a_silent_network_ends_in_a_refusal(proxy: Proxy, behind: Database) -> None:
    await behind.fetchval("SELECT 1")
    proxy.silent = True

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await behind.fetchval("SELECT 1")

    proxy.silent = False
    assert await behind.fetchval("SELECT 1") == 1


async def test_a_cancelled_task_ends_at_once_on_a_silent_network(
    proxy: Proxy, behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "RELEASE_SECONDS", 3600)
    await behind.fetchval("SELECT 1")
    proxy.silent = True
    task = asyncio.create_task(behind.queries.fetchval("SELECT 1", timeout=3600))
    await proxy.heard.wait()

    task.cancel()

    done, _ = await asyncio.wait({task}, timeout=5)
    assert done == {task}
    assert task.cancelled()


async def test_a_full_pool_refuses_within_its_deadline(behind: Database) -> None:
    async with asyncio.timeout(10), behind.ops.connection():
        with pytest.raises(Unavailable):
            await behind.ops.fetchval("SELECT 1")


async def test_a_stopped_server_is_waited_for_and_then_served_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "STATEMENT_SECONDS", 1)
    monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 1)
    embedded.start(home)
    database = Database(embedded.dsn(home), size=4)
    await database.open()
    await database.fetchval("SELECT 1")
    stopped = processes(home)
    tell(stopped, signal.SIGSTOP)

    async with asyncio.timeout(15):
        with pytest.raises(Unavailable):
            await database.fetchval("SELECT 1")

    tell(stopped[::-1], signal.SIGCONT)
    assert await database.fetchval("SELECT 1") == 1
    await database.close()


async def test_closing_on_a_silent_network_ends(
    proxy: Proxy, behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "CLOSE_SECONDS", 0.5)
    await behind.fetchval("SELECT 1")
    proxy.silent = True

    async with asyncio.timeout(10):
        await behind.close()


async def test_an_outage_is_logged_once_and_without_a_secret(
    proxy: Proxy, behind: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.circuit")
    await behind.fetchval("SELECT 1")
    proxy.silent = True
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            await behind.fetchval("SELECT 1")
    proxy.silent = False
    await behind.fetchval("SELECT 1")

    assert [r.message.partition(" at ")[0] for r in caplog.records] == ["the database"] * 2
    assert "s3cret" not in caplog.text + str(refused.getrepr(style="native")) + repr(behind)


async def test_a_refused_login_is_an_outage_with_a_reason(proxy: Proxy, database_url: str) -> None:
    name = urlsplit(database_url).path
    nobody = Database(f"postgresql://nobody:s3cret@127.0.0.1:{proxy.port}{name}?sslmode=disable")
    await nobody.open()

    with pytest.raises(Unavailable):
        await nobody.fetchval("SELECT 1")

    assert "nobody" in str(nobody.trouble)
    await nobody.close()


async def test_echo_names_the_statement_and_keeps_its_values(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.pool")
    database = Database(database_url, echo=True)
    await database.open()
    await database.fetchval("-- Give back a text.\nSELECT $1::text", "s3cret")
    await database.close()

    assert caplog.messages[0].endswith("ms: Give back a text.")
    assert "s3cret" not in caplog.text


async def test_a_listener_has_a_session_of_its_own(database: Database) -> None:
    heard = asyncio.Event()
    connection = await database.connect_direct()
    await connection.add_listener("daybook_test", lambda *_: heard.set())

    await database.execute("NOTIFY daybook_test")

    await asyncio.wait_for(heard.wait(), 10)
    await connection.close()


async def test_behind_a_pooler_nothing_listens_without_a_direct_url() -> None:
    pooled = Database("postgresql://ep-1-pooler.x.neon.tech/d")
    direct = Database("postgresql://ep-1-pooler.x.neon.tech/d", "postgresql://ep-1.x.neon.tech/d")

    assert (pooled.listens, direct.listens) == (False, True)
    with pytest.raises(Unavailable, match="DATABASE_DIRECT_URL"):
        await pooled.connect_direct()


async def test_the_settings_name_the_database(database_url: str, tmp_path: Path) -> None:
    environ = {"DAYBOOK_HOME": str(tmp_path), "DATABASE_URL": database_url, "DB_POOL_SIZE": "5"}
    database = of(load(environ, None))

    await database.open()
    assert await database.fetchval("SELECT 1") == 1
    await database.close()
