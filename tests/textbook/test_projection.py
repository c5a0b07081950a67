"""Textbooks as they are read: where they stand, their chapters, and the versions of these."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from service.database import Database
from service.job.decider import JOB as JOBS
from service.job.decider import Cancel, Create, Retry, Start
from service.log.handle import Log, Write
from service.textbook import views
from service.textbook.commands import (
    ArchiveTextbook,
    Command,
    FailChapter,
    GiveUp,
    PublishChapter,
    PublishTextbook,
    RecordChapter,
    RecordPlan,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.content import ChapterPlan
from service.textbook.decider import TEXTBOOK
from service.textbook.events import TextbookPlanned
from service.textbook.identity import chapter_id
from tests.projection.histories import TENANTS, context
from tests.textbook.histories import Shelf, request, shelf
from tests.textbook.pieces import ANEW, JOB, PLAN, TEXT, draft, made

Project = Callable[[], Awaitable[None]]
BETTER = TEXT + "\n\nAnd what is pulled comes near."
MADE = (RecordPlan(PLAN), *made(1), *made(2))


async def do(log: Log, at: Shelf, *commands: Command) -> None:
    for command in commands:
        await log.handle(TEXTBOOK, at.textbook, command, context(at.tenant))


async def begun(log: Log, *commands: Command, title: str = "Forces", slug: str = "") -> Shelf:
    at = shelf()
    await request(log, at, title, slug)
    await do(log, at, *commands)
    return at


async def row(database: Database, view: str, at: Shelf, **by: Any) -> dict[str, Any]:
    of = "id" if view == "textbooks" else "textbook_id"
    names = "".join(f" AND {name} = {value}" for name, value in by.items())
    query = f"SELECT * FROM read.{view} WHERE {of} = $1 {names}"  # noqa: S608 - names of our own
    found = await database.fetchrow(query, at.textbook)
    assert found is not None
    return dict(found)


async def chapter(database: Database, at: Shelf, number: int = 1) -> dict[str, Any]:
    return await row(database, "chapters", at, chapter_number=number)


async def test_textbooks_of_one_title_are_numbered_and_one_that_moved_here_brings_its_slug(
    log: Log, database: Database, projected: Project
) -> None:
    places = [await begun(log, title="Forces & motion") for _ in range(2)]
    places.append(await begun(log, title="Forces", slug="old-forces"))
    await projected()

    slugs = [(await row(database, "textbooks", at))["slug"] for at in places]

    assert slugs == ["forces-motion", "forces-motion--2", "old-forces"]


async def test_a_textbooks_status_follows_its_job_until_it_is_ready(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, RecordPlan(PLAN))
    statuses = []
    for command in (Start("w"), Cancel(), Retry(), Start("w")):
        await log.handle(JOBS, at.job, command, context(at.tenant))
        await projected()
        statuses.append((await row(database, "textbooks", at))["status"])
    await do(log, at, GiveUp("Chapter 2 has no quiz."))
    await projected()
    failed = await row(database, "textbooks", at)
    await log.handle(JOBS, at.job, Cancel(), context(at.tenant))
    await do(log, at, *made(1), *made(2))
    for command in (Retry(), Start("w")):
        await log.handle(JOBS, at.job, command, context(at.tenant))
    await projected()
    ready = await row(database, "textbooks", at)

    assert statuses == ["GENERATING", "FAILED", "QUEUED", "GENERATING"]
    assert (failed["status"], failed["error_message"]) == ("FAILED", "Chapter 2 has no quiz.")
    assert (ready["status"], ready["error_message"]) == ("READY", None)
    assert ready["generated_at"] is not None


async def test_a_chapter_is_listed_before_it_has_a_text(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, RecordPlan(PLAN))
    await projected()

    found = await chapter(database, at)

    assert (found["title"], found["status"], found["version"]) == ("Push and pull", "pending", 0)
    assert found["id"] == chapter_id(at.textbook, 1)


STEPS: tuple[tuple[tuple[Command, ...], tuple[object, ...]], ...] = (
    ((FailChapter(1, "Gone.", JOB),), ("failed", 0, 0, "Gone.", 0)),
    ((RecordChapter(draft(1), JOB),), ("generated", 1, 0, None, 0)),
    ((FailChapter(1, "No quiz.", JOB),), ("failed", 1, 0, "No quiz.", 0)),
    (made(1)[1:], ("validated", 1, 0, None, 0)),
    ((FailChapter(1, "Away.", ANEW),), ("validated", 1, 0, "Away.", 0)),
    ((PublishChapter(1),), ("published", 1, 1, "Away.", 0)),
    ((ReviseChapter(1, "## Push\n\nNo one did."),), ("validated", 2, 1, None, 0)),
    ((ReviseChapter(1, "## Push"),), ("failed", 3, 1, None, 1)),
    ((RollBackChapter(1, 2),), ("validated", 4, 1, None, 0)),
    ((PublishTextbook(),), ("published", 4, 4, None, 0)),
    (made(1, 5, ANEW)[:2], ("generated", 5, 4, None, 0)),
)
"""What happens to a chapter, and how it is read after that."""


@pytest.mark.parametrize("size", [1, 2, 3, 11])
async def test_a_chapters_status_is_that_of_its_latest_version_however_it_is_folded(
    size: int, log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, RecordPlan(PLAN))
    for start in range(0, len(STEPS), size):
        batch = STEPS[start : start + size]
        await do(log, at, *(command for commands, _ in batch for command in commands))
        await projected()
        found = await chapter(database, at)
        said = found["status"], found["version"], found["published_version"]
        assert (*said, found["error_message"], len(found["errors"])) == batch[-1][1]


async def test_every_version_is_kept_with_its_text_and_the_parts_of_its_base(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, *MADE)
    await do(log, at, ReviseChapter(1, BETTER), RollBackChapter(1, 1), *made(1, 4, ANEW))
    await do(log, at, ReviseChapter(1, BETTER, "Pull"), PublishChapter(1))
    await projected()

    found = await database.fetch(
        "SELECT version, origin, base, parts_version, title, markdown = $2 AS better, content_hash,"
        "       status, published_at IS NOT NULL AS published"
        "  FROM read.chapter_versions WHERE textbook_id = $1 AND chapter_number = 1 ORDER BY 1",
        at.textbook,
        BETTER,
    )

    one, two = sha256(TEXT.encode()).hexdigest(), sha256(BETTER.encode()).hexdigest()
    assert [tuple(each) for each in found] == [
        (1, "generated", 0, 1, "Push and pull", False, one, "validated", False),
        (2, "revised", 1, 1, "Push and pull", True, two, "validated", False),
        (3, "rolled-back", 1, 1, "Push and pull", False, one, "validated", False),
        (4, "generated", 0, 4, "Push and pull", False, one, "validated", False),
        (5, "revised", 4, 4, "Pull", True, two, "validated", True),
    ]


async def test_a_chapter_is_shown_with_the_parts_of_its_latest_version(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, *MADE, ReviseChapter(1, BETTER, "Pull"), PublishTextbook())
    await do(log, at, RecordChapter(draft(2), ANEW))
    await projected()

    first = await row(database, "v_chapters_full", at, chapter_number=1)
    second = await row(database, "v_chapters_full", at, chapter_number=2)

    assert (first["title"], first["markdown"], first["version"]) == ("Pull", BETTER, 2)
    assert (first["takeaways"], first["published_version"]) == (["A force is a push or a pull."], 2)
    assert bytes(first["questions"]).count(b'"correct_index"') == 1
    assert bytes(first["boosters"]).count(b'"section_ref"') == 2
    assert b"no comparison" in bytes(first["refused_boosters"])
    assert first["docusaurus_url"] == "/docs/forces/push-and-pull"
    assert (second["version"], second["published_version"], second["status"]) == (2, 1, "generated")
    assert (second["takeaways"], bytes(second["questions"])) == (None, b"[]")
    assert second["markdown_path"] == "02-motion.md"


async def test_what_is_out_is_told_with_the_versions_that_readers_have(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, *MADE)
    await projected()
    nothing = await views.published(database, at.tenant, at.textbook)
    await do(log, at, PublishTextbook(), ReviseChapter(1, BETTER))
    await projected()
    book = await views.published(database, at.tenant, "forces")

    assert nothing is None
    assert book is not None
    assert book == await views.published(database, at.tenant, at.textbook)
    assert await views.published(database, TENANTS[1], at.textbook) is None
    first, second = book.chapters
    assert (book.id, book.slug, book.title, book.version) == (at.textbook, "forces", "Forces", 19)
    assert (first.number, first.version, first.markdown) == (1, 1, TEXT)
    assert (first.id, first.path) == (chapter_id(at.textbook, 1), "01-push-and-pull.md")
    assert (first.takeaways, len(first.questions), len(first.boosters)) == (
        ("A force is a push or a pull.",), 1, 2,
    )  # fmt: skip
    assert (second.description, second.word_count) == ("What follows.", 6)
    assert book.published_at == max(each.published_at for each in book.chapters)


async def test_an_archived_textbook_says_so(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, *MADE, ArchiveTextbook())
    await projected()

    found = await row(database, "textbooks", at)

    assert found["archived_at"] is not None
    assert (found["status"], found["chapters_total"]) == ("READY", 2)


async def test_the_audit_tells_what_people_did_and_leaves_out_what_jobs_did(
    log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, RecordPlan(PLAN))
    worker = replace(context(at.tenant), actor="worker:w")
    for command in made(1):
        await log.handle(TEXTBOOK, at.textbook, command, worker)
    await do(log, at, ReviseChapter(1, BETTER), RollBackChapter(1, 1), PublishChapter(1))
    again = Create("chapter", at.textbook, "ann", number=1)
    await log.handle(JOBS, uuid4(), again, context(at.tenant))
    await projected()

    told = await database.fetch(
        "SELECT action, category, detail FROM read.v_audit WHERE tenant_id = $1 ORDER BY position",
        at.tenant,
    )

    assert [tuple(each) for each in told] == [
        ("textbook.requested", "textbook", None),
        ("chapter.revised", "textbook", "chapter 1"),
        ("chapter.rolled-back", "textbook", "chapter 1"),
        ("chapter.published", "textbook", "chapter 1"),
        ("job.created", "job", "chapter 1"),
    ]


async def test_a_days_usage_counts_textbooks_and_chapters(
    log: Log, database: Database, projected: Project
) -> None:
    await begun(log, *MADE, *made(1, 2, ANEW), PublishTextbook())
    at = await begun(log, GiveUp("No sources."))
    await projected()

    [day] = await database.fetch(
        "SELECT textbooks_requested, textbooks_ready, textbooks_failed, chapters_generated,"
        "       chapters_published FROM read.v_usage_daily WHERE tenant_id = $1",
        at.tenant,
    )

    assert tuple(day) == (2, 1, 1, 3, 2)


@pytest.mark.parametrize("folds", [1, 2])
async def test_a_textbook_that_is_planned_further_has_more_chapters(
    folds: int, log: Log, database: Database, projected: Project
) -> None:
    at = await begun(log, *MADE)
    if folds > 1:
        await projected()
    more = TextbookPlanned((*PLAN.chapters, ChapterPlan("Energy", "Work.", ())))
    stands = (await log.load(TEXTBOOK, at.textbook, at.tenant)).version
    await log.append(context(at.tenant), Write(TEXTBOOK, at.textbook, stands, [more]))
    await projected()

    first, third = [await chapter(database, at, number) for number in (1, 3)]

    assert (first["status"], first["version"]) == ("validated", 1)
    assert (third["title"], third["status"]) == ("Energy", "pending")
    assert (await row(database, "textbooks", at))["chapters_total"] == 3
