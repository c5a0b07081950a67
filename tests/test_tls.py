"""The database through TLS: whose certificate is taken, and what is said of one that is not."""

import asyncio
import re
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from service import dsn, readiness
from service.database import Database
from service.http.state import State
from service.refusal import Unavailable
from service.settings import Secret, Settings

CERTIFICATES = Path(__file__).parent / "tls"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""What a client asks first (PostgreSQL's manual, 53.2.12)."""
CANARY = "canary-41af9c"


@pytest.fixture
async def port(database_url: str) -> AsyncIterator[int]:
    """The port of a TLS front before the real server, whose own build knows no TLS."""
    of = dsn.parse(database_url).parameters
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    fronts: set[asyncio.Task[None] | None] = set()

    async def front(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fronts.add(asyncio.current_task())
        async with closing(writer):
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(context)
            behind, ahead = await opened(of)
            async with closing(ahead):
                await asyncio.gather(pour(reader, ahead), pour(behind, writer))

    server = await asyncio.start_server(front, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    async with asyncio.timeout(10):
        await asyncio.gather(*(task for task in fronts if task is not None))


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close it at the end; a client that does not like the certificate has left before."""
    with suppress(OSError, asyncio.IncompleteReadError):
        try:
            yield
        finally:
            writer.close()
            await writer.wait_closed()


class Watched(State):
    """Tells when a reason is given that is another one than at first."""

    changed: asyncio.Event = msgspec.field(default_factory=asyncio.Event)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "reason":
            self.changed.set()


async def opened(of: dict[str, str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = of.get("host", "127.0.0.1"), of.get("port", "5432")
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, int(port))


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


def through(database_url: str, port: int, host: str, authority: str) -> str:
    """The URL of the same database through the front, which must prove to be `host`."""
    of = dsn.parse(database_url).parameters
    root = CERTIFICATES / f"{authority}.pem"
    login = f"{of['user']}:{of.get('password', CANARY)}"
    verified = f"sslmode=verify-full&sslrootcert={root}"
    return f"postgresql://{login}@{host}:{port}/{of['dbname']}?{verified}"


async def test_a_certificate_of_the_authority_for_this_host_is_taken(
    database_url: str, port: int, settings: Settings
) -> None:
    url = through(database_url, port, "localhost", "authority")
    database, state = Database(url), State()
    await database.open()

    assert await database.fetchval("SELECT 41 + 1") == 42
    async with asyncio.timeout(10):
        await readiness.migrated(replace(settings, database_url=Secret(url)), state)
    await database.close()


@pytest.mark.parametrize(
    ("host", "authority", "says"),
    [
        ("localhost", "stranger", "certificate verify failed"),
        ("127.0.0.1", "authority", "certificate .*127.0.0.1"),
        ("localhost", "missing", r"missing\.pem|No such file"),
    ],
)
async def test_any_other_is_refused_in_words(
    database_url: str,
    port: int,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    host: str,
    authority: str,
    says: str,
) -> None:
    url = through(database_url, port, host, authority)
    database, state = Database(url), Watched()
    await database.open()
    with pytest.raises(Unavailable):
        await database.fetchval("SELECT 1")
    await database.close()
    waiting = asyncio.create_task(
        readiness.migrated(replace(settings, database_url=Secret(url)), state)
    )
    async with asyncio.timeout(10):
        await state.changed.wait()
    waiting.cancel()
    await asyncio.wait({waiting})

    assert state.reason == readiness.DISTRUSTED
    asked, migrating = (
        record.getMessage() for record in caplog.records if record.name.startswith("service.")
    )
    assert re.search(says, asked)
    assert re.search(says, migrating)
    assert CANARY not in caplog.text


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key=Secret("a key for tests that opens nothing"))
