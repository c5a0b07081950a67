"""Moving in for real: an old site's docs folder by the command, once, again, and at once."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from service.adopt.docusaurus import folder
from service.adopt.docusaurus.adopt import take
from service.adopt.docusaurus.book import OldTextbook, textbook_id
from service.cli import app
from service.database import Database
from service.http.token import tenant
from service.library.decider import SOURCE, Present, source_id
from service.log.append import GroupAppender
from service.log.handle import Log
from service.textbook.commands import ReviseChapter
from service.textbook.decider import TEXTBOOK, Textbook
from tests.adopt.old_site import BOOSTER, chapter, site, write
from tests.projection.histories import context

Project = Callable[[], Awaitable[None]]

DEFAULT = tenant("default")


@pytest.fixture
def named(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL names the database; no .env is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")


async def run(docs: Path, *arguments: str) -> Result:
    said = ["adopt", "docusaurus", str(docs), *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, said)


async def rows(docs: Path, *arguments: str) -> list[dict[str, Any]]:
    result = await run(docs, *arguments, "--json")
    return [json.loads(line) for line in result.stdout.splitlines()]


async def outcomes(docs: Path, *arguments: str) -> list[str]:
    return [row["outcome"] for row in await rows(docs, *arguments)]


async def head(database: Database) -> int:
    return int(await database.fetchval("SELECT position FROM log.head"))


def old(docs: Path) -> OldTextbook:
    documents = folder.read(docs).documents
    return OldTextbook("Pushes and pulls", "Physics", "All", "en", "ann", "/docs", documents)


def known(docs: Path) -> UUID:
    return textbook_id(DEFAULT, old(docs))


async def textbook(log: Log, docs: Path) -> Textbook:
    loaded = await log.load(TEXTBOOK, known(docs), DEFAULT)
    assert isinstance(loaded.state, Textbook)
    return loaded.state


async def source(log: Log, path: str) -> Present:
    at = source_id(DEFAULT, f"pushes-and-pulls/{path}")
    state = (await log.load(SOURCE, at, DEFAULT)).state
    assert isinstance(state, Present)
    return state


async def test_a_folder_becomes_sources_and_a_published_textbook(
    named: None, log: Log, database: Database, tmp_path: Path
) -> None:
    docs = site(tmp_path)

    result = await run(docs)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        *(
            f"adopted chapter-0{n}-push-{n}.md: chapter {n}, version 1: Push {n}"
            for n in range(1, 4)
        ),
        f"Pushes and pulls ({known(docs)}): 3 adopted",
    ]
    state = await textbook(log, docs)
    assert state.ready
    assert [each.published for each in state.chapters.values()] == [1, 1, 1]
    found = await source(log, "chapter-01-push-1.md")
    data = (docs / "chapter-01-push-1.md").read_bytes()
    assert found.file_sha256 == hashlib.sha256(data).hexdigest()
    assert (found.title, found.language) == ("Push 1", "en")
    came = await database.fetchrow(
        "SELECT metadata -> 'provenance' AS said, data ->> 'path' AS path FROM log.events"
        " WHERE stream_id = $1 AND type = 'chapter.published' ORDER BY version LIMIT 1",
        known(docs),
    )
    assert json.loads(bytes(came["said"])) == {
        "provider": "imported",
        "parameters": {"from": "docusaurus", "base_url": "https://old.example/book/docs"},
    }
    assert came["path"] == "chapter-01-push-1.md"
    assert await database.fetchval("SELECT count(*) FROM job.queue") == 0


async def test_rows_say_where_each_document_was_and_is(named: None, tmp_path: Path) -> None:
    docs = site(tmp_path)
    write(docs, {"logo.svg": "<svg/>"})

    first, *_, last = await rows(docs, "--base-url", "https://new.example/d/")

    data = (docs / "chapter-01-push-1.md").read_bytes()
    assert first == {
        "path": "chapter-01-push-1.md",
        "outcome": "adopted",
        "title": "Push 1",
        "chapter": 1,
        "version": 1,
        "slug": "chapter-01-push-1",
        "url": "https://new.example/d/chapter-01-push-1",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert (last["path"], last["outcome"]) == ("logo.svg", "skipped")


async def test_twice_changes_nothing(named: None, database: Database, tmp_path: Path) -> None:
    docs = site(tmp_path)
    await run(docs)
    before = await head(database)

    again = await run(docs)

    assert again.stdout.splitlines()[-1] == f"Pushes and pulls ({known(docs)}): 3 unchanged"
    assert await head(database) == before


async def test_an_edited_file_is_republished_and_its_source_replaced(
    named: None, log: Log, tmp_path: Path
) -> None:
    docs = site(tmp_path)
    await run(docs)
    before = await source(log, "chapter-02-push-2.md")
    write(docs, {"chapter-02-push-2.md": chapter(2, "Push 2", "## Pushing\n\nBetter.")})

    assert await outcomes(docs) == ["unchanged", "updated", "unchanged"]
    second = (await textbook(log, docs)).chapters[2]
    assert (len(second.versions), second.published) == (2, 2)
    assert second.versions[1].parts.markdown.startswith("## Pushing\n\nBetter.")
    assert (await source(log, "chapter-02-push-2.md")).sha256 != before.sha256
    assert await outcomes(docs) == ["unchanged"] * 3


async def test_a_chapter_that_a_person_edited_here_is_left(
    named: None, log: Log, tmp_path: Path
) -> None:
    docs = site(tmp_path)
    await run(docs)
    before = await source(log, "chapter-02-push-2.md")
    mine = ReviseChapter(2, "## Mine\n\nMine.")
    await log.handle(TEXTBOOK, known(docs), mine, context(DEFAULT))
    write(docs, {"chapter-02-push-2.md": chapter(2, "Push 2", "## Pushing\n\nBetter.")})

    result = await run(docs)

    assert result.exit_code == 0
    assert "kept chapter-02-push-2.md: chapter 2, version 2: Push 2: It was changed here" in (
        result.stderr
    )
    second = (await textbook(log, docs)).chapters[2]
    assert (len(second.versions), second.published) == (2, 1)
    assert await source(log, "chapter-02-push-2.md") == before


async def test_nothing_comes_where_one_file_is_refused(
    named: None, database: Database, tmp_path: Path
) -> None:
    docs = site(tmp_path)
    write(docs, {"broken.md": "---\ntitle: [\n---\nWords."})
    before = await head(database)

    result = await run(docs)

    assert result.exit_code == 1
    assert "refused broken.md: Its front matter is no YAML in line 2" in result.stderr
    assert "Files refused: 1; so nothing was changed." in result.stderr
    assert await head(database) == before
    (docs / "broken.md").unlink()
    assert await outcomes(docs) == ["adopted"] * 3


async def test_a_file_can_be_left_out(named: None, database: Database, tmp_path: Path) -> None:
    docs = site(tmp_path)
    write(docs, {"broken.md": "---\ntitle: [\n---\nWords."})

    unknown = await run(docs, "--without", "other.md")
    found = await outcomes(docs, "--without", "broken.md", "--without", "chapter-01-push-1.md")

    assert "--without names what is not in the folder: other.md." in unknown.stderr
    assert found == ["adopted", "adopted", "skipped", "skipped"]


async def test_a_path_that_the_library_cannot_have_is_refused(
    named: None, database: Database, tmp_path: Path
) -> None:
    docs = site(tmp_path)
    write(docs, {"a\\b.md": "# Push\n\nWords."})
    before = await head(database)

    found = {row["path"]: row for row in await rows(docs)}

    assert found["a\\b.md"]["outcome"] == "refused"
    assert "divided by /" in found["a\\b.md"]["reason"]
    assert await head(database) == before


async def test_a_chapter_that_is_but_its_parts_has_no_source(
    named: None, log: Log, database: Database, tmp_path: Path
) -> None:
    docs = site(tmp_path, count=1)
    write(docs, {"quiz.md": f"# Only\n\n{chapter(9, 'x').split('the other way.', 1)[1]}\n"})

    assert await outcomes(docs) == ["adopted", "adopted"]
    assert await database.fetchval("SELECT count(*) FROM log.events WHERE category = 'source'") == 1
    state = await textbook(log, docs)
    assert state.chapters[2].versions[0].parts.markdown == ""


async def test_only_to_say_changes_nothing(named: None, database: Database, tmp_path: Path) -> None:
    docs = site(tmp_path)
    before = await head(database)

    result = await run(docs, "--dry-run")

    assert result.stdout.splitlines()[-1].endswith("3 adopted (nothing was changed)")
    assert await head(database) == before


async def test_several_at_once_bring_everything_once(
    log: Log, database: Database, appender: GroupAppender, tmp_path: Path
) -> None:
    docs = site(tmp_path)

    reports = await asyncio.gather(
        *(take(Log(database, appender), old(docs), (), context(DEFAULT)) for _ in range(4))
    )

    outcome = sorted({row.outcome for row in report.rows} for report in reports)
    assert sorted(map(sorted, outcome)) == [["adopted"], *[["unchanged"]] * 3]
    counts = await database.fetch(
        "SELECT category, count(*) AS n FROM log.events GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in counts] == [("job", 2), ("source", 3), ("textbook", 21)]


async def test_killed_after_some_sources_it_is_completed(
    named: None, log: Log, database: Database, tmp_path: Path
) -> None:
    docs = site(tmp_path)

    class Killed(Log):
        """A log that takes one source, and then is no more."""

        async def append(self, *arguments: Any, **named: Any) -> Any:
            if await head(database) > 0:
                raise asyncio.CancelledError
            return await super().append(*arguments, **named)

    appender = GroupAppender(database.connect)
    with pytest.raises(asyncio.CancelledError):
        await take(Killed(database, appender), old(docs), (), context(DEFAULT))
    await appender.close()
    assert await head(database) == 1

    assert await outcomes(docs) == ["adopted"] * 3
    assert await database.fetchval("SELECT count(*) FROM log.events WHERE category = 'source'") == 3


async def test_tenants_have_each_their_own(named: None, log: Log, tmp_path: Path) -> None:
    docs = site(tmp_path)

    assert await outcomes(docs) == ["adopted"] * 3
    assert await outcomes(docs, "--tenant", "school") == ["adopted"] * 3
    loaded = await log.load(TEXTBOOK, textbook_id(tenant("school"), old(docs)), tenant("school"))
    assert isinstance(loaded.state, Textbook)


async def test_what_is_wrong_is_told_in_a_sentence(named: None, tmp_path: Path) -> None:
    nameless = write(tmp_path / "x" / "docs", {"one.md": "# One\n\nWords."})
    empty = tmp_path / "x" / "empty"
    empty.mkdir()
    docs = site(tmp_path)
    await run(docs)

    said = {
        "Neither --title nor a docusaurus.config": await run(nameless),
        "The folder has no document": await run(empty, "--title", "Empty"),
        "is here, from other files": await run(nameless, "--title", "Pushes and Pulls"),
        "is not a language": await run(docs, "--language", "Klingon!"),
        "Its title needs a letter or digit": await run(docs, "--title", "!"),
    }

    for sentence, result in said.items():
        assert sentence in result.stderr, result.output
        assert result.exit_code == 1
        assert "Traceback" not in result.output


async def test_remarks_are_told_and_do_not_hold_anything_back(
    named: None, log: Log, tmp_path: Path
) -> None:
    docs = site(tmp_path, count=1)
    text = chapter(1, "Push 1").replace("The motion of a thing", "The motion of a thing " * 4)
    write(docs, {"chapter-01-push-1.md": text})

    result = await run(docs)

    assert "  as it came: Question 1: the right option can be told by its length" in result.stdout
    assert (await textbook(log, docs)).chapters[1].published == 1
    assert BOOSTER not in (await textbook(log, docs)).chapters[1].versions[0].parts.markdown
