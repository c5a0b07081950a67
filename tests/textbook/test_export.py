"""Textbooks in the formats of their readers, over HTTP and by the command line."""

import asyncio
import io
import threading
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import to_builtins
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from service.cli import app
from service.database import Database
from service.export import docusaurus
from service.http.call import Resources
from service.http.token import tenant
from service.textbook.commands import (
    PublishChapter,
    PublishTextbook,
    RecordPlan,
    RecordQuiz,
    ReviseChapter,
)
from service.textbook.export import FORMATS, exported
from service.textbook.views import published
from tests.export.books import arabic, forces, hostile
from tests.http.conftest import Client
from tests.textbook.pieces import PLAN, POLICY, TEXT, made
from tests.textbook.shelf import TEXTBOOKS, Json, asked, recorded

SCHOOL = tenant("school")
PRINTED = {name for name, form in FORMATS.items() if form.printed}
MADE = sorted(FORMATS.keys() - PRINTED)


@pytest.fixture
async def out(api: Client, live: Resources) -> Json:
    """A textbook of which one chapter of two is published."""
    commands = (RecordPlan(PLAN), *made(1), *made(2), PublishChapter(1))
    return await recorded(live, await asked(api), *commands)


def address(done: Json) -> str:
    return f"{TEXTBOOKS}/{done['id']}/export"


@pytest.mark.parametrize("form", MADE)
async def test_each_format_is_what_the_published_textbook_gives(
    api: Client, database: Database, out: Json, form: str
) -> None:
    query = {"format": form, "min_position": str(out["position"])}
    first = await api.get(address(out), params=query)
    by_slug = await api.get(f"{TEXTBOOKS}/forces/export", params={"format": form})
    data = await first.read()
    book = await published(database, SCHOOL, UUID(out["id"]))

    assert book is not None
    assert first.status == 200, await first.text()
    made_here = await exported(book, form)  # type: ignore[arg-type]
    assert data == made_here.data == await by_slug.read()
    assert first.headers["Content-Type"] == made_here.media
    assert first.headers["ETag"] == f'"{book.version}"'
    name = f"attachment; filename*=UTF-8''forces{FORMATS[form].suffix}"  # type: ignore[index]
    assert first.headers["Content-Disposition"] == name
    assert int(first.headers["Content-Length"]) == len(data)


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize("book", [forces(), hostile(), arabic()], ids=lambda book: book.slug)
async def test_every_book_has_every_format_with_the_same_bytes(form: str, book: object) -> None:
    first, second = [await exported(book, form) for _ in range(2)]  # type: ignore[arg-type]

    assert first == second
    assert first.data


