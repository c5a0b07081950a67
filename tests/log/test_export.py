"""A log is moved through a file: whole, or gone on with, or not at all."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
import zstandard

from service.database import Database
from service.log import archive
from service.log.append import GroupAppender
from service.log.archive import Damaged
from service.log.commit import Commit
from service.log.export import Foreign, export
from service.log.restore import NotEmpty, restore
from service.log.seal import verify
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail
from service.refusal import Unavailable
from tests.conftest import on
from tests.faults import child
from tests.log.archives import ASKED, EVENTS, cloned, fill
from tests.log.batches import append, commit, named, one, write
from tests.log.moving import silent

MOVING = "tests.log.moving"
NAMES = ("log.ndjson", "log.ndjson.zst")
KEPT = {
    "log.events": "*",
    "log.private": "*",
    "log.erased": "*",
    "log.receipts": "*",
    "log.seals": "upto, after, hash, digests",
    "log.head": "*",
    "ops.tail": "log_id",
    "job.queue": "*",
}
"""What of each table an import brings back."""


@pytest.fixture(scope="module")
def sealed(server: str, template: str) -> Iterator[str]:
    """The name of a database whose log has all there is in logs."""
    for url in cloned(server, template):
        fill(url)
        yield urlsplit(url).path[1:]


@pytest.fixture
def database_url(server: str, sealed: str) -> Iterator[str]:
    yield from cloned(server, sealed)


@pytest.fixture
async def source(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the log that is exported."""
    connection = await database.connect()
    yield connection
    await connection.close()


@pytest.fixture
def second_url(server: str, template: str) -> Iterator[str]:
    """The URL of a second migrated database, with an empty log."""
    yield from cloned(server, template)


@pytest.fixture
async def second(second_url: str) -> AsyncIterator[Database]:
    database = Database(second_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="module")
def empty_url(server: str, template: str) -> Iterator[str]:
    """The URL of a database into which nothing ever comes."""
    yield from cloned(server, template)


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="module")
def exports(server: str, sealed: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export of the log in both forms."""
    folder = tmp_path_factory.mktemp("exports")
    for name in NAMES:
        asyncio.run(exported(on(server, sealed), folder / name))
    return folder


async def exported(url: str, path: Path) -> None:
    database = Database(url)
    await database.open()
    await export(database, path, silent)
    await database.close()


@pytest.fixture(params=NAMES)
def file(request: pytest.FixtureRequest, exports: Path, tmp_path: Path) -> Path:
    """A copy of an export, plain and compressed."""
    return Path(shutil.copy(exports / request.param, tmp_path))


@pytest.fixture
def plain(exports: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(exports / NAMES[0], tmp_path))


@pytest.fixture
def compressed(exports: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(exports / NAMES[1], tmp_path))


async def everything(database: Database) -> dict[str, list[Any]]:
    """All that an import brings back, table by table."""
    return {
        table: [tuple(row) for row in await database.fetch(f"SELECT {what} FROM {table} ORDER BY 1")]  # noqa: S608, E501 - names of our own
        for table, what in KEPT.items()
    }  # fmt: skip


async def events_of(database: Database) -> int:
    return int(await database.fetchval("SELECT count(*) FROM log.events"))


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix != ".zst":
        return raw
    return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()


def cut(path: Path, share: float) -> None:
    """Leave the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def forge(path: Path, at: int, was: str, becomes: str) -> None:
    """Change a line, counted from 0, and write all lines anew, so that they follow each other."""
    texts = [line.text.decode() for line in archive.read(path)]
    assert was in texts[at]
    texts[at] = texts[at].replace(was, becomes)
    path.write_bytes(archive.chained(texts, b"")[0])


async def test_an_imported_log_is_the_exported_one(
    file: Path, database: Database, second: Database
) -> None:
    done = await restore(second, file, silent, silent, silent)

    assert (done.seals, done.resumed) == (2, 0)
    assert await everything(second) == await everything(database)
    assert (await verify(second, silent)).divergence is None


async def test_an_imported_log_goes_on(
    plain: Path, second: Database, source: asyncpg.Connection
) -> None:
    await restore(second, plain, silent, silent, silent)
    await engine.prepare(second)
    head = await second.fetchval("SELECT position FROM log.head")
    appender = GroupAppender(second.connect)

    again = await appender.append(ASKED)
    more = await appender.append(commit(write(named("first"), 1_500)))
    tail = Tail(second)
    while not await advance(second, tail):
        pass
    await appender.close()

    assert again.duplicate
    assert more.position == tail.position == head + 1


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.97, 0.9999])
async def test_an_export_is_gone_on_with_where_its_file_was_cut(
    share: float, file: Path, database: Database
) -> None:
    whole = content(file)
    cut(file, share)

    await export(database, file, silent)

    assert content(file) == whole


