"""Courses as files, over HTTP and by the command line."""

import asyncio
import io
import shutil
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.course.commands import RenameCourse
from service.course.decider import COURSE
from service.database import Database
from service.gateway.zipped import zipped
from service.http.token import tenant
from service.log.handle import Log
from tests.gateway.courses import held, keeper, made
from tests.gateway.following import follow
from tests.http.conftest import Client, api, bearer, live, projecting, resources
from tests.projection.histories import context

__all__ = ["api", "bearer", "live", "projecting", "resources"]
Project = Callable[[], Awaitable[None]]
SCHOOL = tenant("school")


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_of_the_same_files_is_the_same() -> None:
    files = {"größe/course.json": b"{}", "größe/course.md": b"# Light"}

    assert unzipped(zipped(files)) == files
    assert zipped(files) == zipped(dict(files))
    assert b"gr\xc3\xb6\xc3\x9fe/course.json" in zipped(files)
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_STORED


async def test_an_archive_holds_what_the_folder_holds(
    api: Client, log: Log, database: Database, tmp_path: Path
) -> None:
    place = await made(log, tenant=SCHOOL)
    position = await database.fetchval("SELECT max(position) FROM log.events")
    address = f"/api/v1/courses/{place.course}/export"

    first = await api.get(address, params={"min_position": position})
    second = await api.get("/api/v1/courses/light/export")

    assert first.status == second.status == 200
    assert first.content_type == "application/zip"
    assert first.headers["ETag"] == '"4"'
    assert first.headers["Content-Disposition"] == "attachment; filename*=UTF-8''light.zip"
    data = await first.read()
    assert int(first.headers["Content-Length"]) == len(data)
    assert await second.read() == data
    await follow(database, keeper(database, tmp_path))
    assert {f"@{SCHOOL}/{path}": text for path, text in unzipped(data).items()} == held(tmp_path)


async def test_another_version_is_another_archive(api: Client, log: Log) -> None:
    place = await made(log, tenant=SCHOOL)
    receipt = await log.handle(COURSE, place.course, RenameCourse("Größe"), context(SCHOOL))

    answer = await api.get(
        f"/api/v1/courses/{place.course}/export", params={"min_position": receipt.position}
    )

    assert answer.headers["ETag"] == '"5"'
    assert "# Größe".encode() in unzipped(await answer.read())["light/course.md"]


async def test_a_course_that_was_just_asked_for_goes_by_its_id(api: Client) -> None:
    asked = await (await api.post("/api/v1/courses", json={"topic": "Light"})).json()

    answer = await api.get(
        f"/api/v1/courses/{asked['id']}/export", params={"min_position": asked["position"]}
    )

    assert set(unzipped(await answer.read())) == {
        f"{asked['id']}/course.json",
        f"{asked['id']}/course.md",
    }


async def test_what_is_no_course_is_not_found(api: Client) -> None:
    assert (await api.get("/api/v1/courses/nothing/export")).status == 404


@pytest.fixture
def named(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL names a migrated database; no .env is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["export", *arguments])


async def test_a_course_is_exported_as_the_service_keeps_it(
    log: Log, database: Database, projected: Project, named: None, tmp_path: Path
) -> None:
    place = await made(log)

    into_folder = await run("course", str(place.course), "--out", "new/there")
    await follow(database, keeper(database, tmp_path / "kept"))
    as_zip = await run("course", "light", "--to", "zip", "--out", "zips")

    assert into_folder.stdout == "new/there/light: version 4 of the course.\n"
    assert held(tmp_path / "new/there") == held(tmp_path / "kept")
    assert as_zip.stdout == "zips/light.zip: version 4 of the course.\n"
    assert unzipped((tmp_path / "zips/light.zip").read_bytes()) == held(tmp_path / "kept")


async def test_all_courses_remake_a_folder_that_was_deleted(
    log: Log, database: Database, projected: Project, named: None, tmp_path: Path
) -> None:
    await made(log)
    await made(log, "Leaf", SCHOOL)
    await projected()
    await follow(database, keeper(database, tmp_path / "kept"))
    before = held(tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept" / "light")

    said = await run("courses", "--out", "kept")
    of_one = await run("courses", "--out", "one", "--tenant", "school")

    assert said.stdout == "kept: 2 courses, 1 of them written, the others were the same.\n"
    assert held(tmp_path / "kept") == before
    assert of_one.exit_code == 0
    assert {path.split("/")[0] for path in held(tmp_path / "one")} == {f"@{SCHOOL}"}


@pytest.mark.parametrize("key", ["nothing", "0190a6f0-8f7e-7c3e-9d53-0f9a6f4b7a10"])
async def test_a_course_that_is_not_there_is_named(
    projected: Project, named: None, key: str
) -> None:
    result = await run("course", key, "--out", "x")

    assert result.exit_code == 1
    assert result.stderr == f"There is no course {key} in this tenant.\n"


async def test_a_database_that_never_served_says_so(named: None) -> None:
    result = await run("courses", "--out", "x")

    assert result.exit_code == 1
    assert "start the service once" in result.stderr