async def test_all_else_that_needs_a_thread_goes_on_while_books_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    slow = replace(FORMATS["html"], make=lambda _: b"made" if go_on.wait() else b"")
    monkeypatch.setitem(FORMATS, "html", slow)
    making = [asyncio.create_task(exported(forces(), "html")) for _ in range(50)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(30):
            await asyncio.to_thread(str)
    finally:
        go_on.set()

    assert [each.data for each in await asyncio.gather(*making)] == [b"made"] * 50


async def test_another_publication_is_another_version(
    api: Client, live: Resources, out: Json
) -> None:
    first = await api.get(address(out), params={"format": "gift", "min_position": out["position"]})
    after = await recorded(live, out, PublishTextbook())
    query = {"format": "gift", "min_position": str(after["position"])}
    second = await api.get(address(out), params=query)

    assert first.headers["ETag"] != second.headers["ETag"]
    assert len(await first.read()) < len(await second.read())


async def test_what_is_not_published_yet_does_not_get_out(
    api: Client, live: Resources, out: Json
) -> None:
    query = {"format": "html", "min_position": str(out["position"])}
    before = await (await api.get(address(out), params=query)).read()
    after = await recorded(live, out, ReviseChapter(1, TEXT + "\n\nA draft."))
    query["min_position"] = str(after["position"])

    assert await (await api.get(address(out), params=query)).read() == before


async def test_a_textbook_of_which_nothing_is_published_says_so(api: Client) -> None:
    done = await asked(api)
    query = {"format": "epub", "min_position": str(done["position"])}
    answer = await api.get(address(done), params=query)
    body = await answer.json()

    assert (answer.status, body["code"]) == (409, "nothing-is-out")
    assert "publish it" in body["detail"]


@pytest.mark.parametrize("form", ["anki", "gift", "moodle"])
async def test_a_bank_of_no_questions_is_refused(api: Client, live: Resources, form: str) -> None:
    policy = to_builtins(replace(POLICY, questions_min=0))
    silent = [RecordQuiz(1, 1, ()) if isinstance(one, RecordQuiz) else one for one in made(1)]
    done = await recorded(
        live, await asked(api, policy=policy), RecordPlan(PLAN), *silent, PublishChapter(1)
    )
    query = {"format": form, "min_position": str(done["position"])}
    answer = await api.get(address(done), params=query)
    body = await answer.json()

    assert (answer.status, body["code"]) == (409, "nothing-is-asked")
    assert (await api.get(address(done), params=query | {"format": "epub"})).status == 200


@pytest.mark.parametrize("query", ["?format=", "?format=docx", "?format=pdf&format=epub"])
async def test_a_format_that_there_is_not_is_refused(api: Client, out: Json, query: str) -> None:
    assert (await api.get(address(out) + query)).status in {400, 422}


async def test_what_is_no_textbook_is_not_found(api: Client) -> None:
    assert (await api.get(f"{TEXTBOOKS}/nothing/export?format=epub")).status == 404


async def test_without_chromium_a_pdf_is_refused_with_what_to_do(
    api: Client, out: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    query = {"format": "pdf", "min_position": str(out["position"])}
    answer = await api.get(address(out), params=query)
    body = await answer.json()

    assert (answer.status, body["code"]) == (503, "no-chromium")
    assert "Install" in body["detail"]


def test_a_site_is_one_folder_with_the_docs_in_it() -> None:
    book = forces()
    with zipfile.ZipFile(io.BytesIO(FORMATS["docusaurus"].make(book))) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}

    own = {f"forces-and-motion/docs/{path}": data for path, data in docusaurus.files(book)}
    assert own.items() <= held.items()
    assert "forces-and-motion/package.json" in held
    assert all(name.startswith("forces-and-motion/") for name in held)


@pytest.fixture
def named(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL names a migrated database; no .env is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["export", "textbook", *arguments])


async def test_a_textbook_is_written_by_the_command_line(
    api: Client, database: Database, out: Json, named: None, tmp_path: Path
) -> None:
    into = tmp_path / "kept"
    into.mkdir()
    book = ("forces", "--tenant", "school", "--format", "epub", "--to")

    first = await run(*book, "kept")
    second = await run(*book, "new/book.epub")

    found = await published(database, SCHOOL, "forces")
    assert found is not None
    data = (await exported(found, "epub")).data
    assert (into / "forces.epub").read_bytes() == data
    assert (tmp_path / "new" / "book.epub").read_bytes() == data
    assert first.stdout == f"kept/forces.epub: {len(data):,} bytes.\n"
    assert second.stdout == f"new/book.epub: {len(data):,} bytes.\n"


async def test_the_command_line_says_what_is_in_the_way(api: Client, named: None) -> None:
    missing = await run("nothing", "--format", "epub", "--to", "x")
    done = await asked(api)
    early = await run(done["id"], "--tenant", "school", "--format", "epub", "--to", "x")
    odd = await run("forces", "--format", "docx", "--to", "x")

    assert (missing.exit_code, early.exit_code, odd.exit_code) == (1, 1, 2)
    assert missing.stderr.startswith("There is no such textbook")
    assert "Nothing of this textbook is published yet" in early.stderr
