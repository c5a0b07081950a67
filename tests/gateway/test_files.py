"""The course folder: it follows the log, and whatever befell it comes to hold the same again."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
import pytest

from service.course.commands import (
    ArchiveCourse,
    RecordDraft,
    RenameCourse,
    ReviseLesson,
)
from service.course.decider import COURSE
from service.database import Database
from service.gateway import files
from service.gateway.files import opened, read, write
from service.gateway.subscriber import listed
from service.log.handle import Log
from tests.gateway.courses import LESSON, do, held, keeper, made
from tests.gateway.following import Failed, follow
from tests.projection.histories import Place, context, request

Project = Callable[[], Awaitable[None]]
SCHOOL = UUID(int=1)
ROOT = Path(__file__).parents[2]


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


async def test_every_course_is_kept_under_its_slug_and_its_tenant(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    await made(log)
    await made(log)
    await made(log, "Größe / ../../etc", SCHOOL)
    await projected()

    await follow(database, keeper(database, tmp_path))

    folders = {path.rpartition("/")[0] for path in held(tmp_path)}
    assert folders == {"light", "light--2", f"@{SCHOOL}/große-etc"}
    text = (tmp_path / "light" / "course.md").read_text()
    assert text.startswith("# Light\n")
    assert "\n# Light\n\nText.\n" in text


async def test_a_course_without_an_outline_has_no_folder_yet(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    await request(log, Place(SCHOOL, uuid4(), uuid4()), "Topic")
    await projected()

    await follow(database, keeper(database, tmp_path))

    assert held(tmp_path) == {}


async def test_what_changes_is_written_and_nothing_else(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    place = await made(log)
    await made(log, "Leaf")
    await projected()
    subscriber = keeper(database, tmp_path)
    await follow(database, subscriber)
    before, leaf = stamps(tmp_path / "light"), stamps(tmp_path / "leaf")

    await do(log, place, RecordDraft(LESSON))
    await projected()
    await follow(database, subscriber)
    assert stamps(tmp_path / "light") == before

    await do(log, place, ReviseLesson(1, "# Light\n\nBetter text."))
    await projected()
    await follow(database, subscriber)
    assert stamps(tmp_path / "light").items().isdisjoint(before.items())
    assert stamps(tmp_path / "leaf") == leaf
    assert "Better text." in (tmp_path / "light" / "course.md").read_text()


async def test_a_renamed_course_stays_where_it_is_and_an_archived_one_is_kept(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    place = await made(log)
    await do(log, place, RenameCourse("Dark"), ArchiveCourse())
    await projected()

    await follow(database, keeper(database, tmp_path))

    metadata = msgspec.json.decode(held(tmp_path)["light/course.json"])["metadata"]
    assert (metadata["title"], metadata["slug"]) == ("Dark", "light")
    assert metadata["archived_at"] is not None
    assert (tmp_path / "light" / "course.md").read_text().startswith("# Dark\n")


async def test_a_folder_that_was_deleted_is_remade_byte_by_byte(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    root = tmp_path / "courses"
    places = [await made(log), await made(log, "Leaf", SCHOOL)]
    await projected()
    subscriber = keeper(database, root)
    await follow(database, subscriber)
    before = held(root)

    shutil.rmtree(root)
    for place in places:
        assert await write(database, root, place.course)

    assert held(root) == before


async def test_a_folder_that_is_deleted_while_it_is_kept_does_no_harm(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    root = tmp_path / "courses"
    place = await made(log)
    await projected()
    await follow(database, keeper(database, root))

    shutil.rmtree(root)
    await do(log, place, RenameCourse("Dark"))
    await projected()
    await follow(database, keeper(database, root))

    assert set(held(root)) == {"light/course.json", "light/course.md"}


async def test_what_cannot_be_written_is_seen_and_written_later(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    await made(log)
    await made(log, "Leaf")
    await projected()
    (tmp_path / "light").symlink_to("/etc")

    with pytest.raises(Failed, match="light is a link"):
        await follow(database, keeper(database, tmp_path))
    (line,) = await listed(database)
    assert line.failures == 1

    (tmp_path / "light").unlink()
    events = await database.fetch("SELECT stream_id FROM log.events WHERE category = 'course'")
    for course in dict.fromkeys(event["stream_id"] for event in events):
        await write(database, tmp_path, course)
    assert {path.split("/")[0] for path in held(tmp_path)} == {"light", "leaf"}


async def test_nobody_writes_what_was_read_before_another_wrote(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    place = await made(log)
    await projected()
    async with opened(tmp_path):
        late = asyncio.create_task(write(database, tmp_path, place.course))
        await asyncio.sleep(0)
        await do(log, place, RenameCourse("Dark"))
        await projected()

    await late

    assert (tmp_path / "light" / "course.md").read_text().startswith("# Dark\n")


async def test_a_handler_that_is_cancelled_leaves_the_folder_to_others(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    place = await made(log)
    await projected()
    before = asyncio.all_tasks()
    async with opened(tmp_path):
        late = asyncio.create_task(write(database, tmp_path, place.course))
        await asyncio.sleep(0)
        late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert asyncio.all_tasks() <= before

    assert await write(database, tmp_path, place.course)


async def test_read_models_that_are_behind_are_waited_for(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    place = await made(log)
    await projected()
    receipt = await log.handle(COURSE, place.course, RenameCourse("Dark"), context(place.tenant))

    with pytest.raises(files.Behind, match=f"position {receipt.position}"):
        await write(database, tmp_path, place.course, receipt.position)

    await projected()
    assert await write(database, tmp_path, place.course, receipt.position)


async def test_the_same_version_has_the_same_bytes_however_the_server_sets_its_clock(
    log: Log, database: Database, database_url: str, projected: Project
) -> None:
    place = await made(log)
    await projected()
    found = await read(database, place.tenant, "light")
    name = urlsplit(database_url).path.strip("/")
    await database.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'")
    elsewhere = Database(database_url)
    await elsewhere.open()

    assert await elsewhere.fetchval("SELECT current_setting('timezone')") == "Asia/Kolkata"
    assert await read(elsewhere, place.tenant, place.course) == found
    await elsewhere.close()


async def test_another_tenants_course_is_not_found(
    log: Log, database: Database, projected: Project
) -> None:
    place = await made(log)
    await projected()

    assert await read(database, SCHOOL, place.course) is None
    assert await read(database, SCHOOL, "light") is None
    assert await read(database, None, "light") is None


def kept_until(database_url: str, root: Path, courses: int) -> None:
    """Keep the folder in a process of its own, and kill that once so many courses are there."""
    command = [sys.executable, "-m", "tests.gateway.mortal_files", database_url, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        while sum(1 for _ in root.glob("*/course.md")) < courses:
            assert process.poll() is None
        process.kill()


async def test_a_keeper_that_is_killed_is_followed_by_the_next(
    log: Log, database: Database, database_url: str, projected: Project, tmp_path: Path
) -> None:
    root, again = tmp_path / "kept", tmp_path / "again"
    places = [await made(log, f"Course {n}") for n in range(12)]
    await projected()
    for kill in range(4):
        await asyncio.to_thread(kept_until, database_url, root, 3 * kill)
        for place in places:
            await do(log, place, RenameCourse(f"After kill {kill}"))
        await projected()
        await database.execute("UPDATE ops.subscribers SET held_until = '-infinity'")

    await follow(database, keeper(database, root))

    for place in places:
        await write(database, again, place.course)
    assert len(held(again)) == 24
    assert held(root) == held(again)