async def killed(what: str, url: str, path: Path, pages: int) -> None:
    """Move the log in a process that is killed after so many pages."""
    with child(MOVING, what, url, path, pages) as process:
        assert await asyncio.to_thread(process.finish) == -signal.SIGKILL


async def test_a_killed_export_is_gone_on_with(
    file: Path, database: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / f"killed-{file.name}"
    for pages in (1, 90, 3):
        await killed("export", database_url, path, pages)

    done = await export(database, path, silent)

    assert done.resumed > 90
    assert content(path) == content(file)


async def test_a_killed_import_is_gone_on_with(
    plain: Path, database: Database, second: Database, second_url: str
) -> None:
    for pages in (1, 2, 90, 40):
        await killed("import", second_url, plain, pages)

    done = await restore(second, plain, silent, silent, silent)

    assert done.resumed > 1_300
    assert await everything(second) == await everything(database)
    again = await restore(second, plain, silent, silent, silent)
    assert again.resumed == again.lines


def altered(lines: list[bytes]) -> list[bytes]:
    return [*lines[:1716], lines[1716].replace(b'"thing"', b'"thIng"'), *lines[1717:]]


def reordered(lines: list[bytes]) -> list[bytes]:
    return [*lines[:1716], lines[1717], lines[1716], *lines[1718:]]


DAMAGES = {
    "altered": (altered, "line 1717: it was altered, or a line before it is missing"),
    "missing": (lambda lines: lines[:1716] + lines[1717:], "line 1717: it was altered"),
    "reordered": (reordered, "line 1717: it was altered"),
    "doubled": (lambda lines: lines[:1717] + lines[1716:], "line 1718: it was altered"),
    "torn": (lambda lines: [*lines[:1716], lines[1716][:99]], "line 1717: the file is cut off in"),
    "short": (lambda lines: lines[:1716], "is cut off after line 1716"),
    "endless": (lambda lines: lines[:-1], r"is cut off after line \d+"),
    "longer": (lambda lines: [*lines, lines[-1]], "it was altered"),
    "headless": (lambda lines: lines[1:], "line 1: this is no exported log"),
    "empty": (lambda lines: [], "is cut off after line 0"),  # noqa: ARG005
}


def damaged(path: Path, damage: str) -> str:
    """Damage a file, and return what is to be said of it."""
    done, says = DAMAGES[damage]
    path.write_bytes(b"".join(done(path.read_bytes().splitlines(keepends=True))))
    return says


def flip(path: Path, share: float) -> None:
    """Flip one bit."""
    raw = bytearray(path.read_bytes())
    raw[int(share * len(raw))] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_refused_at_its_line_before_anything_is_stored(
    damage: str, plain: Path, empty: Database
) -> None:
    says = damaged(plain, damage)

    with pytest.raises(Damaged, match=says):
        await restore(empty, plain, silent, silent, silent)
    assert await events_of(empty) == 0


@pytest.mark.parametrize("share", [0.5, 0.9])
async def test_a_frame_that_cannot_be_read_cuts_the_file_off(
    share: float, compressed: Path, empty: Database
) -> None:
    flip(compressed, share)

    with pytest.raises(Damaged, match=r"line \d+"):
        await restore(empty, compressed, silent, silent, silent)
    assert await events_of(empty) == 0


async def test_a_file_whose_lines_were_all_written_anew_has_not_the_seals(
    plain: Path, second: Database
) -> None:
    forge(plain, 700, '"thing.done"', '"thing.undone"')

    with pytest.raises(Damaged, match="does not have the seal of the exported one"):
        await restore(second, plain, silent, silent, silent)


@pytest.mark.parametrize(
    ("at", "was", "becomes", "says"),
    [
        (700, '"version":700', '"version":7000', r"position 700 .* not in its place \(version\)"),
        (700, '"recorded_at":"20', '"recorded_at":"19', r"position 700 .* \(time\)"),
        (700, '"position":700', '"position":70000', r"position 700 .* \(missing\)"),
    ],
)
async def test_an_event_out_of_its_place_is_refused(
    *, at: int, was: str, becomes: str, says: str, plain: Path, second: Database
) -> None:
    forge(plain, at, was, becomes)

    with pytest.raises(Damaged, match=says):
        await restore(second, plain, silent, silent, silent)


async def test_a_file_is_imported_into_an_empty_log_only(
    plain: Path, database: Database, second: Database, source: asyncpg.Connection
) -> None:
    connection = await second.connect()
    await append(connection, one(uuid4(), 1))
    await connection.close()

    with pytest.raises(NotEmpty, match="holds 1 events; a file is imported into a new database"):
        await restore(second, plain, silent, silent, silent)
    await append(source, one(uuid4(), 1))
    with pytest.raises(NotEmpty):
        await restore(database, plain, silent, silent, silent)


@pytest.fixture
async def begun(plain: Path, second_url: str) -> Path:
    """A file whose import into the second database was killed on the way."""
    await killed("import", second_url, plain, 3)
    return plain


async def test_nothing_is_appended_to_a_log_while_it_is_imported(
    begun: Path, second: Database
) -> None:
    appender = GroupAppender(second.connect)

    with pytest.raises(Unavailable):
        await appender.append(fresh(), timeout=0.2)
    await restore(second, begun, silent, silent, silent)
    await appender.append(fresh())

    await appender.close()


async def test_an_import_is_gone_on_with_by_its_own_file_only(
    begun: Path, database: Database, second: Database, source: asyncpg.Connection
) -> None:
    forge(begun, 3, '"thing.done"', '"thing.undone"')
    with pytest.raises(Damaged, match="not the file whose import began here"):
        await restore(second, begun, silent, silent, silent)

    await append(source, one(uuid4(), 1))
    later = begun.with_name("later.ndjson")
    await export(database, later, silent)
    with pytest.raises(NotEmpty, match="of another file, whose import has not ended"):
        await restore(second, later, silent, silent, silent)


def fresh() -> Commit:
    return commit(write(uuid4(), 0))


async def test_what_else_is_in_a_file_stays_there(
    plain: Path, database: Database, source: asyncpg.Connection, second: Database, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Milk, bread\n")
    whole = content(plain)

    with pytest.raises(Foreign, match="something else"):
        await export(database, notes, silent)
    with pytest.raises(Foreign, match="whole export, up to position"):
        await export(database, plain, silent)
    with pytest.raises(Foreign, match="another log"):
        await export(second, plain, silent)
    assert (content(notes), content(plain)) == (b"Milk, bread\n", whole)


async def test_the_head_of_an_export_does_not_move_while_it_is_written(
    plain: Path, database: Database, source: asyncpg.Connection
) -> None:
    whole = content(plain)
    cut(plain, 0.5)
    await append(source, one(uuid4(), 1, 2, 3))

    done = await export(database, plain, silent)

    assert (done.head, content(plain)) == (EVENTS, whole)


async def test_a_page_ends_before_it_fills_the_memory(
    database: Database, source: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.log.export.ROOM", 1_000)
    lines: list[int] = []
    await export(database, tmp_path / "log.ndjson", lambda done, _: lines.append(done))

    assert len(lines) > 10
    assert UUID(int=0) not in [row["key"] for row in await database.fetch("TABLE log.receipts")]
